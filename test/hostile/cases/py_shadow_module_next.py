# tries: what the run before it planted
# full: stopped
# no-landlock: stopped
# lambda: stopped

import json, os, socket
found = [name for folder in (".", os.environ["HOME"], os.environ["TMPDIR"]) for name in os.listdir(folder) if name.endswith(".py")]
print("REACHED" if found else "HELD", found)
