"""Finds and ends every process of a run, daemons and orphans included, and nobody else's.

Where the kernel makes us the reaper of orphans, a run is the part of the process tree below us that was not
there before it. Where it does not but the user id is ours alone (Lambda), it is what carries that id.
Elsewhere (macOS) it is the tree, the process group, and what still has the run's folder in its environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

from .identity import Identity

_KILL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    group: int
    state: str
    resident_bytes: int

    @property
    def alive(self) -> bool:
        return self.state not in {"Z", "X"}


class Family:
    """
    The processes of one run. Make it before the run's first process starts.

    :param mark: text that is in the environment of the run's processes and of no other
    """

    def __init__(self, identity: Identity, mark: str) -> None:
        self._identity = identity
        self._mark = mark
        self._main: int | None = None
        self._parent = os.getpid()
        self._seen: set[int] = set()
        self._before = set(_children(os.getpid())) if identity.reaps_orphans else set(_with_uid(identity.uid))

    def adopt(self, main: int, parent: int) -> None:
        """`main` is the run's first process and leads its session; it is the child of `parent`."""
        self._main, self._parent = main, parent

    def members(self) -> list[Process]:
        """Whoever lives or has died unreaped, at this moment."""
        if self._identity.reaps_orphans:
            return _descendants({*self._main_if_alive(), *_children(os.getpid())} - self._before)
        if self._identity.exclusive:
            pids = [pid for pid in _with_uid(self._identity.uid) if pid not in self._before]
            return [found for pid in pids if (found := _read(pid)) is not None]
        return self._followed()

    def kill(self) -> bool:
        """Ends them all; False when something is still there after seconds of trying.

        They are stopped first and killed when no new one appears: killing at once loses against a fork bomb.
        """
        end = time.monotonic() + _KILL_SECONDS
        stopped: set[int] = set()
        while members := self._unfinished():
            alive = [process.pid for process in members if process.alive]
            new = [pid for pid in alive if pid not in stopped]
            stopped.update(new)
            if new and self._identity.dedicated:
                _kill_everything_of(self._identity)
            _signal(new or alive, signal.SIGSTOP if new else signal.SIGKILL)
            _reap(process.pid for process in members if not process.alive or not new)
            if not new:
                time.sleep(0.001)  # death takes a moment; an empty loop would only delay it
            if time.monotonic() > end:
                return not any(process.alive for process in self.members())
        return True

    def _unfinished(self) -> list[Process]:
        """Without the dead whom somebody else buries: the parent that the run was forked from."""
        others = self._parent if self._parent != os.getpid() else None
        return [process for process in self.members() if process.alive or process.parent != others]

    def _main_if_alive(self) -> set[int]:
        """Its number may be somebody else's as soon as its parent has buried it."""
        if self._main is None or self._parent == os.getpid():
            return set()
        found = _read(self._main)
        return {self._main} if found is not None and found.parent == self._parent else set()

    def _followed(self) -> list[Process]:
        table = _all() if sys.platform == "linux" else _process_table()
        known = {self._main, *self._seen, *_marked(self._mark)}
        grown = True
        while grown:
            more = {
                process.pid
                for process in table
                if process.pid not in known and (process.parent in known or process.group == self._main)
            }
            known |= more
            grown = bool(more)
        found = [process for process in table if process.pid in known and process.pid != os.getpid()]
        self._seen = {process.pid for process in found}
        return found


def _children(pid: int) -> list[int]:
    """Direct children of all threads of a process."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:  # noqa: PTH123
                found.extend(map(int, file.read().split()))
    except FileNotFoundError:
        if os.path.exists(f"/proc/{pid}/stat"):  # noqa: PTH110 - a kernel without children files
            return [process.pid for process in _all() if process.parent == pid]
    except (ProcessLookupError, PermissionError):
        pass
    return found


def _descendants(roots: Iterable[int]) -> list[Process]:
    found: list[Process] = []
    waiting = list(roots)
    seen: set[int] = set(waiting)
    while waiting:
        pid = waiting.pop()
        if (process := _read(pid)) is None:
            continue
        found.append(process)
        more = [child for child in _children(pid) if child not in seen]
        seen.update(more)
        waiting.extend(more)
    return found


def _all() -> list[Process]:
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    return [process for pid in pids if (process := _read(pid)) is not None]


def _with_uid(uid: int) -> list[int]:
    """Process ids of that user, without our own; empty where there is no /proc."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir("/proc"):  # noqa: PTH208
            with contextlib.suppress(OSError):
                if name.isdigit() and os.stat(f"/proc/{name}").st_uid == uid:  # noqa: PTH116
                    found.append(int(name))
    return [pid for pid in found if pid != os.getpid()]


def _marked(mark: str) -> list[int]:
    if sys.platform != "linux":
        listing = _ps("-A", "-E", "-ww", "-o", "pid=,command=")
        return [int(line.split()[0]) for line in listing if mark in line]
    found: list[int] = []
    for pid in _with_uid(os.geteuid()):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            if mark.encode() in file.read():
                found.append(pid)
    return found


def _read(pid: int) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return Process(
        pid=pid,
        parent=int(fields[1]),
        group=int(fields[2]),
        state=fields[0].decode(),
        resident_bytes=int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
    )


def _process_table() -> list[Process]:
    rows = [line.split() for line in _ps("-A", "-o", "pid=,ppid=,pgid=,stat=,rss=")]
    return [
        Process(int(row[0]), int(row[1]), int(row[2]), row[3][0], int(row[4]) * 1024)
        for row in rows
        if len(row) == 5
    ]


def _ps(*arguments: str) -> list[str]:
    done = subprocess.run(["/bin/ps", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def _kill_everything_of(identity: Identity) -> None:
    """kill(-1) is atomic with respect to fork; it needs a helper that has the run's user id and no other."""
    helper = os.fork()
    if helper == 0:
        try:
            os.setgroups([])
            os.setgid(identity.gid)
            os.setuid(identity.uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(helper, 0)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _reap(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
