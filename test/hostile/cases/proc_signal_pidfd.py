# tries: signal the executor through a descriptor
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
pidfd = libc.syscall(434, os.getppid(), 0)
got = libc.syscall(424, pidfd, 0, None, 0) if pidfd >= 0 else -1
print("REACHED" if got == 0 else "HELD", os.strerror(ctypes.get_errno()))
