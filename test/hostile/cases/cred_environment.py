# tries: credentials in its own environment
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os
found = [k for k, v in os.environ.items() if k.startswith(("AWS_", "LAMBDA_", "SLASHBOX_")) or "CANARY" in v]
print("REACHED" if found else "HELD", found)
