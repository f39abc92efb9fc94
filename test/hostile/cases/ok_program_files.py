# does: make a program and run it

import os, subprocess
with open("tool", "w") as file:
    file.write("#!/bin/sh\necho made\n")
os.chmod("tool", 0o755)
assert subprocess.run(["./tool"], capture_output=True).stdout == b"made\n"
print("WORKS")
