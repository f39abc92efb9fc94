# tries: become another program that does not end
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: timeout
# seconds: 0.7

import os, sys
os.execv(sys.executable, [sys.executable, "-S", "-c", "import time; time.sleep(20)"])
