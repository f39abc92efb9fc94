# tries: hand out a link to the executor's file
# full: stopped
# no-landlock: stopped
# lambda: stopped

import json, os
os.symlink(json.load(open("bait.json"))["outside"] + "/secret.txt", "stolen.txt")
os.symlink("/etc/passwd", "passwd.txt")
print("HELD if the file does not come out")
