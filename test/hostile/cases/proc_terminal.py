# tries: type into a terminal
# full: stopped
# no-landlock: stopped
# lambda: stopped

import fcntl
for number in range(3):
    try:
        fcntl.ioctl(number, 0x5412, b"x")
        print("REACHED")
    except OSError as error:
        print("HELD", error)
