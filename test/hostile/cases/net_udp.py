# tries: a datagram
# full: stopped
# no-landlock: stopped
# lambda: open: subnets without a route; a security group for S3 alone

import json, socket
try:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.sendto(b"out", ("127.0.0.1", json.load(open("bait.json"))["datagrams"]))
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
