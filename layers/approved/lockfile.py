"""Reads a lock: a hashed requirements file as `uv pip compile` writes it, and nothing looser.

Its `# via` comments are data here: they say which distribution requires which on the lock's target, with
every marker and extra already evaluated by the resolver.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from layers.approved.errors import BuildError

_PIN = re.compile(r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==(?P<version>[0-9][0-9A-Za-z.+!]*) \\")
_HASH = re.compile(r"    --hash=sha256:(?P<hash>[0-9a-f]{64})(?P<more> \\)?")
_VIA = re.compile(r"    #(?: via)?(?:\s+(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*))?")


@dataclass(frozen=True)
class LockedDistribution:
    """`hashes` are hex SHA-256 of every file that the release has; `requires` are direct, within the lock."""

    name: str
    version: str
    hashes: tuple[str, ...]
    requires: tuple[str, ...]

    @property
    def requirement(self) -> str:
        """The pin with its hashes, as an installer wants it."""
        return f"{self.name}=={self.version}" + "".join(f" --hash=sha256:{value}" for value in self.hashes)


@dataclass(frozen=True)
class Lock:
    """Distributions by normalised name, and the text that they were read from."""

    text: str
    distributions: Mapping[str, LockedDistribution]

    def closure(self, names: Iterable[str]) -> set[str]:
        """The names and all that they require, directly or not."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.distributions[name].requires)
        return found


def read_lock(path: Path) -> Lock:
    """Raises BuildError naming the line where the file is anything but pins with SHA-256 hashes."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BuildError(f"The lock {path.name} is missing: run `python layers/approved/lock.py`") from error
    except UnicodeDecodeError as error:
        raise BuildError(f"The lock {path.name} is not text: take it from version control again") from error
    return parse_lock(text, path.name)


def parse_lock(text: str, source: str = "lock") -> Lock:
    """As `read_lock`, from text; `source` names it in errors."""
    versions: dict[str, str] = {}
    hashes: dict[str, list[str]] = {}
    requires: dict[str, set[str]] = {}
    current: str | None = None
    wants_hash = False
    for number, line in enumerate(text.splitlines(), 1):
        if pin := _PIN.fullmatch(line):
            current = pin["name"]
            if wants_hash or current in versions:
                raise _bad_line(source, number, line)
            versions[current], hashes[current], wants_hash = pin["version"], [], True
        elif current is not None and wants_hash and (match := _HASH.fullmatch(line)):
            hashes[current].append(match["hash"])
            wants_hash = match["more"] is not None
        elif current is not None and not wants_hash and (match := _VIA.fullmatch(line)):
            if match["name"]:
                requires.setdefault(match["name"], set()).add(current)
        else:
            raise _bad_line(source, number, line)
    if wants_hash or not versions:
        raise BuildError(f"The lock {source} ends too early: take it from version control again")
    for name in requires:
        if name not in versions:
            raise BuildError(
                f"The lock {source} says that {name} requires something, but does not have {name}"
            )
    return Lock(
        text,
        {
            name: LockedDistribution(
                name, version, tuple(hashes[name]), tuple(sorted(requires.get(name, ())))
            )
            for name, version in versions.items()
        },
    )


def _bad_line(source: str, number: int, line: str) -> BuildError:
    return BuildError(
        f"The lock {source} has in line {number} something else than a pin, its hashes or who requires it "
        f"({line.strip()[:60]!r}): it is written by layers/approved/lock.py only"
    )
