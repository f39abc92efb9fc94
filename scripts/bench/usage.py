"""What a process and all that it started hold: memory, descriptors, processes; and the files in a folder."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """
    :ivar anonymous: bytes of memory of their own, no file's; what a fork shares counts for each
    :ivar rss: bytes of memory with what is mapped from files
    """

    processes: int
    descriptors: int
    anonymous: int
    rss: int
    files: int


def usage_of(pid: int, folder: Path) -> Usage:
    """Of `pid` and its descendants at this moment, and of everything below `folder`."""
    family = list(_family(pid))
    return Usage(
        processes=len(family),
        descriptors=sum(map(_descriptors, family)),
        anonymous=sum(_rollup(member, "Anonymous") for member in family),
        rss=sum(map(_rss, family)),
        files=sum(len(names) + len(folders) for _, folders, names in os.walk(folder)),
    )


def proportional_memory(pid: int) -> int:
    """Bytes that `pid` and its descendants hold now; what is shared with others counts in part."""
    return sum(_rollup(member, "Pss") for member in _family(pid))


def _family(pid: int) -> Iterator[int]:
    """`pid` first. A process whose parent ended belongs to whoever adopted it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            stat = (folder / "stat").read_text(encoding="latin-1")
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    waiting = [pid]
    while waiting:
        here = waiting.pop()
        yield here
        waiting += children.get(here, [])


def _descriptors(pid: int) -> int:
    with suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0


def _rollup(pid: int, name: str) -> int:
    """0 where it may not be read."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def _rss(pid: int) -> int:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    return 0
