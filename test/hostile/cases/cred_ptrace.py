# tries: attach to the executor as a debugger
# full: stopped
# no-landlock: stopped
# lambda: stopped

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
got = libc.ptrace(0x4206, os.getppid(), 0, 0)
print("REACHED" if got == 0 else "HELD", os.strerror(ctypes.get_errno()))
