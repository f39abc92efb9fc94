# tries: send the process that it was forked from a signal (none that does harm)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import os
try:
    os.kill(os.getppid(), 0)
    print("REACHED")
except OSError as error:
    print("HELD", error)
