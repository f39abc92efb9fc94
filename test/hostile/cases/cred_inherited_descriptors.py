# tries: use a descriptor that the executor left open
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os, stat
found = []
for number in range(3, 256):
    try:
        found.append((number, stat.filemode(os.fstat(number).st_mode), os.readlink(f"/proc/self/fd/{number}")))
    except OSError:
        pass
found = [entry for entry in found if not entry[2].endswith("/main.py")]
print("REACHED" if found else "HELD", found)
