# tries: open the memory of the process that it was forked from for writing
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user; answers are read as hostile
# through: ptrace

import os
try:
    open(f"/proc/{os.getppid()}/mem", "r+b", 0).close()
    print("REACHED")
except OSError as error:
    print("HELD", error)
