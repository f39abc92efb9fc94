# tries: replace what reports its errors
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: error

import sys
class Silent:
    def write(self, text): raise RuntimeError("no")
    def flush(self): raise RuntimeError("no")
sys.stderr = Silent()
sys.excepthook = None
raise ValueError("a")
