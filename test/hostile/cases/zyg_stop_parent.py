# tries: stop the process that it was forked from, so that nobody tells how the run ended
# full: stopped
# no-landlock: stopped
# lambda: open: the parent is replaced after the run
# ends: ok error

import os, signal
try:
    os.kill(os.getppid(), signal.SIGSTOP)
    print("REACHED")
except OSError as error:
    print("HELD", error)
