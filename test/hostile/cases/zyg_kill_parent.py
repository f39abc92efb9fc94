# tries: kill the process that it was forked from, and go on
# full: stopped
# no-landlock: stopped
# lambda: open: the parent is replaced after the run
# ends: ok error

import os, signal, time
try:
    os.kill(os.getppid(), signal.SIGKILL)
    print("REACHED")
except OSError as error:
    print("HELD", error)
