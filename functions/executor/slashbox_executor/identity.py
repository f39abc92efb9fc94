"""Who user code runs as, and how much of this machine that user may be assumed to own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from . import linux
from .settings import Settings

# Above every range that systems hand out (people, services, containers) and below 2^31.
_FIRST_UID = 0x5B000000
# Where a user namespace maps only 65,536 ids.
_FIRST_SMALL_UID = 61_184
_SMALL_UIDS = 4_000


@dataclass(frozen=True, slots=True)
class Identity:
    """
    :ivar uid, gid: of the processes of a run
    :ivar dedicated: they differ from ours (we are root), and nobody else on this machine has them
    :ivar alone: we are in a Lambda's own small machine, where every process of our uid is ours
    :ivar reaps_orphans: the kernel hands us the orphans of a run
    """

    uid: int
    gid: int
    dedicated: bool
    alone: bool
    reaps_orphans: bool

    @property
    def exclusive(self) -> bool:
        """Whatever carries this uid, process or file, comes from a run (or, when alone, from us)."""
        return self.dedicated or self.alone


def choose_identity(settings: Settings) -> Identity:
    alone = settings.profile == "lambda" and _in_lambda()
    reaps = linux.become_subreaper()
    if os.geteuid() != 0:
        return Identity(os.geteuid(), os.getegid(), dedicated=False, alone=alone, reaps_orphans=reaps)
    uid = settings.run_uid or _free_uid()
    return Identity(uid, uid, dedicated=True, alone=alone, reaps_orphans=reaps)


def _free_uid() -> int:
    """One that no other executor on this machine uses at the same time: it follows from our process id."""
    mapped = _mapped_ids()
    for uid in (_FIRST_UID + os.getpid(), _FIRST_SMALL_UID + os.getpid() % _SMALL_UIDS, 65_534):
        if any(first <= uid < first + count for first, count in mapped):
            return uid
    return 65_534


def _mapped_ids() -> list[tuple[int, int]]:
    try:
        lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    except OSError:
        return [(0, 2**31)]
    return [(int(first), int(count)) for first, _, count in (line.split() for line in lines)]


def _in_lambda() -> bool:
    """True only where AWS's own folders are in place: here, all of /tmp may be wiped."""
    return Path(__file__).is_relative_to("/var/task") and Path("/var/runtime").is_dir()
