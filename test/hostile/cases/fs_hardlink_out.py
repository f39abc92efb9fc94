# tries: hand out the executor's file by a second name
# full: stopped
# no-landlock: stopped
# lambda: stopped

import json, os
try:
    os.link(json.load(open("bait.json"))["outside"] + "/secret.txt", "stolen.txt")
except OSError as error:
    print(error)
print("HELD if the file does not come out")
