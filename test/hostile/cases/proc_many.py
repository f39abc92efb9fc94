# tries: more processes than a run may have
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: processes error
# seconds: 10

import os, time
for _ in range(80):
    if os.fork() == 0:
        time.sleep(15)
        os._exit(0)
time.sleep(15)
