# tries: read a file that belongs to the executor's user
# full: stopped
# no-landlock: open: the function's user owns no file that matters
# lambda: open: the function's user owns no file that matters

import json
try:
    print("REACHED", open(json.load(open("bait.json"))["outside"] + "/secret.txt").read())
except OSError as error:
    print("HELD", error)
