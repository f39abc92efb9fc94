"""What runs inside the child, before and after the user's code. Compiled by boot.py, not imported
(but imports.py reads notebooks with `notebook` and `magics`).

Every millisecond here is paid by every run: `start` imports almost nothing, the others come when needed.
"""
