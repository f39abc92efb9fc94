"""Runs one command and lets nothing of it outlive whoever asked: python -I -S keeper.py OPTIONS -- COMMAND...

Our standard input is the lifeline. When it closes, because the other end asked or was killed, the command is
asked to stop, then killed, and so is everything it started, including what it detached. We then end the way
the command did: same exit status, same signal.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

LOCK_IS_TAKEN = 75  # EX_TEMPFAIL of sysexits.h
_COMMAND_NOT_RUN = 127  # as shells say it
# Our lifeline and the two outputs, what the caller hands over, and the lock.
_LOCK_DESCRIPTOR = 4
_SWEEP_PATIENCE_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class _LockTimeout(Exception):
    pass


def main() -> None:
    options = _options()
    # Whatever our caller left open towards us is not the command's.
    os.closerange(_LOCK_DESCRIPTOR, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    if options.lock and not _take(options.lock, options.patience):
        sys.exit(LOCK_IS_TAKEN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    wake = _wake_on_signals()
    child = _start(options.command, _kill_signal(options.grace))
    status = _keep(child, wake, options.grace)
    _sweep(child)
    _end_as(status)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="keeper")
    parser.add_argument("--grace", type=float, default=0.0, help="seconds between asking to stop and killing")
    parser.add_argument("--lock", type=Path, help="file that only one such command may hold at a time")
    parser.add_argument("--patience", type=float, default=0.0, help="seconds to wait for the lock")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def _take(lock: Path, patience: float) -> bool:
    """Waits a little: whoever was killed may have left a command that is still writing its state."""
    # Never closed, and shared with the command: the kernel releases it when both are gone.
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    if descriptor != _LOCK_DESCRIPTOR:
        os.dup2(descriptor, _LOCK_DESCRIPTOR)
        os.close(descriptor)
    os.set_inheritable(_LOCK_DESCRIPTOR, True)

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise _LockTimeout

    with suppress(BlockingIOError):
        fcntl.flock(_LOCK_DESCRIPTOR, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    if patience <= 0:
        return False
    signal.signal(signal.SIGALRM, give_up)
    try:
        # Again and again: a first signal that comes just before the call waits would not wake it.
        signal.setitimer(signal.ITIMER_REAL, patience, 0.1)
        fcntl.flock(_LOCK_DESCRIPTOR, fcntl.LOCK_EX)
    except _LockTimeout:
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return True


def _kill_signal(grace: float) -> int:
    return signal.SIGTERM if grace > 0 else signal.SIGKILL


def _wake_on_signals() -> int:
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
    # A terminal's Ctrl-C is for the one who holds the lifeline.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return reader


def _start(command: list[str], on_our_death: int) -> int:
    keeper = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _prctl(_PR_SET_PDEATHSIG, on_our_death)
        if os.getppid() != keeper:
            os._exit(_COMMAND_NOT_RUN)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.execv(command[0], command)  # noqa: S606 - the caller's command, without a shell
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be run: {error.strerror}\n")
        sys.stderr.flush()
    os._exit(_COMMAND_NOT_RUN)


def _keep(child: int, wake: int, grace: float) -> int:
    """The child's wait status, once it has ended."""
    watched = [0, wake]
    deadline: float | None = None
    while True:
        status = _reap(child)
        if status is not None:
            return status
        patience = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select(watched, [], [], patience)
        if wake in ready:
            with suppress(BlockingIOError):
                os.read(wake, 4096)
        if 0 in ready and not os.read(0, 4096):
            watched.remove(0)
            deadline = time.monotonic() + grace
            os.kill(child, _kill_signal(grace))
        if deadline is not None and time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            deadline = None


def _reap(child: int) -> int | None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == 0:
            return None
        if pid == child:
            return status


def _sweep(child: int) -> None:
    """Kills what the command left behind: its group, and as the subreaper all that it detached."""
    with suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    deadline = time.monotonic() + _SWEEP_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for orphan in _children():
            with suppress(OSError):
                os.kill(orphan, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)
        except ChildProcessError:
            return


def _children() -> list[int]:
    """Our own children; those of the killed become ours in turn."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (entry / "stat").read_text(encoding="latin-1")
            if int(stat.rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(entry.name))
    return found


def _end_as(status: int) -> None:
    if os.WIFSIGNALED(status):
        with suppress(OSError, ValueError):
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    sys.exit(os.waitstatus_to_exitcode(status))


def _prctl(option: int, value: int) -> None:
    """Linux only, and refused in some sandboxes: there, the process group has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0)


if __name__ == "__main__":
    main()
