# tries: outlive the run as a daemon
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os, sys, time
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(write, str(os.getpid()).encode())
        time.sleep(20)
    os._exit(0)
os.wait()
print("LEFT", os.read(read, 20).decode())
print("HELD if it is gone")
