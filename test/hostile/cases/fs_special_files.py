# tries: hand out files on which reading waits for ever
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os, socket
os.mkfifo("pipe")
try:
    socket.socket(socket.AF_UNIX).bind("socket")
except OSError as error:
    print(error)
print("HELD if this ends")
