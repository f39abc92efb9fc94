# tries: keep the output open after the program has ended
# full: stopped
# no-landlock: stopped
# lambda: stopped
# seconds: 10

import os, time
child = os.fork()
if child == 0:
    time.sleep(20)
    os._exit(0)
print("LEFT", child)
print("HELD if it is gone", flush=True)
os._exit(0)
