# tries: the same call by the numbers of another kind of program
# full: stopped
# no-landlock: stopped
# lambda: stopped

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
got = [libc.syscall(ctypes.c_long(0x40000000 + number), 2, 1, 0) for number in (41, 198)]
print("REACHED" if max(got) >= 0 else "HELD", os.strerror(ctypes.get_errno()))
