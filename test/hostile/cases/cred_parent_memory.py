# tries: read the memory of the process that it was forked from, and look for a secret
# full: stopped
# no-landlock: stopped
# lambda: stopped
# through: ptrace

import os, re
pid, found = os.getppid(), None
try:
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            start, end = (int(part, 16) for part in span.split("-"))
            if "rw" not in rights or end - start > 64 << 20:
                continue
            try:
                memory.seek(start)
                found = found or re.search(rb"CANARY-[0-9a-f]{24}", memory.read(end - start))
            except OSError:
                pass
    print("REACHED" if found else "HELD")
except OSError as error:
    print("HELD", error)
