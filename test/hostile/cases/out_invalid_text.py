# tries: output that is no text
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os
os.write(1, b"\xff\xfe\xed\xa0\x80 HELD \xc0\xaf\n")
