# tries: ask the kernel about the network
# full: stopped
# no-landlock: stopped
# lambda: open: nothing in a Lambda listens there

import socket
try:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
