"""Makes what faulthandler leaves on stderr when the interpreter crashes read like a traceback of the user's
own code: frames of ours and of libraries are cut out, and so is the list of extension modules."""

from __future__ import annotations

import itertools
import re

_START = "Fatal Python error: "
_THREAD = re.compile(r"(Current thread|Thread) 0x[0-9a-f]+.*:$")
# What else such a report consists of; the first other line is the program's again.
_REST = re.compile(r"$|  \.\.\.$|  <|Python runtime state: |Extension modules: ")
_FRAME = re.compile(r'  File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)$')
# The run's working folder, from which helper modules come.
_WORK = re.compile(r"^/.*/run-[0-9a-f]{12}/work/")
_CELL = re.compile(r"cell \d+")
# Repeats that are shown before they are counted.
_REPEATS = 3


def readable_crash(errors: str, code_name: str) -> str:
    """`errors`, each report of a crash in it in the words of a traceback: the run's own, or a worker's."""
    if _START not in errors:
        return errors
    shown: list[str] = []
    lines = errors.split("\n")
    position = 0
    while position < len(lines):
        shown.append(lines[position])
        position += 1
        if lines[position - 1].startswith(_START):
            end = next((n for n in range(position, len(lines)) if not _is_report(lines[n])), len(lines))
            shown += _sections(lines[position:end], code_name)
            position = end
            if end == len(lines):
                shown.append("")
    return "\n".join(shown)


def _is_report(line: str) -> bool:
    return bool(_THREAD.match(line) or _FRAME.match(line) or _REST.match(line))


def _sections(report: list[str], code_name: str) -> list[str]:
    """One for each thread in which user code was running."""
    found: list[tuple[str, list[str]]] = []
    for line in report:
        if thread := _THREAD.match(line):
            found.append(("Crashed" if thread[1].startswith("Current") else "Another thread", []))
        elif found and (frame := _frame(line, code_name)):
            found[-1][1].append(frame)
    return [
        line
        for title, frames in found
        if frames
        for line in (f"{title} at (most recent call last):", *_counted(frames[::-1]))
    ]


def _frame(line: str, code_name: str) -> str | None:
    match = _FRAME.match(line)
    if match is None:
        return None
    name, function = match["file"], match["function"]
    if _CELL.fullmatch(name):
        where = "" if function == "<module>" else f", in {function}"
        return f"  In {name}, line {match['line']}{where}"
    short = _WORK.sub("", name)
    if short == name and name not in {code_name, "<string>"}:
        return None
    return f'  File "{short}", line {match["line"]}, in {function}'


def _counted(frames: list[str]) -> list[str]:
    shown: list[str] = []
    for frame, same in itertools.groupby(frames):
        count = len(list(same))
        shown += [frame] * min(count, _REPEATS)
        if count > _REPEATS:
            shown.append(f"  [Previous line repeated {count - _REPEATS} more times]")
    return shown
