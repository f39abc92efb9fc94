# tries: send the executor's process group a signal (none that does harm)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import os
try:
    os.killpg(os.getpgid(os.getppid()), 0)
    print("REACHED")
except OSError as error:
    print("HELD", error)
