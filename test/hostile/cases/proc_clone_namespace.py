# tries: start a child in a user namespace
# full: stopped
# no-landlock: stopped
# lambda: stopped

import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 56, "aarch64": 220}[platform.machine()]
got = libc.syscall(ctypes.c_long(number), ctypes.c_long(0x10000000 | 17), 0, 0, 0, 0)
if got == 0:
    os._exit(0)
print("REACHED" if got > 0 else "HELD", os.strerror(ctypes.get_errno()))
