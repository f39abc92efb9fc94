# tries: find secrets in the objects of its interpreter
# full: stopped
# no-landlock: stopped
# lambda: stopped

import gc, sys
texts = [o for o in gc.get_objects() if isinstance(o, (dict, list, tuple))]
found = [1 for o in texts for v in (o.values() if isinstance(o, dict) else o) if isinstance(v, str) and len(v) == 31 and v[:7] == "-YRANAC"[::-1]]
print("REACHED" if found else "HELD", len(texts), [a for a in sys.argv])
