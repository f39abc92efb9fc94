"""A warm parent: loads modules, then forks a child whenever it is told to, and tells how each one ended."""

from __future__ import annotations

import _socket
import gc
import os
import select
import sys
from typing import NoReturn, cast

from ..child_parts import PARTS, USUAL_PARTS, compile_part
from ..environment_block import find_mark
from ..kernel.confinement import hide_self
from ..kernel.landlock import SCOPES_SINCE
from ..kernel.seccomp import build_program
from ..kernel.syscalls import this_architecture
from ..linux import forbid_new_privileges
from . import preload
from .messages import ParentSetup
from .spare import Blank, become_run
from .wire import Channel, receive, send


def serve(control_descriptor: int) -> NoReturn:
    """Until the executor closes its end of the channel."""
    control = _socket.socket(fileno=control_descriptor)
    received = receive(control)
    if received is None:
        os._exit(0)
    setup = cast(ParentSetup, received[0])
    try:
        _become_harmless(setup["ids"])
        blank, missed = _load(setup)
    except Exception as error:
        send(control, {"failed": f"{type(error).__name__}: {error}"[:1_000]})
        os._exit(1)
    _forget_ourselves()
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208
    send(control, {"ready": preload.loaded_roots(), "missed": missed, "threads": threads})
    _Loop(control, blank).run()


def _become_harmless(ids: list[int] | None) -> None:
    """
    Before anything of a package is loaded. Started as root, it becomes a user of its own who can still turn
    into the runs' user: that one is its effective user id, which, unlike the other two, gives nobody a right
    to send it signals or to look into it.
    """
    if ids is not None:
        own, uid, gid = ids
        os.setgroups([])
        os.setresgid(own, gid, own)
        os.setresuid(own, uid, own)
    forbid_new_privileges()
    hide_self()


def _load(setup: ParentSetup) -> tuple[Blank, list[str]]:
    gc.disable()
    descriptors = _open_descriptors()
    before = list(sys.path)
    preload.load_light()
    missed: list[str] = []
    if setup["kind"] == "heavy":
        sys.path += setup["paths"]
        missed = preload.load_heavy()
        sys.path[:] = before
    for part in PARTS:
        compile_part(part)  # a child may not read them where it is held back
    architecture = this_architecture()
    program = None
    if setup["seccomp"] and architecture is not None:
        program = build_program(architecture, signals=setup["landlock"] < SCOPES_SINCE)
    blank = Blank(
        parts={part: _load_part(part) for part in USUAL_PARTS},
        load_part=_load_part,
        landlock=setup["landlock"],
        program=program,
        readable=tuple(setup["readable"]),
        ids=None if setup["ids"] is None else (setup["ids"][1], setup["ids"][2]),
        mark=find_mark(),
        set_blas_threads=preload.find_blas(),
    )
    gc.collect()
    if left := len(_open_descriptors() - descriptors):
        # A child closes what it inherits, under the owner, who would then read and close the run's own files.
        raise RuntimeError(f"what it loaded keeps {left} files open")
    return blank, missed


def _open_descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208


def _forget_ourselves() -> None:
    """A program that looks at what is loaded finds what it could import itself."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "slashbox_executor"]:
        del sys.modules[name]


def _load_part(part: str) -> dict[str, object]:
    namespace: dict[str, object] = {"__name__": f"slashbox_{part}"}
    exec(compile_part(part), namespace)  # noqa: S102
    return namespace


class _Loop:
    def __init__(self, control: Channel, blank: Blank) -> None:
        self._control = control
        self._blank = blank
        self._poll = select.poll()
        self._poll.register(control.fileno(), select.POLLIN)
        self._children: dict[int, int] = {}

    def run(self) -> NoReturn:
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._control.fileno():
                    self._obey()
                else:
                    self._bury(descriptor)

    def _obey(self) -> None:
        """The only order there is: fork, and give the child its end of a channel."""
        received = receive(self._control)
        if received is None:
            os._exit(0)
        job = received[1][0]
        # What is alive now is not looked at by the child's collector, and so not copied for it.
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            self._control.close()
            become_run(_socket.socket(fileno=job), self._blank)
        os.close(job)
        handle = os.pidfd_open(pid)
        self._children[handle] = pid
        self._poll.register(handle, select.POLLIN)
        send(self._control, {"spare": pid})

    def _bury(self, handle: int) -> None:
        self._poll.unregister(handle)
        os.close(handle)
        pid, status = os.waitpid(self._children.pop(handle), 0)
        send(self._control, {"ended": pid, "status": status})
