# tries: overwrite its parent's heap, so that the next run starts from garbage
# full: stopped
# no-landlock: stopped
# lambda: open: the parent is replaced after the run
# ends: ok error
# through: ptrace

import os
spoiled = 0
try:
    with open(f"/proc/{os.getppid()}/maps") as maps, open(f"/proc/{os.getppid()}/mem", "r+b", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            start, end = (int(part, 16) for part in span.split("-"))
            if "rw" in rights and "[heap]" in line:
                memory.seek(start)
                spoiled += memory.write(b"\xff" * min(end - start, 1 << 20))
    print("REACHED" if spoiled else "HELD")
except OSError as error:
    print("HELD", error)
