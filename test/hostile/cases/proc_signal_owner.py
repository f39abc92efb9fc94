# tries: let the kernel send the signals of a pipe to its parent
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import fcntl, os
read, write = os.pipe()
try:
    fcntl.fcntl(read, fcntl.F_SETOWN, os.getppid())
    print("REACHED")
except PermissionError as error:
    print("HELD", error)
