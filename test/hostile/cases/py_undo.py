# tries: take its own restrictions off, then connect
# full: stopped
# no-landlock: stopped
# lambda: open: subnets without a route

import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 0, 0, 0, 0)
allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
libc.prctl(22, 2, struct.pack("H6xQ", 1, ctypes.addressof(allow)))
print("REACHED" if libc.socket(2, 1, 0) >= 0 else "HELD")
