# does: memory that processes share

from multiprocessing import Lock, Value, shared_memory
block = shared_memory.SharedMemory(create=True, size=100)
block.buf[0] = 7
assert block.buf[0] == 7
block.close()
block.unlink()
value = Value("i", 3)
with Lock(), value:
    assert value.value == 3
print("WORKS")
