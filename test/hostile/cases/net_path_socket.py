# tries: connect to a unix socket that everybody may write to (docker.sock, a session bus)
# full: stopped
# no-landlock: stopped
# lambda: open: nothing in a Lambda listens there

import json, socket
try:
    socket.socket(socket.AF_UNIX).connect(json.load(open("bait.json"))["socket"])
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
