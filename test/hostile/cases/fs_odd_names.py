# tries: names that break what reads them
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os
for name in (b"line\nbreak.txt", b"\xff\xfe.txt", "\u202egnp.txt".encode(), b"-rf", b"\x1b[2J.txt", b"a" * 255):
    with open(name, "wb") as file:
        file.write(b"x")
print("HELD if this can be told")
