# tries: listen on every interface
# full: stopped
# no-landlock: stopped
# lambda: open: nothing reaches a function from outside

import importlib, socket
importlib.reload(socket)  # our refusal in Python is advice, and this undoes it
try:
    server = socket.socket()
    server.bind(("0.0.0.0", 0))
    server.listen()
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
