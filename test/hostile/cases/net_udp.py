# tries: a datagram
# full: stopped
# no-landlock: stopped
# lambda: open: subnets without a route

import importlib, json, socket
importlib.reload(socket)  # our refusal in Python is advice, and this undoes it
try:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.sendto(b"out", ("127.0.0.1", json.load(open("bait.json"))["datagrams"]))
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
