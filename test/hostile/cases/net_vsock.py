# tries: a socket to the host of the virtual machine
# full: stopped
# no-landlock: stopped
# lambda: open: nothing in a Lambda listens there

import socket
try:
    socket.socket(40, socket.SOCK_STREAM)
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
except OSError as error:
    print("REACHED as far as this system has them:", error)
