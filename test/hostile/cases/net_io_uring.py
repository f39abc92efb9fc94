# tries: a ring through which calls pass no filter
# full: stopped
# no-landlock: stopped
# lambda: stopped

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
got = libc.syscall(425, 4, ctypes.create_string_buffer(256))
print("REACHED" if got >= 0 else "HELD", os.strerror(ctypes.get_errno()))
