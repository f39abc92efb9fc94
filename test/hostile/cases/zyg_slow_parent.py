# tries: give its parent the lowest priority
# full: stopped
# no-landlock: stopped
# lambda: open: the parent is replaced after the run

import os
try:
    os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
