# tries: never come back from C
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: timeout
# seconds: 0.7

import re
re.match(r"(a+)+$", "a" * 60 + "b")
