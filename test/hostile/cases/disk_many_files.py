# tries: many files within the limit of each
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: disk

import time
for number in range(6):
    with open(f"part-{number}", "wb") as file:
        file.write(bytes(5 << 20))
time.sleep(10)
