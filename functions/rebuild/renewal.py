"""Resolves the approved list anew, and decides whether that gives another lock than the one in force."""

from __future__ import annotations

from dataclasses import dataclass

from layers.approved.approved_list import ApprovedList
from layers.approved.fetch import Source
from layers.approved.lock import resolve
from layers.approved.lock_checks import check_lock, check_steps_back
from layers.approved.lockfile import Lock
from layers.approved.processes import Processes
from layers.approved.target import Target


@dataclass(frozen=True)
class Renewal:
    """What a new lock is made from. `accepted`: distributions that may go back to an earlier release."""

    approved: ApprovedList
    target: Target
    source: Source
    accepted: tuple[str, ...] = ()


def renew_lock(renewal: Renewal, current: Lock) -> Lock:
    """`current` itself where no release differs, so that nothing is built anew for its sake.

    Raises BuildError where nothing fits, or where what fits is not fit for use: a release that is not final,
    or one that went back.
    """
    lock = resolve(renewal.approved, renewal.target, renewal.source, Processes())
    check_lock(lock, renewal.approved, renewal.target)
    strict = set(renewal.approved.distributions(renewal.target).values())
    where = f"the new lock {renewal.target.lock_name}"
    check_steps_back(_versions(current), _versions(lock), strict, renewal.accepted, where)
    return current if _same_releases(current, lock) else lock


def _versions(lock: Lock) -> dict[str, str]:
    return {name: locked.version for name, locked in lock.distributions.items()}


def _same_releases(old: Lock, new: Lock) -> bool:
    """Files that were added to a release since, for another Python, change nothing for this one."""
    if old.distributions.keys() != new.distributions.keys():
        return False
    pairs = ((old.distributions[name], found) for name, found in new.distributions.items())
    return all(
        before.version == after.version
        and before.requires == after.requires
        and set(before.hashes) <= set(after.hashes)
        for before, after in pairs
    )
