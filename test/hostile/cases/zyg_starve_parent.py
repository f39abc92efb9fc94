# tries: leave its parent one open file, so that it cannot serve the next run
# full: stopped
# no-landlock: stopped
# lambda: open: the parent is replaced after the run

import os, resource
try:
    resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (4, 4))
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
