# tries: make its parent the first to be killed when memory ends (value as it is)
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import os
path = f"/proc/{os.getppid()}/oom_score_adj"
try:
    with open(path, "r+") as file:
        value = file.read()
        file.seek(0)
        file.write(value)
    print("REACHED")
except OSError as error:
    print("HELD", error)
