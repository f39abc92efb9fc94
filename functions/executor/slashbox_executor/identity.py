"""Who user code runs as, and how much of this machine that user may be assumed to own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from . import linux
from .settings import Settings

# Above every range that systems hand out (people, services, containers) and below 2^31.
_FIRST_UID = 0x5B000000
# Beside it, for the parents of runs; process ids end below.
_PARENTS_OFFSET = 1 << 22
# Where a user namespace maps only 65,536 ids.
_FIRST_SMALL_UID = 61_184
_SMALL_UIDS = 4_000


@dataclass(frozen=True, slots=True)
class Identity:
    """
    :ivar uid, gid: of the processes of a run
    :ivar dedicated: they differ from ours (we are root), and nobody else on this machine has them
    :ivar parent_uid: where dedicated, of the processes that runs are forked from, and of no others
    :ivar alone: we are in a Lambda's own small machine, where every process of our uid is ours
    :ivar reaps_orphans: the kernel hands us the orphans of a run
    """

    uid: int
    gid: int
    parent_uid: int
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
        uid = os.geteuid()
        return Identity(uid, os.getegid(), uid, dedicated=False, alone=alone, reaps_orphans=reaps)
    uid, parent_uid = _free_uids()
    uid = settings.run_uid or uid
    return Identity(uid, uid, parent_uid, dedicated=True, alone=alone, reaps_orphans=reaps)


def _free_uids() -> tuple[int, int]:
    """Two that no other executor on this machine uses at the same time: they follow from our process id."""
    mapped = _mapped_ids()
    large = _FIRST_UID + os.getpid()
    small = _FIRST_SMALL_UID + os.getpid() % _SMALL_UIDS // 2
    for pair in ((large, large + _PARENTS_OFFSET), (small, small + _SMALL_UIDS // 2)):
        if all(any(first <= uid < first + count for first, count in mapped) for uid in pair):
            return pair
    return 65_534, 65_533


def _mapped_ids() -> list[tuple[int, int]]:
    try:
        lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    except OSError:
        return [(0, 2**31)]
    return [(int(first), int(count)) for first, _, count in (line.split() for line in lines)]


def _in_lambda() -> bool:
    """True only where AWS's own folders are in place: here, all of /tmp may be wiped."""
    return Path(__file__).is_relative_to("/var/task") and Path("/var/runtime").is_dir()
