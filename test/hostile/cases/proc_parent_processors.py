# tries: choose its parent's processors (those that it has)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import os
try:
    os.sched_setaffinity(os.getppid(), os.sched_getaffinity(os.getppid()))
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
