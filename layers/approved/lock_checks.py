"""What a lock has to be before it may be committed: everything approved, final releases, no step back."""

import re
from collections.abc import Collection, Mapping

from layers.approved.approved_list import ApprovedList
from layers.approved.errors import BuildError
from layers.approved.lockfile import Lock
from layers.approved.target import Target

_PRE_RELEASE = re.compile(r"\d(a|b|rc)\d|\.?dev\d", re.IGNORECASE)
_ADDRESS = re.compile(r"https?:|file:|git\+|--(extra-)?index-url|--find-links|/home/|/tmp/|/Users/")


def check_lock(lock: Lock, approved: ApprovedList, target: Target) -> None:
    """Raises BuildError where an approved package is missing, a release is not final, or an address is in."""
    where = f"the lock {target.lock_name}"
    for name, distribution in approved.distributions(target).items():
        if distribution not in lock.distributions:
            raise BuildError(f"{name} is approved but not in {where}: run `python layers/approved/lock.py`")
    for name in approved.absent(target):
        if name in lock.distributions:
            raise BuildError(
                f"{name} is marked absent in packages.toml but {where} has it, required by another"
            )
    for locked in lock.distributions.values():
        if _PRE_RELEASE.search(locked.version):
            raise BuildError(
                f"{locked.name} {locked.version} in {where} is not a final release: "
                "constrain it in packages.toml or wait for one"
            )
    if match := _ADDRESS.search(lock.text):
        raise BuildError(f"{where} names an address ({match[0]}): a lock carries names and hashes only")


def check_steps_back(
    old: Mapping[str, str],
    new: Mapping[str, str],
    strict: Collection[str],
    accepted: Collection[str],
    where: str,
) -> None:
    """Raises BuildError where a release went back: at all for the names in `strict`, for others in its first
    number (small steps back of a dependency happen when somebody narrows a range). A resolver that cannot use
    a new release falls back to an old one in silence; this is where it is heard.
    """
    for name in sorted(old.keys() & new.keys() - set(accepted)):
        before, after = _release(old[name]), _release(new[name])
        if after[:1] < before[:1] or (name in strict and after < before):
            raise BuildError(
                f"{name} goes back from {old[name]} to {new[name]} in {where}: find out who holds it back, "
                f"then constrain it in packages.toml or accept it with --accept-step-back {name}"
            )


def check_other_locks(
    locks: Mapping[str, Lock], approved: Collection[str], accepted: Collection[str]
) -> None:
    """Raises BuildError where an approved release is a whole first number behind that in another lock. (What
    they require may be: an older Python holds back many a small library.)
    """
    versions = {
        where: {name: lock.distributions[name].version for name in lock.distributions.keys() & set(approved)}
        for where, lock in locks.items()
    }
    for where, own in versions.items():
        for others in versions.values():
            check_steps_back(others, own, (), accepted, where)


def _release(version: str) -> tuple[int, ...]:
    epoch, _, rest = version.rpartition("!")
    match = re.match(r"\d+(\.\d+)*", rest)
    numbers = [int(part) for part in match[0].split(".")] if match else [0]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return (int(epoch), *numbers) if epoch else tuple(numbers)
