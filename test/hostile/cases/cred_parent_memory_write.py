# tries: open the executor's memory for writing
# full: stopped
# no-landlock: stopped
# lambda: open: tenant isolation; the worker treats the answer as hostile
# through: ptrace

import os
try:
    open(f"/proc/{os.getppid()}/mem", "r+b", 0).close()
    print("REACHED")
except OSError as error:
    print("HELD", error)
