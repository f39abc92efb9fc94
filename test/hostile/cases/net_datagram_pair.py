# tries: send from a connected pair of datagram sockets to somebody else's address
# full: stopped
# no-landlock: stopped
# lambda: open: nothing in a Lambda listens there

import json, socket
try:
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    pair[0].sendto(b"out", json.load(open("bait.json"))["datagram_socket"])
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
