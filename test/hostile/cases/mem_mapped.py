# tries: memory that is mapped and shared
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: memory error killed

import mmap
kept = []
while True:
    part = mmap.mmap(-1, 64 << 20)
    for offset in range(0, 64 << 20, 4096):
        part[offset] = 1
    kept.append(part)
