# tries: pin its parent, and so every later run, to one processor
# full: stopped
# no-landlock: stopped
# lambda: open: the parent is replaced after the run

import os
try:
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(os.getppid(), {min(mine)})
    # With one processor there is nothing to take away; that it was allowed is what counts.
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
