# tries: memory in a file without a name
# full: stopped
# no-landlock: stopped
# lambda: open: the function's memory limit

import os
try:
    os.memfd_create("hidden")
    print("REACHED")
except OSError as error:
    print("HELD", error)
