# tries: send the executor a signal (none that does harm)
# full: stopped
# no-landlock: stopped
# lambda: open: the user's own invocation fails; Lambda starts a new environment

import os
try:
    os.kill(os.getppid(), 0)
    print("REACHED")
except OSError as error:
    print("HELD", error)
