# tries: see what others left in the temporary folder of the system
# full: stopped
# no-landlock: open: /tmp is one user's and wiped
# lambda: open: /tmp is one user's and wiped

import os
try:
    os.listdir("/tmp")
    print("REACHED")
except OSError as error:
    print("HELD", error)
