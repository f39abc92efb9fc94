# tries: set its parent's priority (to what it is)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import os
try:
    os.setpriority(os.PRIO_PROCESS, os.getppid(), os.getpriority(os.PRIO_PROCESS, os.getppid()))
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
