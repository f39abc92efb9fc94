"""Prints an exception with the frames of the user's own code, their source lines, and none of ours."""

from __future__ import annotations

import os
import re
import sys
import traceback

# Code that the user's code made itself.
_INLINE = frozenset({"<string>", "<stdin>"})
# What notebook.py calls a cell: no file of that name is ever meant.
_CELL = re.compile(r"cell [0-9]+")
_CELL_FRAME = re.compile(r'^(\W*)File "(cell [0-9]+)", line ([0-9]+)(?:, in <module>$)?', re.MULTILINE)


def explain(kind: type[BaseException], error: BaseException, code_name: str, work: str) -> None:
    """Writes to stderr what the interpreter would, seen from the user's code."""
    report = traceback.TracebackException(kind, error, error.__traceback__, compact=True)
    _trim(report, code_name, f"{work}/", set())
    text = "".join(report.format())
    if code_name.endswith(".ipynb"):
        text = _CELL_FRAME.sub(r"\1In \2, line \3", text)
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except Exception:  # the user's code may have closed or replaced it
        os.write(2, text.encode("utf-8", "backslashreplace"))


def _trim(report: traceback.TracebackException, code_name: str, folder: str, seen: set[int]) -> None:
    if id(report) in seen:
        return
    seen.add(id(report))
    frames = [
        frame
        for frame in report.stack or ()
        if frame.filename == code_name
        or frame.filename in _INLINE
        or frame.filename.startswith(folder)
        or _CELL.fullmatch(frame.filename)
    ]
    for frame in frames:
        frame.filename = frame.filename.removeprefix(folder)
    if isinstance(getattr(report, "filename", None), str):  # of a SyntaxError
        report.filename = report.filename.removeprefix(folder)
    if frames:
        report.stack[:] = frames
    else:
        report.stack = None  # type: ignore[assignment]
    for other in (report.__cause__, report.__context__, *(getattr(report, "exceptions", None) or ())):
        if other is not None:
            _trim(other, code_name, folder, seen)
