"""Starts a program as somebody else, with nothing of ours: no descriptors, no environment, no rights."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import linux
from .identity import Identity
from .kernel import Confinement
from .protocol import RunLimits
from .view import View

_MEGABYTE = 1 << 20
_OPEN_FILES = 1_024
# Room beside the limit for what counts as data and is no one's fault: interpreter, libraries, thread stacks.
_DATA_HEADROOM_MEGABYTES = 256
# Address space is cheap and libraries reserve much of it; this only stops the absurd.
_ADDRESS_SPACE_HEADROOM_MEGABYTES = 4_096


class SpawnError(Exception):
    """The process could not be started: our fault, or the machine's."""


@dataclass(frozen=True, slots=True)
class Launch:
    """
    :ivar command: absolute program and its arguments
    :ivar environment: all of it; nothing is added
    :ivar stdin: descriptor that becomes the program's standard input
    """

    command: list[str]
    environment: Mapping[str, str]
    folder: Path
    stdin: int
    limits: RunLimits
    identity: Identity
    view: View
    confinement: Confinement


@dataclass(frozen=True, slots=True)
class Spawned:
    """A running process that leads its own session; `stdout` and `stderr` are the ends to read from."""

    pid: int
    stdout: int
    stderr: int


def spawn(launch: Launch) -> Spawned:
    """
    Starts `launch` and returns when it has been handed over to the new program.

    :raises SpawnError: with the step that failed
    """
    stdout_read, stdout_write = os.pipe()
    stderr_read, stderr_write = os.pipe()
    report_read, report_write = os.pipe()  # closed by a successful exec, written to otherwise
    pid = os.fork()
    if pid == 0:
        _become(launch, stdout_write, stderr_write, report_write)
    for descriptor in (stdout_write, stderr_write, report_write):
        os.close(descriptor)
    with os.fdopen(report_read, "rb") as report:
        problem = report.read(2_000)
    if problem:
        os.waitpid(pid, 0)
        os.close(stdout_read)
        os.close(stderr_read)
        raise SpawnError(problem.decode(errors="replace"))
    return Spawned(pid, stdout_read, stderr_read)


def _become(launch: Launch, stdout: int, stderr: int, report: int) -> None:
    """Runs in the forked child and never returns. The order matters: each step takes away what it needed."""
    step = "session"
    try:
        os.setsid()
        step = "signals"
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        step = "view"
        if launch.identity.dedicated:
            launch.view.enter()
        step = "descriptors"
        report = _arrange_descriptors(launch.stdin, stdout, stderr, report)
        step = "limits"
        _limit(launch.limits, launch.identity)
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
        os.execve(launch.command[0], launch.command, launch.environment)  # noqa: S606
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
    os.closerange(4, max(_OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    return 3


def _limit(limits: RunLimits, identity: Identity) -> None:
    memory = limits.memory_megabytes
    processor_seconds = int(limits.time_seconds * (os.cpu_count() or 1)) + 10
    wanted = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.disk_megabytes * _MEGABYTE),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CPU, processor_seconds),
        (resource.RLIMIT_DATA, (memory + _DATA_HEADROOM_MEGABYTES) * _MEGABYTE),
        (resource.RLIMIT_AS, (2 * memory + _ADDRESS_SPACE_HEADROOM_MEGABYTES) * _MEGABYTE),
    ]
    if identity.dedicated:
        # The kernel counts by user: of use only where that user is nobody but this run.
        wanted.append((resource.RLIMIT_NPROC, limits.processes))
    for kind, value in wanted:
        ceiling = resource.getrlimit(kind)[1]
        lowered = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
        with contextlib.suppress(OSError, ValueError):  # macOS knows some of these by name only
            resource.setrlimit(kind, (lowered, lowered))
