# tries: change the list of fonts that its parent loads
# full: stopped
# no-landlock: open: one environment, one user
# lambda: open: one environment, one user

import glob, os
written = 0
for path in glob.glob("../../parents/*/matplotlib") or ["../../parents/light/matplotlib"]:
    try:
        with open(f"{path}/planted", "w"):
            written += 1
        os.unlink(f"{path}/planted")
    except OSError as error:
        print(error)
print("REACHED" if written else "HELD")
