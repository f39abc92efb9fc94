# tries: spin in several processes
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: timeout
# seconds: 0.7

import os
for _ in range(3):
    os.fork()
while True:
    pass
