"""The code that runs around the user's in the child (see child/), compiled."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import CodeType

# What most runs use; the others are loaded by the few that do.
USUAL_PARTS = ("start", "hooks", "explain", "network", "display", "tables", "figures", "pictures")
PARTS = (
    *USUAL_PARTS,
    *("charts", "loading", "readers", "delimited", "spreadsheet", "archives"),
    *("notebook", "magics", "cells", "ipython"),
)


@cache
def compile_part(part: str) -> CodeType:
    """Frames of ours are recognised, and left out of tracebacks, by not being the user's."""
    path = Path(__file__).parent / "child" / f"{part}.py"
    return compile(path.read_bytes(), f"<slashbox {part}>", "exec", dont_inherit=True, optimize=1)
