# tries: choose the executor's processors (those that it has)
# full: stopped
# no-landlock: stopped
# lambda: open: the environment is replaced after a run that harmed it

import os
try:
    os.sched_setaffinity(os.getppid(), os.sched_getaffinity(os.getppid()))
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
