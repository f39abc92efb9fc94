"""Asks this kernel what it allows, by trying: each call in a child of its own, which the answer may kill."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from errno import errorcode
from pathlib import Path

from . import calls
from .bpf import ALLOW, Assembler
from .syscalls import this_architecture

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36
_PTRACE_TRACEME = 0


@dataclass(frozen=True, slots=True)
class Abilities:
    """
    :ivar landlock_version: 0: there is none
    :ivar missing: one line a part, in words for the operator; empty: everything is here
    """

    no_new_privileges: bool
    seccomp: bool
    landlock_version: int
    missing: tuple[str, ...]


def probe_abilities() -> Abilities:
    """Takes one fork; changes nothing in the calling process."""
    if this_architecture() is None:
        return Abilities(False, False, 0, (f"there is no kernel layer for {_machine()}",))
    found = json.loads(_in_child(_try_all)[0] or "{}")
    missing = [
        f"{what} is refused ({found.get(key, 'the probe was killed')})"
        for key, what in (
            ("no_new_privileges", "no_new_privs"),
            ("landlock", "Landlock"),
            ("seccomp", "seccomp"),
        )
        if found.get(key) != "ok"
    ]
    landlocked = found.get("landlock") == "ok"
    return Abilities(
        no_new_privileges=found.get("no_new_privileges") == "ok",
        seccomp=found.get("seccomp") == "ok",
        landlock_version=found["version"] if landlocked else 0,
        missing=tuple(missing),
    )


def probe() -> dict[str, object]:
    """
    What an operator wants to know of the machine that the executor runs on, as plain JSON values.

    Nothing in it is secret: names, numbers, limits, and how each call ends.
    """
    report: dict[str, object] = {
        "system": list(os.uname()),
        "python": sys.version.split()[0],
        "user": [os.getuid(), os.geteuid(), os.getgid(), os.getegid()],
        "processors": os.cpu_count(),
        "interpreter": _describe(os.path.realpath(sys.executable)),
        "folders": {path: _describe(path) for path in ("/tmp", "/dev/shm", "/var/task", "/opt")},  # noqa: S108
        "limits": _limits(),
        "status": _status(),
        "processes": _processes(),
    }
    if this_architecture() is None:
        return {**report, "calls": {}, "landlock_version": 0, "missing": list(probe_abilities().missing)}
    abilities = probe_abilities()
    return {
        **report,
        "calls": {name: _outcome(attempt) for name, attempt in _ATTEMPTS.items()},
        "landlock_version": abilities.landlock_version,
        "missing": list(abilities.missing),
    }


def _try_all() -> str:
    found: dict[str, object] = {}
    found["no_new_privileges"] = _named(calls.set_no_new_privileges)
    try:
        found["version"] = calls.landlock_version()
    except OSError:
        found["version"] = 0
    found["landlock"] = _named(_restrict)
    found["seccomp"] = _named(_filter)
    return json.dumps(found)


def _named(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return errorcode.get(error.errno or 0, str(error.errno))
    return "ok"


def _outcome(attempt: Callable[[], object]) -> str:
    """`ok`, the name of the error, or of the signal by which the child died."""
    answer, status = _in_child(lambda: _named(attempt))
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return answer or "no answer"


def _in_child(work: Callable[[], str]) -> tuple[str, int]:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, work().encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    return answer, os.waitpid(pid, 0)[1]


def _restrict() -> None:
    ruleset = calls.create_ruleset((1).to_bytes(8, "little"))
    calls.restrict_self(ruleset)


def _filter() -> None:
    program = Assembler()
    program.verdict(ALLOW)
    calls.install_filter(program.assemble().fill())


def _after_no_new_privileges(attempt: Callable[[], object]) -> Callable[[], object]:
    def both() -> None:
        calls.set_no_new_privileges()
        attempt()

    return both


def _peek(pid: int) -> None:
    """Reads one byte of its own memory by way of the kernel."""
    byte = ctypes.create_string_buffer(1)
    pair = ctypes.addressof(byte).to_bytes(8, "little") + (1).to_bytes(8, "little")
    calls.call("process_vm_readv", pid, pair, 1, pair, 1, 0)


_ATTEMPTS: dict[str, Callable[[], object]] = {
    "prctl(NO_NEW_PRIVS)": calls.set_no_new_privileges,
    "prctl(CHILD_SUBREAPER)": lambda: calls.call("prctl", _PR_SET_CHILD_SUBREAPER, 1),
    "prctl(PDEATHSIG)": lambda: calls.call("prctl", _PR_SET_PDEATHSIG, 9),
    "prctl(DUMPABLE)": lambda: calls.call("prctl", _PR_SET_DUMPABLE, 0),
    "seccomp": _after_no_new_privileges(_filter),
    "landlock version": calls.landlock_version,
    "landlock": _after_no_new_privileges(_restrict),
    "ptrace": lambda: calls.call("ptrace", _PTRACE_TRACEME),
    "process_vm_readv": lambda: _peek(os.getpid()),
    "unshare(user)": lambda: calls.call("unshare", _CLONE_NEWUSER),
    "chroot": lambda: calls.call("chroot", b"/"),
    "io_uring_setup": lambda: calls.call("io_uring_setup", 1, ctypes.create_string_buffer(256)),
    "memfd_create": lambda: calls.call("memfd_create", b"probe", 0),
    "pidfd_open": lambda: calls.call("pidfd_open", os.getpid(), 0),
    "setsid": os.setsid,
    "setrlimit": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    "socket": lambda: calls.call("socket", 2, 1, 0),
}


def _describe(path: str) -> dict[str, object] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return {
        "path": path,
        "mode": f"{found.st_mode & 0o7777:o}",
        "owner": [found.st_uid, found.st_gid],
        "writable": os.access(path, os.W_OK),
    }


def _limits() -> dict[str, list[int]]:
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {name.removeprefix("RLIMIT_"): list(resource.getrlimit(getattr(resource, name))) for name in names}


def _status() -> dict[str, str]:
    wanted = ("NoNewPrivs", "Seccomp", "Seccomp_filters", "Threads", "Uid", "Gid", "CapEff", "CapBnd")
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = [line.partition(":") for line in lines]
    return {name: value.strip() for name, _, value in pairs if name in wanted}


def _processes() -> list[list[object]]:
    """Id, owner and name of what runs beside us: not the arguments, which may hold secrets."""
    found: list[list[object]] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
            found.append([int(folder.name), folder.stat().st_uid, name])
        except OSError:
            continue
    return sorted(found, key=lambda row: str(row[0]).zfill(10))[:100]


def _machine() -> str:
    return f"{os.uname().sysname} on {os.uname().machine}"
