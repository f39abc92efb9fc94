# tries: (the run after that one) find the change
# full: stopped
# no-landlock: stopped
# lambda: stopped

import json, random
print("REACHED" if random.random() == 4 or json.loads("1") != 1 else "HELD")
