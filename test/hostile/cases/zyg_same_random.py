# tries: get the random numbers of the run before
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os, random
# A parent that was seeded once would give every run the same ones: here, those of two children of ours.
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, repr(random.random()).encode())
    os._exit(0)
os.wait()
print("REACHED" if os.read(read, 99).decode() == repr(random.random()) else "HELD")
