"""The packages' bucket as a rebuild sees it: what is finished stays as it is, what goes on is guarded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

PREFIX = "environments"
STATUS_KEY = f"{PREFIX}/status.json"
# There while promote removes what no environment names; as functions/shared/package-environment.ts has it.
COLLECTION_KEY = f"{PREFIX}/collection.txt"
# One that began longer ago has died; promote's own limit is a minute less.
COLLECTION_DEAD_AFTER_SECONDS = 180.0


def lock_key(environment: str) -> str:
    return f"{PREFIX}/{environment}/lock.txt"


def progress_key(environment: str) -> str:
    return f"{PREFIX}/{environment}/progress.json"


def manifest_key(environment: str) -> str:
    """Written last: where it is, everything that it names is."""
    return f"{PREFIX}/{environment}/manifest.json"


def layer_key(environment: str) -> str:
    return f"{PREFIX}/{environment}/layer.zip"


def checked_key(environment: str) -> str:
    """Renewed whenever a rebuild finds nothing newer."""
    return f"{PREFIX}/{environment}/checked.txt"


class ConflictError(Exception):
    """Somebody else wrote the object meanwhile: another rebuild is at work."""


@dataclass(frozen=True)
class StoredText:
    """An object's text, and the tag that changes with it."""

    text: str
    tag: str
    written: datetime


class EnvironmentBucket(Protocol):
    """Objects by key. Checksums are hex SHA-256."""

    def read(self, key: str) -> StoredText | None: ...

    def write(self, key: str, text: str) -> None: ...

    def write_guarded(self, key: str, text: str, tag: str | None) -> str:
        """Writes over what has `tag` (None: where nothing is) and returns the new tag.

        :raises ConflictError: where something else is there
        """
        ...

    def has(self, key: str, sha256: str) -> bool:
        """Whether the object is there with this checksum; none of its bytes move."""
        ...

    def upload(self, key: str, path: Path, sha256: str) -> bool:
        """False where the object is there with this checksum already."""
        ...

    def download(self, key: str, path: Path, sha256: str) -> bool:
        """False where there is no object with this checksum."""
        ...
