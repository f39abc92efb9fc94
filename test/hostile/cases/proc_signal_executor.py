# tries: send the executor a signal (none that does harm)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import json, os
EXECUTOR = json.load(open("bait.json"))["executor"]
try:
    os.kill(EXECUTOR, 0)
    print("REACHED")
except OSError as error:
    print("HELD", error)
