"""Makes what faulthandler leaves on stderr when the interpreter crashes read like a traceback of the user's
own code: frames of ours and of libraries are cut out, and so is the list of extension modules."""

from __future__ import annotations

import itertools
import re

from .supervise import Ending

_SIGNALS = frozenset({"SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL"})
_START = re.compile(r"^Fatal Python error: .*$", re.MULTILINE)
_THREAD = re.compile(r"^(Current thread|Thread) 0x[0-9a-f]+.*:$")
_FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)$')
# The run's working folder, from which helper modules come.
_WORK = re.compile(r"^/.*/run-[0-9a-f]{12}/work/")
_CELL = re.compile(r"cell \d+")
# Repeats that are shown before they are counted.
_REPEATS = 3


def readable_crash(ending: Ending, code_name: str) -> str:
    """The run's stderr; where a crash ended it, with the report of the crash in the words of a traceback."""
    text = ending.stderr
    starts = list(_START.finditer(text)) if ending.signal in _SIGNALS else []
    if not starts:
        return text
    start = starts[-1]
    return text[: start.end()] + "\n" + "".join(_sections(text[start.end() :], code_name))


def _sections(report: str, code_name: str) -> list[str]:
    """One for each thread in which user code was running."""
    found: list[tuple[str, list[str]]] = []
    for line in report.splitlines():
        if thread := _THREAD.match(line):
            found.append(("Crashed" if thread[1].startswith("Current") else "Another thread", []))
        elif found and (frame := _frame(line, code_name)):
            found[-1][1].insert(0, frame)
    return [
        f"{title} at (most recent call last):\n" + "".join(_counted(frames))
        for title, frames in found
        if frames
    ]


def _frame(line: str, code_name: str) -> str | None:
    match = _FRAME.match(line)
    if match is None:
        return None
    name, function = match["file"], match["function"]
    if _CELL.fullmatch(name):
        where = "" if function == "<module>" else f", in {function}"
        return f"  In {name}, line {match['line']}{where}\n"
    short = _WORK.sub("", name)
    if short == name and name not in {code_name, "<string>"}:
        return None
    return f'  File "{short}", line {match["line"]}, in {function}\n'


def _counted(frames: list[str]) -> list[str]:
    shown: list[str] = []
    for frame, same in itertools.groupby(frames):
        count = len(list(same))
        shown += [frame] * min(count, _REPEATS)
        if count > _REPEATS:
            shown.append(f"  [Previous line repeated {count - _REPEATS} more times]\n")
    return shown
