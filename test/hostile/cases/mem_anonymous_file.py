# tries: memory in a file without a name
# full: stopped
# no-landlock: stopped
# lambda: open: counted by the function's own memory limit

import os
try:
    os.memfd_create("hidden")
    print("REACHED")
except OSError as error:
    print("HELD", error)
