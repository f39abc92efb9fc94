# tries: put a link to the executor's folder in the place of its own
# full: stopped
# no-landlock: stopped
# lambda: stopped

import json, os
outside = json.load(open("bait.json"))["outside"]
try:
    os.rename(os.getcwd(), os.getcwd() + "-moved")
    os.symlink(outside, os.path.dirname(os.getcwd()) + "/work")
except OSError as error:
    print(error)
print("HELD if the file does not come out")
