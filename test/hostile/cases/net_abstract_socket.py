# tries: connect to an abstract unix socket
# full: stopped
# no-landlock: stopped
# lambda: open: nothing in a Lambda listens there

import json, socket
try:
    socket.socket(socket.AF_UNIX).connect("\0" + json.load(open("bait.json"))["abstract"])
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
