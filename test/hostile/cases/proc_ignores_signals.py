# tries: ignore every signal that can be ignored, and spin
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: timeout
# seconds: 0.7

import signal
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except OSError:
        pass
while True:
    pass
