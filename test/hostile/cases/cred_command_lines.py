# tries: read the executor's command line
# full: stopped
# no-landlock: open: command lines of the executor carry no secret
# lambda: open: command lines of the executor carry no secret

import os
try:
    print("REACHED" if open(f"/proc/{os.getppid()}/cmdline", "rb").read() else "HELD")
except OSError as error:
    print("HELD", error)
