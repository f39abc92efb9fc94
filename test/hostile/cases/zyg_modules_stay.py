# tries: change a module that its parent has loaded, for the next run
# full: stopped
# no-landlock: stopped
# lambda: stopped

import json, random
json.loads = lambda *_: print("REACHED")
random.random = lambda: 4
print("HELD", random.random())
