# tries: read the executor's command line
# full: stopped
# no-landlock: open: the executor holds no secret
# lambda: open: the executor holds no secret

import os
try:
    print("REACHED" if open(f"/proc/{os.getppid()}/cmdline", "rb").read() else "HELD")
except OSError as error:
    print("HELD", error)
