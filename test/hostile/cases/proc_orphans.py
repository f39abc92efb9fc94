# tries: leave many children of dead parents
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os, signal, time
read, write = os.pipe()
for _ in range(12):
    if os.fork() == 0:
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            os.write(write, f"LEFT {os.getpid()}\n".encode())
            time.sleep(20)
        os._exit(0)
for _ in range(12):
    os.wait()
left = b""
while left.count(b"\n") < 12:
    left += os.read(read, 4096)
print(left.decode())
print("HELD if they are gone")
