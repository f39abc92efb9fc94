# tries: open the executor's open files again through /proc
# full: stopped
# no-landlock: stopped
# lambda: open: the executor holds no secret
# through: ptrace

import json, os
EXECUTOR = json.load(open("bait.json"))["executor"]
folder, found = f"/proc/{EXECUTOR}/fd", []
try:
    for name in os.listdir(folder):
        try:
            found.append(os.readlink(f"{folder}/{name}"))
        except OSError:
            pass
except OSError as error:
    print("HELD", error)
print("REACHED" if found else "HELD", found)
