# tries: keep something in the kernel's keyring
# full: stopped
# no-landlock: stopped
# lambda: stopped

import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 250, "aarch64": 219}[platform.machine()]
got = libc.syscall(number, 0, -3, 1)
print("REACHED" if got >= 0 else "HELD", os.strerror(ctypes.get_errno()))
