# tries: become root in a user namespace
# full: stopped
# no-landlock: stopped
# lambda: stopped

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
got = libc.unshare(0x10000000)
print("REACHED" if got == 0 else "HELD", os.strerror(ctypes.get_errno()))
