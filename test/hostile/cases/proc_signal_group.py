# tries: send the executor's process group a signal (none that does harm)
# full: stopped
# no-landlock: stopped
# lambda: open: the user's own invocation fails; Lambda starts a new environment

import os
try:
    os.killpg(os.getpgid(os.getppid()), 0)
    print("REACHED")
except OSError as error:
    print("HELD", error)
