# tries: make a device of the disk
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os, stat
try:
    os.mknod("disk", 0o600 | stat.S_IFBLK, os.makedev(254, 0))
    print("REACHED")
except OSError as error:
    print("HELD", error)
