"""The executor's hold on one warm parent: starts it, has children forked, and knows when it was harmed."""

from __future__ import annotations

import dataclasses
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from ..boot import isolated_interpreter, usable_processors
from ..environment_block import MARK_ROOM, MARK_VARIABLE
from ..spawn import Launch, Spawned, SpawnError, forget_signals
from ..view import View
from .condition import Condition, condition_of, is_child
from .messages import Job, ParentSetup
from .wire import Channel, WireError, open_pair, receive, send

_PROGRAM = Path(__file__).parent / "main.py"
_FORK_SECONDS = 5.0
_START_SECONDS = 10.0
_BURY_SECONDS = 1.0


class WarmError(Exception):
    """The parent is of no use: it is gone, silent, or says what cannot be. Nothing of a run has happened."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Spare:
    pid: int
    channel: Channel


class WarmParent:
    """Starts at once, and is ready some time later; dies with the executor, or when closed."""

    def __init__(self, setup: ParentSetup, environment: Mapping[str, str], view: View | None) -> None:
        """
        :param view: entered first; only where we are root
        :raises WarmError: if it cannot be started at all
        """
        self.kind = setup["kind"]
        self.paths = frozenset(map(Path, setup["paths"]))
        self.modules: frozenset[str] = frozenset()
        self.missed: frozenset[str] = frozenset()
        self._ready = False
        self._ordered: Channel | None = None
        self._spare: _Spare | None = None
        self._ended: dict[int, int] = {}
        self._unburied: set[int] = set()
        self._before: Condition | None = None
        self.started = 0

        def prepare() -> None:
            forget_signals()
            if view is not None:
                view.enter()

        self._channel, theirs = open_pair()
        self._channel.setblocking(False)
        number = theirs.fileno()
        try:
            self._process = subprocess.Popen(
                [*isolated_interpreter(), str(_PROGRAM), str(number)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**environment, MARK_VARIABLE: " " * MARK_ROOM},
                pass_fds=(number,),
                start_new_session=True,
                preexec_fn=prepare,  # noqa: PLW1509 - we have one thread
                cwd="/",
            )
            send(self._channel, setup)
        except (OSError, subprocess.SubprocessError, WireError) as error:
            self._channel.close()
            raise WarmError(f"it could not be started: {error}") from error
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def processes(self) -> list[int]:
        """Itself, and its child that waits for a job."""
        return [self.pid, *([self._spare.pid] if self._spare else [])]

    def is_ready(self) -> bool:
        """Whether it has loaded what it should. :raises WarmError:"""
        self._listen()
        return self._ready

    def wait_ready(self, seconds: float) -> bool:
        """False when it is not ready by then. :raises WarmError:"""
        if not self._ready:
            self._wait(lambda: self._ready, seconds)
        return self._ready

    def order(self) -> None:
        """Has a child forked, if none waits; does not wait for it. :raises WarmError:"""
        if self._spare is not None or self._ordered is not None or not self.is_ready():
            return
        ours, theirs = open_pair()
        try:
            send(self._channel, {"fork": True}, [theirs.fileno()])
        except WireError as error:
            ours.close()
            raise WarmError(str(error)) from error
        finally:
            theirs.close()
        self._ordered = ours

    def settle(self) -> None:
        """Waits for the child that was ordered: after that, nothing is born here. :raises WarmError:"""
        if self._ordered is not None:
            self._wait(lambda: self._ordered is None, _FORK_SECONDS)
            if self._ordered is not None:
                raise WarmError("it does not fork")

    def start(self, launch: Launch) -> Spawned:
        """
        Gives the waiting child its job and returns when the user's code begins.

        :raises WarmError: if the child died before that
        :raises SpawnError: if it could not become the run, with the step that failed
        """
        self.order()
        self.settle()
        spare, self._spare = self._spare, None
        if spare is None:
            raise WarmError("it has no child")
        self.started += 1
        self._unburied.add(spare.pid)
        stdout_read, stdout_write = os.pipe()
        stderr_read, stderr_write = os.pipe()
        try:
            try:
                send(spare.channel, _job(launch), [launch.stdin, stdout_write, stderr_write])
            finally:
                os.close(stdout_write)
                os.close(stderr_write)
            self._expect_start(spare)
        except BaseException as error:
            os.close(stdout_read)
            os.close(stderr_read)
            _kill(spare.pid)
            if isinstance(error, WireError):
                raise WarmError(str(error)) from error
            raise
        finally:
            spare.channel.close()
        return Spawned(spare.pid, stdout_read, stderr_read, _ParentTells(self, spare.pid), self.pid)

    def status_of(self, pid: int) -> int | None:
        """As waitpid gives it; None as long as the parent has not told."""
        with suppress(WarmError):
            self._listen()
        return self._ended.pop(pid, None)

    @property
    def descriptor(self) -> int:
        """Becomes readable when the parent has something to tell."""
        return self._channel.fileno()

    def is_harmed(self) -> bool:
        """To be asked when no run is alive: true if a run has done something to the parent."""
        try:
            self._wait(lambda: not self._unburied, _BURY_SECONDS)
        except WarmError:
            return True
        if self._unburied:
            return True  # a run ended and the parent said nothing of it
        return self._ready and condition_of(self.pid) != self._before

    def close(self) -> None:
        """Ends it and its children."""
        children = [pid for pid in self._unburied if is_child(pid, self.pid)]
        if self._spare is not None:
            children.append(self._spare.pid)
            self._spare.channel.close()
            self._spare = None
        if self._ordered is not None:
            self._ordered.close()
            self._ordered = None
        self._channel.close()
        for pid in children:
            _kill(pid)
        self._process.kill()
        self._process.wait()
        for pid in children:
            with suppress(ChildProcessError):  # ours now, where the kernel hands us orphans
                os.waitpid(pid, 0)

    def _expect_start(self, spare: _Spare) -> None:
        poll = select.poll()
        poll.register(spare.channel.fileno(), select.POLLIN)
        if not poll.poll(round(_START_SECONDS * 1000)):
            raise WarmError("its child does not start")
        received = receive(spare.channel)
        answer = received[0] if received else None
        if isinstance(answer, dict) and isinstance(answer.get("problem"), str):
            raise SpawnError(str(answer["problem"])[:2_000])
        if answer != {"started": True}:
            raise WarmError("its child died before the code began")

    def _wait(self, done: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self._channel.fileno(), select.POLLIN)
        self._listen()
        while not done() and (left := end - time.monotonic()) > 0:
            poll.poll(max(1, round(left * 1000)))
            self._listen()

    def _listen(self) -> None:
        """Takes in what the parent has told so far. :raises WarmError:"""
        while True:
            try:
                received = receive(self._channel)
            except BlockingIOError:
                return
            except WireError as error:
                raise WarmError(str(error)) from error
            if received is None:
                raise WarmError("it is gone")
            for descriptor in received[1]:
                os.close(descriptor)
            self._take(received[0])

    def _take(self, message: object) -> None:
        match message:
            case {"ready": list(modules), "missed": list(missed), "threads": 1} if not self._ready:
                self.modules, self.missed = frozenset(map(str, modules)), frozenset(map(str, missed))
                self._ready, self._before = True, condition_of(self.pid)
            case {"spare": int(pid)} if self._ordered is not None and is_child(pid, self.pid):
                self._spare, self._ordered = _Spare(pid, self._ordered), None
            case {"ended": int(pid), "status": int(status)} if pid in self._unburied:
                self._unburied.discard(pid)
                self._ended[pid] = status
            case {"ended": int(pid)} if self._spare is not None and pid == self._spare.pid:
                raise WarmError("its child died while it waited")
            case {"failed": str(why)} if not self._ready:
                raise WarmError(why)
            case {"ready": _, "threads": int(threads)}:
                raise WarmError(f"it has {threads} threads, and a fork would have only one of them")
            case _:
                raise WarmError("it says what cannot be")


class _ParentTells:
    """How a run ends, by what its parent says."""

    def __init__(self, parent: WarmParent, pid: int) -> None:
        self._parent = parent
        self._pid = pid
        self._status: int | None = None

    @property
    def descriptor(self) -> int | None:
        return self._parent.descriptor

    def status(self) -> int | None:
        if self._status is None:
            self._status = self._parent.status_of(self._pid)
        if self._status is None:
            with suppress(ChildProcessError):  # where the parent is gone, its child may have become ours
                pid, status = os.waitpid(self._pid, os.WNOHANG)
                self._status = status if pid else None
        return self._status

    def close(self) -> None:
        """The channel stays the parent's."""


def _job(launch: Launch) -> Job:
    confinement = launch.confinement.ruleset
    return Job(
        root=str(launch.root),
        code_name=launch.code_name,
        paths=[str(path) for path in launch.paths],
        environment=dict(launch.environment),
        mark=str(launch.root),
        limits=dataclasses.asdict(launch.limits),
        readable=list(confinement.readable) if confinement else [],
        writable=list(confinement.writable) if confinement else [],
        threads=usable_processors(),
    )


def _kill(pid: int) -> None:
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)
