# tries: memory that belongs to no process (System V)
# full: stopped
# no-landlock: stopped
# lambda: open: the function's memory limit

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
got = libc.shmget(0, 4096, 0o1600)
if got >= 0:
    libc.shmctl(got, 0, None)
print("REACHED" if got >= 0 else "HELD", os.strerror(ctypes.get_errno()))
