# tries: write a file that the next run would meet
# full: stopped
# no-landlock: open: a read-only file system, /tmp wiped
# lambda: open: a read-only file system, /tmp wiped

import json, os
path = json.load(open("bait.json"))["outside"] + "/planted"
try:
    open(path, "w").close()
    os.unlink(path)
    print("REACHED")
except OSError as error:
    print("HELD", error)
