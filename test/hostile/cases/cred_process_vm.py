# tries: read the executor's memory by process_vm_readv
# full: stopped
# no-landlock: stopped
# lambda: stopped

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(8)
class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
part = Part(ctypes.addressof(buffer), 8)
got = libc.process_vm_readv(os.getppid(), ctypes.byref(part), 1, ctypes.byref(part), 1, 0)
error = ctypes.get_errno()
print("HELD" if got < 0 and error in (1, 38) else "REACHED", got, error)
