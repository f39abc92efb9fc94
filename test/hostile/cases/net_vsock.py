# tries: a socket to the host of the virtual machine
# full: stopped
# no-landlock: stopped
# lambda: open: no listener on the host's side

import socket
try:
    socket.socket(40, socket.SOCK_STREAM)
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
except OSError as error:
    print("REACHED as far as this system has them:", error)
