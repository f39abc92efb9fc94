# tries: see what others left in the temporary folder of the system
# full: stopped
# no-landlock: open: a read-only file system, /tmp wiped
# lambda: open: a read-only file system, /tmp wiped

import os
try:
    os.listdir("/tmp")
    print("REACHED")
except OSError as error:
    print("HELD", error)
