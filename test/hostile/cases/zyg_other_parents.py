# tries: kill every process of the same user that it can see, other parents and waiting children too
# full: stopped
# no-landlock: stopped
# lambda: open: the parent is replaced after the run
# ends: ok error

import json, os, signal
executor, own, killed = json.load(open("bait.json"))["executor"], os.getpid(), 0
for name in os.listdir("/proc") if os.access("/proc", os.R_OK) else []:
    if not name.isdigit() or int(name) in (own, executor):
        continue
    try:
        command = open(f"/proc/{name}/cmdline", "rb").read()
        if b"warm/main.py" in command and os.getpgid(int(name)) != os.getpgid(0):
            os.kill(int(name), signal.SIGKILL)
            killed += 1
    except OSError:
        pass
print("REACHED" if killed else "HELD", killed)
