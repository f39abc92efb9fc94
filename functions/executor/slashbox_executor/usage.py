"""Measures what a run uses at this moment: memory of its processes, disk below its folders."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterable, Sequence

from .processes import Process

# Entries that a run's folders may hold before we call it too much; each costs us time to look at.
MAX_ENTRIES = 50_000
_SCAN_SECONDS = 1.0
_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)


def memory_bytes(members: Sequence[Process], limit: int) -> int:
    """Resident memory of all together; pages they share count once if that decides about `limit`."""
    resident = sum(process.resident_bytes for process in members)
    if resident <= limit or len(members) == 1:
        return resident
    return sum(_proportional_bytes(process) for process in members)


def disk_bytes(folders: Iterable[str], members: Iterable[Process]) -> int | None:
    """Bytes in `folders` and in deleted files that are still open; None: too many or too deep to count."""
    total = sum(_open_deleted_bytes(process.pid) for process in members)
    entries = 0
    waiting = list(folders)
    end = time.monotonic() + _SCAN_SECONDS
    while waiting:
        try:
            with os.scandir(waiting.pop()) as listing:
                for entry in listing:
                    entries += 1
                    with contextlib.suppress(FileNotFoundError):
                        found = entry.stat(follow_symlinks=False)
                        total += found.st_blocks * 512
                        if stat.S_ISDIR(found.st_mode):
                            waiting.append(entry.path)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        except OSError:
            return None  # a path longer than the system allows
        if entries > MAX_ENTRIES or time.monotonic() > end:
            return None
    return total


def _proportional_bytes(process: Process) -> int:
    try:
        with open(f"/proc/{process.pid}/smaps_rollup", "rb") as file:  # noqa: PTH123
            found = _PSS.search(file.read())
    except FileNotFoundError:
        return (
            process.resident_bytes if _exists(process.pid) else 0
        )  # a system without the file, or just ended
    except PermissionError:
        return process.resident_bytes
    except OSError:
        return 0  # ended while it was read
    return int(found[1]) * 1024 if found else 0


def _exists(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")  # noqa: PTH110


def _open_deleted_bytes(pid: int) -> int:
    total = 0
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
            with contextlib.suppress(OSError):
                found = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116
                if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                    total += found.st_blocks * 512
    return total
