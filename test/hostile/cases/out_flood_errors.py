# tries: error output without end and without a line's end
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: timeout
# seconds: 0.7

import sys
while True:
    sys.stderr.write("x" * 4096)
