# tries: an IPv6 socket
# full: stopped
# no-landlock: stopped
# lambda: open: subnets without a route

import socket
try:
    socket.socket(socket.AF_INET6)
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
except OSError as error:
    print("REACHED as far as this system has IPv6:", error)
