# tries: recursion until the stack ends
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: error killed memory

import sys
sys.setrecursionlimit(10**7)
def down(n):
    return repr([down(n + 1)])
down(0)
