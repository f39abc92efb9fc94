# tries: open the open files of the process that it was forked from again through /proc
# full: stopped
# no-landlock: stopped
# lambda: open: the executor holds no secret
# through: ptrace

import os
folder, found = f"/proc/{os.getppid()}/fd", []
try:
    for name in os.listdir(folder):
        try:
            found.append(os.readlink(f"{folder}/{name}"))
        except OSError:
            pass
except OSError as error:
    print("HELD", error)
print("REACHED" if found else "HELD", found)
