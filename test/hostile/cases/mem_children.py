# tries: memory in processes that each stay below the limit
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: memory error killed

import os, time
for _ in range(8):
    if os.fork() == 0:
        kept = bytearray(b"x") * (128 << 20)
        time.sleep(10)
        os._exit(0)
time.sleep(10)
