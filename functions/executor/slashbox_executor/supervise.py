"""Watches one process tree until it ends or breaks a limit; then nothing of it is left alive."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .output import CappedText
from .processes import Family, Process
from .protocol import RunLimits
from .spawn import Spawned
from .usage import disk_bytes, memory_bytes

Broken = Literal["timeout", "memory", "disk", "processes"]

_MEGABYTE = 1 << 20
_CHUNK = 1 << 16
# The first look comes late, so that short runs are never looked at.
_FIRST_LOOK_SECONDS = 0.1
_LOOK_SECONDS = 0.1
# Looking must not cost more than this share of the time, however large the tree.
_LOOK_SHARE = 0.1
# A parent that lives says how its child ended; on a busy machine, not at once.
_TELLING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ending:
    """
    :ivar exit_code: where the program exited by itself
    :ivar signal: name of the signal that ended it, where it was not ours
    :ivar broken: the limit for which we ended it
    :ivar errors: the end of stderr, also where what was kept of it stops earlier
    :ivar seconds: wall-clock time
    :ivar peak_bytes: the most memory seen; 0 where the run was too short to be looked at
    :ivar clean: nothing of the run is left
    """

    exit_code: int | None
    signal: str | None
    broken: Broken | None
    stdout: str
    stderr: str
    errors: str
    stdout_truncated: bool
    stderr_truncated: bool
    seconds: float
    peak_bytes: int
    clean: bool


Folders = Callable[[], list[str]]


def supervise(
    spawned: Spawned, family: Family, limits: RunLimits, folders: Folders, seconds: float
) -> Ending:
    """
    Waits for `spawned`, at most `seconds`, and ends everything in `family`.

    :param folders: lists where the run may write; what lies there already does not count against it
    """
    watch = _Watch(spawned, family, limits, folders, seconds)
    try:
        watch.run()
        clean = family.kill()
        watch.drain()
    finally:
        watch.close()
    return watch.ending(clean)


class _Watch:
    def __init__(
        self, spawned: Spawned, family: Family, limits: RunLimits, folders: Folders, seconds: float
    ) -> None:
        self._started = time.monotonic()
        self._end = self._started + seconds
        self._next_look = self._started + _FIRST_LOOK_SECONDS
        self._pid = spawned.pid
        self._lost = False
        self._family = family
        self._limits = limits
        self._folders = folders
        self._disk_before = disk_bytes(folders(), []) or 0
        self._texts = {
            spawned.stdout: CappedText(limits.output_characters),
            spawned.stderr: CappedText(limits.output_characters),
        }
        self._stdout, self._stderr = spawned.stdout, spawned.stderr
        self._open = {spawned.stdout, spawned.stderr}
        self._poll = select.poll()
        for descriptor in self._open:
            os.set_blocking(descriptor, False)
            self._poll.register(descriptor, select.POLLIN)
        self._exit = spawned.exit
        self._exit_handle = spawned.exit.descriptor
        if self._exit_handle is not None:
            self._poll.register(self._exit_handle, select.POLLIN)
        self._dead_since: float | None = None
        self._status: int | None = None
        self._broken: Broken | None = None
        self._seconds = 0.0
        self._peak = 0

    def run(self) -> None:
        while self._broken is None and not self._lost and not self._has_exited():
            now = time.monotonic()
            if now >= self._end:
                self._broken = "timeout"
            elif now >= self._next_look:
                self._look()
                self._next_look = time.monotonic() + max(
                    _LOOK_SECONDS, (time.monotonic() - now) / _LOOK_SHARE
                )
            else:
                self._wait(min(self._end, self._next_look) - now)
        self._seconds = time.monotonic() - self._started

    def drain(self) -> None:
        """Reads what the dead left in the pipes; no one can write any more, so this ends."""
        for descriptor in list(self._open):
            while self._read(descriptor):
                pass

    def close(self) -> None:
        for descriptor in (self._stdout, self._stderr):
            os.close(descriptor)
        self._exit.close()

    def ending(self, clean: bool) -> Ending:
        code = None if self._status is None or self._broken else os.waitstatus_to_exitcode(self._status)
        out, err = self._texts[self._stdout], self._texts[self._stderr]
        return Ending(
            exit_code=code if code is not None and code >= 0 else None,
            signal=_signal_name(-code) if code is not None and code < 0 else None,
            broken=self._broken,
            stdout=out.finish(),
            stderr=err.finish(),
            errors=err.end(),
            stdout_truncated=out.truncated,
            stderr_truncated=err.truncated,
            seconds=self._seconds,
            peak_bytes=self._peak,
            clean=clean,
        )

    def _has_exited(self) -> bool:
        if self._status is None:
            self._status = self._exit.status()
        return self._status is not None

    def _wait(self, seconds: float) -> None:
        limit = seconds if self._exit_handle is not None else min(seconds, 0.01)
        for descriptor, events in self._poll.poll(max(1, round(limit * 1000))):
            if descriptor in self._texts:
                self._read(descriptor)
            elif not events & select.POLLIN:
                self._poll.unregister(descriptor)  # who would have told is gone: look instead of waiting
                self._exit_handle = None

    def _read(self, descriptor: int) -> bool:
        """False when there is nothing to read for now, or ever again."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._open.discard(descriptor)
            self._poll.unregister(descriptor)
        self._texts[descriptor].feed(data)
        return bool(data)

    def _look(self) -> None:
        members = self._family.members()
        self._notice_loss(members)
        limit = self._limits.memory_megabytes * _MEGABYTE
        used = memory_bytes(members, limit)
        self._peak = max(self._peak, used)
        disk = disk_bytes(self._folders(), members)
        if used > limit:
            self._broken = "memory"
        elif len(members) > self._limits.processes:
            self._broken = "processes"
        elif disk is None or disk - self._disk_before > self._limits.disk_megabytes * _MEGABYTE:
            self._broken = "disk"

    def _notice_loss(self, members: Sequence[Process]) -> None:
        """Dead for two looks, and nobody can say how; or whoever could has not for long."""
        if any(process.pid == self._pid and process.alive for process in members):
            self._dead_since = None
        elif self._dead_since is None:
            self._dead_since = time.monotonic()
        else:
            slow = time.monotonic() - self._dead_since > _TELLING_SECONDS
            self._lost = slow or self._exit_handle is None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
