# tries: write a file that the next run would meet
# full: stopped
# no-landlock: open: the file system is read-only except /tmp, which is one user's and wiped
# lambda: open: the file system is read-only except /tmp, which is one user's and wiped

import json, os
path = json.load(open("bait.json"))["outside"] + "/planted"
try:
    open(path, "w").close()
    os.unlink(path)
    print("REACHED")
except OSError as error:
    print("HELD", error)
