"""How a process is, as far as another one of the same user could have changed it without leave."""

from __future__ import annotations

import os
from dataclasses import dataclass

_STOPPED_OR_DEAD = frozenset("TtZX")


@dataclass(frozen=True, slots=True)
class Condition:
    nice: int
    threads: int
    limits: bytes
    processors: frozenset[int]


def condition_of(pid: int) -> Condition | None:
    """None where it is stopped, dead, or not to be seen."""
    fields = _read_stat(pid)
    if fields is None or fields[0].decode() in _STOPPED_OR_DEAD:
        return None
    try:
        with open(f"/proc/{pid}/limits", "rb") as file:  # noqa: PTH123
            limits = file.read()
        processors = frozenset(os.sched_getaffinity(pid))
    except OSError:
        return None
    return Condition(int(fields[16]), int(fields[17]), limits, processors)


def is_child(pid: int, parent: int) -> bool:
    """Whether `pid` is a child of `parent`, at this moment."""
    fields = _read_stat(pid)
    return fields is not None and int(fields[1]) == parent


def _read_stat(pid: int) -> list[bytes] | None:
    """From the state on, which is the third field: before it is a name that may contain anything."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return None
