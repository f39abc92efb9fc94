# tries: connect a connected pair of stream sockets to somebody else
# full: stopped
# no-landlock: stopped
# lambda: stopped

import json, socket
try:
    pair = socket.socketpair()
    pair[0].connect(json.load(open("bait.json"))["socket"])
    print("REACHED")
except OSError as error:
    print("HELD", error)
