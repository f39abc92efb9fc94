# tries: let the kernel send the signals of a pipe to the executor
# full: stopped
# no-landlock: stopped
# lambda: open: the user's own invocation fails; Lambda starts a new environment

import fcntl, os
read, write = os.pipe()
try:
    fcntl.fcntl(read, fcntl.F_SETOWN, os.getppid())
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
