# tries: a module of its own name for the next run
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os
for name in ("json", "socket", "sitecustomize", "usercustomize"):
    for folder in (".", os.environ["HOME"], os.environ["TMPDIR"]):
        with open(f"{folder}/{name}.py", "w") as file:
            file.write("print('REA' + 'CHED')\n")
print("HELD if the next run does not meet them")
