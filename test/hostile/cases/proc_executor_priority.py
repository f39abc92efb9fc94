# tries: set the executor's priority (to what it is)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import json, os
EXECUTOR = json.load(open("bait.json"))["executor"]
try:
    os.setpriority(os.PRIO_PROCESS, EXECUTOR, os.getpriority(os.PRIO_PROCESS, EXECUTOR))
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
