"""Starts a program as somebody else, with nothing of ours: no descriptors, no environment, no rights."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from . import linux
from .identity import Identity
from .kernel import Confinement
from .protocol import RunLimits
from .resource_limits import OPEN_FILES, limit_resources
from .view import View


class SpawnError(Exception):
    """The process could not be started: our fault, or the machine's."""


@dataclass(frozen=True, slots=True)
class Launch:
    """
    :ivar root: the run's folder
    :ivar paths: where packages lie
    :ivar environment: all of it; nothing is added
    :ivar folder: becomes the working folder
    :ivar stdin: descriptor that becomes the program's standard input
    """

    root: Path
    code_name: str
    paths: list[Path]
    environment: Mapping[str, str]
    folder: Path
    stdin: int
    limits: RunLimits
    identity: Identity
    view: View
    confinement: Confinement


class Exit(Protocol):
    """How a process ends, from whoever is told."""

    @property
    def descriptor(self) -> int | None:
        """Becomes readable when there may be news; None where the system has no such thing (macOS)."""

    def status(self) -> int | None:
        """As waitpid gives it; None as long as it is not known."""

    def close(self) -> None:
        """Whether it has ended or not."""


@dataclass(frozen=True, slots=True)
class Spawned:
    """
    A running process that leads its own session; `stdout` and `stderr` are the ends to read from.

    :ivar parent: the process whose child it is
    """

    pid: int
    stdout: int
    stderr: int
    exit: Exit
    parent: int


class ChildExit:
    """Of a child of our own."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status: int | None = None
        self.descriptor: int | None = None
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self.descriptor = os.pidfd_open(pid)

    def status(self) -> int | None:
        if self._status is None:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(self._pid, os.WNOHANG)
                if pid:
                    self._status = status
        return self._status

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def spawn(launch: Launch, command: list[str]) -> Spawned:
    """
    Starts `command`, an absolute program and its arguments, and returns when it has been handed over to it.

    :raises SpawnError: with the step that failed
    """
    stdout_read, stdout_write = os.pipe()
    stderr_read, stderr_write = os.pipe()
    report_read, report_write = os.pipe()  # closed by a successful exec, written to otherwise
    pid = os.fork()
    if pid == 0:
        _become(launch, command, stdout_write, stderr_write, report_write)
    for descriptor in (stdout_write, stderr_write, report_write):
        os.close(descriptor)
    with os.fdopen(report_read, "rb") as report:
        problem = report.read(2_000)
    if problem:
        os.waitpid(pid, 0)
        os.close(stdout_read)
        os.close(stderr_read)
        raise SpawnError(problem.decode(errors="replace"))
    return Spawned(pid, stdout_read, stderr_read, ChildExit(pid), os.getpid())


def forget_signals() -> None:
    """In a forked child: nothing is handled, ignored or held back."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _become(launch: Launch, command: list[str], stdout: int, stderr: int, report: int) -> None:
    """Runs in the forked child and never returns. The order matters: each step takes away what it needed."""
    step = "session"
    try:
        os.setsid()
        step = "signals"
        forget_signals()
        step = "view"
        if launch.identity.dedicated:
            launch.view.enter()
        step = "descriptors"
        report = _arrange_descriptors(launch.stdin, stdout, stderr, report)
        step = "limits"
        limit_resources(launch.limits, dedicated=launch.identity.dedicated)
        step = "user"
        if launch.identity.dedicated:
            os.setgroups([])
            os.setresgid(launch.identity.gid, launch.identity.gid, launch.identity.gid)
            os.setresuid(launch.identity.uid, launch.identity.uid, launch.identity.uid)
        linux.forbid_new_privileges()
        step = "folder"
        os.umask(0o022)
        os.chdir(launch.folder)
        step = "kernel"
        launch.confinement.enter()
        step = "program"
        os.execve(command[0], command, launch.environment)  # noqa: S606
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(report, f"{step}: {error}".encode(errors="replace"))
    finally:
        os._exit(127)


def _arrange_descriptors(stdin: int, stdout: int, stderr: int, report: int) -> int:
    """0, 1, 2, the report (closed by exec) and nothing else; first out of each other's way."""
    moved = [os.dup(descriptor) for descriptor in (stdin, stdout, stderr, report)]
    while min(moved) < 4:
        moved = [os.dup(descriptor) if descriptor < 4 else descriptor for descriptor in moved]
    for target, source in enumerate(moved):
        os.dup2(source, target, inheritable=target < 3)
    os.closerange(4, max(OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    return 3
