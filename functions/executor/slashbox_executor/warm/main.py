"""Where a warm parent starts: `python -I -S -B -u main.py CONTROL`, the number of an open descriptor."""

import sys

_FOLDER = __file__.rpartition("/slashbox_executor/")[0]
sys.path.insert(0, _FOLDER)

from slashbox_executor.warm.zygote import serve  # noqa: E402

sys.path.remove(_FOLDER)
serve(int(sys.argv[1]))
