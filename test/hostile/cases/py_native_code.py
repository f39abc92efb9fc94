# tries: machine code of its own
# full: stopped
# no-landlock: stopped
# lambda: open: subnets without a route

import ctypes, mmap, platform, struct
if platform.machine() == "x86_64":
    code = bytes.fromhex("b829000000bf02000000be0100000031d20f05c3")
else:
    code = struct.pack("<6I", 0xD28018C8, 0xD2800040, 0xD2800021, 0xD2800002, 0xD4000001, 0xD65F03C0)
page = mmap.mmap(-1, 4096, prot=7)
page.write(code)
call = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
got = call()
print("REACHED" if got >= 0 else "HELD", got)
