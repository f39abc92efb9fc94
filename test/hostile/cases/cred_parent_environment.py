# tries: credentials in the start environment of the executor and of every other process
# full: stopped
# no-landlock: stopped
# lambda: stopped

import glob, re
found = []
for path in glob.glob("/proc/[0-9]*/environ") + [f"/proc/{__import__('os').getppid()}/environ"]:
    try:
        found += re.findall(rb"CANARY-[0-9a-f]{24}", open(path, "rb").read())
    except OSError:
        pass
print("REACHED" if found else "HELD", found)
