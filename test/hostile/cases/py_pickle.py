# tries: a pickle that reads a file when it is loaded
# full: stopped
# no-landlock: open: the function's user owns no file that matters
# lambda: open: the function's user owns no file that matters

import json, pickle
class Payload:
    def __reduce__(self):
        return open, (json.load(open("bait.json"))["outside"] + "/secret.txt",)
try:
    print("REACHED", pickle.loads(pickle.dumps(Payload())).read())
except PermissionError as error:
    print("HELD", error)
