# tries: all descriptors
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os
kept = []
try:
    while True:
        kept.append(os.dup(0))
except OSError as error:
    print("HELD" if len(kept) < 5000 else "REACHED", error)
