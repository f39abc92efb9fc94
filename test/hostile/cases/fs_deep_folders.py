# tries: folders so deep that what walks them falls over
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os
for _ in range(600):
    os.mkdir("d")
    os.chdir("d")
print("HELD if all of it is gone")
