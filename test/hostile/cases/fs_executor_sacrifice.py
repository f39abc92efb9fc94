# tries: make the executor the first to be killed when memory ends (value as it is)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import json, os
EXECUTOR = json.load(open("bait.json"))["executor"]
path = f"/proc/{EXECUTOR}/oom_score_adj"
try:
    with open(path, "r+") as file:
        value = file.read()
        file.seek(0)
        file.write(value)
    print("REACHED")
except OSError as error:
    print("HELD", error)
