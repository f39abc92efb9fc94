# tries: set the executor's limits (to what they are)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import json, os, resource
EXECUTOR = json.load(open("bait.json"))["executor"]
try:
    limits = resource.prlimit(EXECUTOR, resource.RLIMIT_NOFILE)
    resource.prlimit(EXECUTOR, resource.RLIMIT_NOFILE, limits)
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
