"""Decides at the start what this kernel can do for us, and confines each run by it just before it begins."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..settings import Profile
from . import calls
from .bpf import Program
from .landlock import SCOPES_SINCE, Ruleset
from .probe import Abilities, probe_abilities
from .seccomp import build_program, fill_in
from .syscalls import this_architecture

_PR_SET_DUMPABLE = 4


class KernelError(Exception):
    """This kernel does not give what the profile requires; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What one run is under. Parts that the kernel does not have are None."""

    program: Program | None
    ruleset: Ruleset | None

    def enter(self) -> None:
        """
        For the calling process, for good; it must have one thread and no_new_privs, and be the executor's
        direct child. What worked at the start has to work now.

        :raises OSError:
        """
        if self.ruleset is not None:
            self.ruleset.enforce()
        if self.program is not None:
            calls.install_filter(fill_in(self.program, os.getpid(), os.getppid()))


class Kernel:
    """Made once per execution environment: what is here, what is missing, the filter ready for use."""

    def __init__(self, profile: Profile, log: Callable[[str], None]) -> None:
        """
        :raises KernelError: under `strict`, if anything is missing
        """
        self.abilities: Abilities = probe_abilities()
        architecture = this_architecture()
        if self.abilities.missing:
            missing = "; ".join(self.abilities.missing)
            if profile == "strict":
                raise KernelError(
                    f"The profile 'strict' needs a kernel layer that is not complete here: {missing}. "
                    "Use a newer kernel or allow these calls, or choose the profile 'local'."
                )
            # In Lambda it cannot be otherwise; there, the handler runs nothing without a tenant id.
            log(f"Code is not held back by the kernel: {missing}")
        self._program: Program | None = None
        if self.abilities.seccomp and architecture is not None:
            scoped = self.abilities.landlock_version >= SCOPES_SINCE
            self._program = build_program(architecture, signals=not scoped)

    def confine(self, *, readable: Iterable[Path], writable: Iterable[Path]) -> Confinement:
        """For one run: these paths beside the system's own."""
        version = self.abilities.landlock_version
        ruleset = Ruleset(version, tuple(map(str, readable)), tuple(map(str, writable))) if version else None
        return Confinement(self._program, ruleset)


def hide_self() -> bool:
    """
    Closes our memory, environment and descriptors in /proc to processes of the same user; false if refused.

    Not for an executor that is root: runs have another user there, and it looks into its helpers itself.
    """
    try:
        calls.call("prctl", _PR_SET_DUMPABLE, 0)
    except OSError:  # Lambda refuses every prctl; elsewhere than on Linux there is no /proc either
        return False
    return True


def library_folders(library_path: str | None) -> list[Path]:
    """Where the interpreter finds its shared libraries beside the system's."""
    loaded = [Path(entry).resolve() for entry in (library_path or "").split(":") if entry.startswith("/")]
    return [folder for folder in loaded if folder != Path("/") and sys.platform == "linux"]
