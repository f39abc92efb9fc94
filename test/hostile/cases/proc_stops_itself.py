# tries: stop itself, so that nobody ever hears of its end
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: timeout
# seconds: 0.7

import os, signal
os.kill(os.getpid(), signal.SIGSTOP)
