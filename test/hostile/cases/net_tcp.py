# tries: a TCP connection
# full: stopped
# no-landlock: stopped
# lambda: open: subnets without a route

import importlib, json, socket
importlib.reload(socket)  # our refusal in Python is advice, and this undoes it
try:
    socket.create_connection(("127.0.0.1", json.load(open("bait.json"))["port"]), 3).close()
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
