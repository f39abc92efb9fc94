# tries: set its parent's limits (to what they are)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import os, resource
try:
    limits = resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)
    resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, limits)
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
