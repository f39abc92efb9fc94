# tries: take a descriptor of the executor's by pidfd_getfd
# full: stopped
# no-landlock: stopped
# lambda: open: the executor holds no secret
# through: ptrace

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
pidfd = libc.syscall(434, os.getppid(), 0)
taken = libc.syscall(438, pidfd, 0, 0) if pidfd >= 0 else -1
print("REACHED" if taken >= 0 else "HELD", os.strerror(ctypes.get_errno()))
