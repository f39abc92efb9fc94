# tries: open the executor's memory for writing
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user; answers are read as hostile
# through: ptrace

import json, os
EXECUTOR = json.load(open("bait.json"))["executor"]
try:
    open(f"/proc/{EXECUTOR}/mem", "r+b", 0).close()
    print("REACHED")
except OSError as error:
    print("HELD", error)
