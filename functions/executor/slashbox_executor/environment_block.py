"""The environment of a process as /proc shows it: the bytes that exec put there, which stay in place."""

from __future__ import annotations

import ctypes

MARK_VARIABLE = "SLASHBOX_RUN"
# Room for the path of a run's folder.
MARK_ROOM = 200


def blank_block() -> bool:
    """Overwrites all of this process's block; false where there is none (macOS)."""
    found = _find_block()
    if found is not None:
        ctypes.memset(found[0], 0, found[1])
    return found is not None


def find_mark() -> tuple[int, int] | None:
    """Address and size of the room for a run's mark in this process's block; None where there is none."""
    found = _find_block()
    if found is None:
        return None
    start, size = found
    at = ctypes.string_at(start, size).find(f"{MARK_VARIABLE}=".encode())
    return None if at < 0 else (start + at + len(MARK_VARIABLE) + 1, MARK_ROOM)


def write_mark(room: tuple[int, int], text: str) -> None:
    """A child is told by it where the kernel does not say whose orphans are whose."""
    address, size = room
    data = text.encode()[:size].ljust(size, b" ")
    ctypes.memmove(address, data, size)


def _find_block() -> tuple[int, int] | None:
    """Its address and size."""
    try:
        with open("/proc/self/stat", encoding="latin-1") as stat:  # noqa: PTH123
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    # Counted behind the command's name, which may contain anything, start and end are fields 47 and 48.
    start, end = int(fields[47]), int(fields[48])
    return (start, end - start) if 0 < start < end else None
