# tries: die in C
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: killed

import ctypes
ctypes.string_at(0)
