# tries: change the program that starts runs
# full: stopped
# no-landlock: open: written anew for every run
# lambda: open: written anew for every run

import os
try:
    with open("../boot/start.pyc", "r+b"):
        print("REACHED")
except OSError as error:
    print("HELD", error)
