# tries: change times and size of the executor's files without opening them (to what they are)
# full: stopped
# no-landlock: open: the function's user owns no file that matters
# lambda: open: the function's user owns no file that matters

import json, os
path = json.load(open("bait.json"))["outside"] + "/secret.txt"
try:
    os.truncate(path, os.stat(path).st_size)
    print("REACHED")
except OSError as error:
    print("HELD", error)
