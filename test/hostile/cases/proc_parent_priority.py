# tries: set the executor's priority (to what it is)
# full: stopped
# no-landlock: stopped
# lambda: open: the environment is replaced after a run that harmed it

import os
try:
    os.setpriority(os.PRIO_PROCESS, os.getppid(), os.getpriority(os.PRIO_PROCESS, os.getppid()))
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
