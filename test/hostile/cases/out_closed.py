# tries: close all that it has
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os
os.write(1, b"HELD\n")
os.closerange(0, 64)
