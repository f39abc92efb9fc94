# tries: write over its own code in memory, then connect
# full: stopped
# no-landlock: stopped
# lambda: open: subnets without a route

import ctypes, os
libc = ctypes.CDLL(None)
address = ctypes.cast(libc.getppid, ctypes.c_void_p).value
try:
    with open("/proc/self/mem", "r+b", 0) as memory:
        memory.seek(address)
        old = memory.read(4)
        memory.seek(address)
        memory.write(old)
except PermissionError as error:
    print(error)
print("REACHED" if libc.socket(2, 1, 0) >= 0 else "HELD")
