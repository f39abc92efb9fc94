# tries: change the program that starts runs
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os
try:
    with open("../boot/start.pyc", "r+b"):
        print("REACHED")
except OSError as error:
    print("HELD", error)
