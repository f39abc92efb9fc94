# tries: let the kernel send the signals of a pipe to the executor
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import json, fcntl, os
EXECUTOR = json.load(open("bait.json"))["executor"]
read, write = os.pipe()
try:
    fcntl.fcntl(read, fcntl.F_SETOWN, EXECUTOR)
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
