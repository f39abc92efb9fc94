# tries: signal the executor by a thread's id
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
got = libc.tgkill(os.getppid(), os.getppid(), 0)
print("REACHED" if got == 0 else "HELD", os.strerror(ctypes.get_errno()))
