"""A forked child that waits for its job, gives up all it does not need, and becomes the run."""

from __future__ import annotations

import ast
import gc
import io
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn, cast

from ..environment_block import write_mark
from ..kernel import calls
from ..kernel.bpf import Program
from ..kernel.landlock import begin_ruleset, enforce_ruleset
from ..kernel.seccomp import fill_in
from ..protocol import RunLimits
from ..resource_limits import OPEN_FILES, limit_resources
from . import preload
from .finish import finish
from .messages import Job
from .wire import Channel, receive, send

_PR_SET_DUMPABLE = 4
_BROKEN = 127


@dataclass(frozen=True, slots=True)
class Blank:
    """What a parent has ready for all its children (see `ParentSetup` for what the names mean)."""

    parts: dict[str, dict[str, object]]
    load_part: Callable[[str], dict[str, object]]
    landlock: int
    program: Program | None
    readable: tuple[str, ...]
    ids: tuple[int, int] | None
    mark: tuple[int, int] | None
    set_blas_threads: Callable[[int], object] | None


def become_run(channel: Channel, blank: Blank) -> NoReturn:
    """Never returns, whatever happens: above lies the parent's loop."""
    code = _BROKEN
    try:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        child = _Child(channel, blank)
        received = receive(channel)
        if received is not None:
            code = child.run(cast(Job, received[0]), received[1])
    except BaseException:  # noqa: S110 - there is nobody to tell
        pass
    finally:
        os._exit(code & 0xFF)


class _Child:
    """Made before there is a job: what takes time and is the same for every run is done then."""

    def __init__(self, channel: Channel, blank: Blank) -> None:
        self._channel = channel
        self._blank = blank
        self._step = "descriptors"
        self._ruleset = begin_ruleset(blank.landlock, blank.readable) if blank.landlock else None
        self._main = cast("Callable[..., int]", blank.parts["start"]["main"])
        preload.renew()
        _rehearse()
        gc.enable()
        if blank.program is not None:
            # Nothing that is still to do is refused by it.
            calls.install_filter(fill_in(blank.program, os.getpid(), os.getppid()))

    def run(self, job: Job, descriptors: list[int]) -> int:
        """The exit code."""
        try:
            self._give_up(job, descriptors)
        except BaseException as error:
            send(self._channel, {"problem": f"{self._step}: {error}"})
            return _BROKEN
        try:
            return self._main(
                job["root"],
                job["code_name"],
                job["paths"],
                parts=self._blank.parts,
                load=self._blank.load_part,
                begin=self._begin,
            )
        finally:
            finish()

    def _begin(self) -> None:
        """The last thing before the user's first line: whoever dies earlier died of the parent's state."""
        send(self._channel, {"started": True})
        self._channel.close()

    def _give_up(self, job: Job, descriptors: list[int]) -> None:
        """Each step takes away what it needed."""
        blank = self._blank
        self._arrange_descriptors(descriptors)
        self._step = "limits"
        limit_resources(RunLimits(**job["limits"]), dedicated=blank.ids is not None)  # type: ignore[arg-type]
        self._step = "user"
        if blank.ids is not None:
            uid, gid = blank.ids
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
        with suppress(OSError):  # a run may look into itself; Lambda refuses every prctl
            calls.call("prctl", _PR_SET_DUMPABLE, 1)
        self._step = "folder"
        os.umask(0o022)
        os.chdir(f"{job['root']}/work")
        self._step = "environment"
        if blank.mark is not None:
            write_mark(blank.mark, job["mark"])
        _replace_environment(job["environment"])
        _open_standard_streams()
        preload.move_home(job["environment"]["HOME"])
        self._step = "kernel"
        if self._ruleset is not None:
            enforce_ruleset(self._ruleset, blank.landlock, job["readable"], job["writable"])
        if blank.set_blas_threads is not None and job["threads"] > 1:
            blank.set_blas_threads(job["threads"])

    def _arrange_descriptors(self, given: list[int]) -> None:
        """0, 1, 2; the channel and the ruleset for a moment longer; nothing else."""
        for target, source in enumerate(given):
            os.dup2(source, target, inheritable=True)
        last = 2
        kept = {self._channel.fileno()} | ({self._ruleset} if self._ruleset is not None else set())
        for descriptor in sorted(kept):
            os.closerange(last + 1, descriptor)
            last = descriptor
        os.closerange(last + 1, OPEN_FILES)


def _open_standard_streams() -> None:
    """As the interpreter does under -u and -X utf8: the parent's have looked at other files."""
    sys.stdin = sys.__stdin__ = open(  # type: ignore[misc] # noqa: SIM115
        0, encoding="utf-8", errors="surrogateescape", newline=None, closefd=False
    )
    for name, descriptor, errors in (("stdout", 1, "surrogateescape"), ("stderr", 2, "backslashreplace")):
        raw = io.FileIO(descriptor, "w", closefd=False)
        raw.name = f"<{name}>"
        stream = io.TextIOWrapper(raw, "utf-8", errors, "\n", write_through=True)
        stream.mode = "w"  # type: ignore[misc]
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _replace_environment(variables: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)


def _rehearse() -> None:
    """
    Does once, on nothing, what every run does: the first write to a page that is shared with the parent
    copies it, which then does not happen while somebody waits.
    """
    _replace_environment(dict(os.environ))
    _open_standard_streams()
    source = "import math\ndef f(x):\n    return [x]\nprint(f(1))\nf(2)"
    exec(compile(ast.parse(source), "<rehearsal>", "exec"), {})  # noqa: S102
    with open("/dev/null", encoding="utf-8") as nothing:  # noqa: PTH123
        nothing.read()
    resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))
    json.dumps(json.loads('{"a": [1, 2.5, "x"], "b": {"c": null}}'))
