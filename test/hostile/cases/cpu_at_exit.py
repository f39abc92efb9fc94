# tries: never end once the program has ended
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: timeout
# seconds: 0.7

import atexit, time
atexit.register(time.sleep, 20)
