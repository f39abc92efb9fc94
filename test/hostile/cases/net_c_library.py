# tries: a socket without Python's module
# full: stopped
# no-landlock: stopped
# lambda: open: subnets without a route

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
got = libc.socket(2, 1, 0)
print("REACHED" if got >= 0 else "HELD", os.strerror(ctypes.get_errno()))
