# tries: choose the executor's processors (those that it has)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import json, os
EXECUTOR = json.load(open("bait.json"))["executor"]
try:
    os.sched_setaffinity(EXECUTOR, os.sched_getaffinity(EXECUTOR))
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
