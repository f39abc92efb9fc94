# tries: files that have no name any more
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: disk

import os, time
kept = []
for number in range(6):
    kept.append(open("hidden", "wb", 0))
    kept[-1].write(bytes(5 << 20))
    os.unlink("hidden")
time.sleep(10)
