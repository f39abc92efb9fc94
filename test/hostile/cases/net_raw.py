# tries: raw packets
# full: stopped
# no-landlock: stopped
# lambda: stopped

import socket
for family, kind, protocol in ((socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_PACKET, socket.SOCK_RAW, 3)):
    try:
        socket.socket(family, kind, protocol)
        print("REACHED")
    except PermissionError as error:
        print("HELD", error)
