"""Finds the files that a run made or changed, after its last process died, and trusts nothing about them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader

from .names import clean_name, unique_name
from .protocol import MAX_FILES, Failure, FileKind, RunLimits

_MAX_DEPTH = 8
_MAX_ENTRIES = 20_000
_SECONDS = 10.0
# Of what a run kept by itself, these are pictures; a chart's page is a file like any other.
_PICTURES = (".png", ".jpg", ".gif")
# What programs leave for themselves, not for a person.
_CACHES = frozenset({"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".mypy_cache", ".git", ".cache"})
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Known:
    """An input as we put it there; `changed_ns` is the one time of a file that nobody can set."""

    inode: int
    size: int
    changed_ns: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """A file to hand out: `size` bytes, read from `source`. Valid inside the callback only."""

    name: str
    size: int
    kind: FileKind
    source: BufferedReader


Take = Callable[[Found], str | None]


def collect(
    *, figures: int, work: int, known: Mapping[str, Known], limits: RunLimits, slots: int, take: Take
) -> list[Failure]:
    """
    Hands every file of the run to `take`, figures first, then by path; returns what was left out and why.

    :param figures, work: open descriptors of the folders
    :param known: inputs by name; handed out only if their content changed
    :param slots: the most files that `take` can take
    :param take: stores one file; returns why it could not, or None
    """
    return _Collection(known, limits, slots, take).run(figures, work)


class _Collection:
    def __init__(self, known: Mapping[str, Known], limits: RunLimits, slots: int, take: Take) -> None:
        self._known = known
        self._limits = limits
        self._most = min(limits.files, slots)
        self._take = take
        self._taken: set[str] = set()
        self._count = 0
        self._entries = 0
        self._end = time.monotonic() + _SECONDS
        self._skipped: list[Failure] = []
        self._unnamed = 0

    def run(self, figures: int, work: int) -> list[Failure]:
        self._folder(figures, (), "figure")
        self._folder(work, (), "file")
        return self._skipped

    def _folder(self, folder: int, path: tuple[str, ...], kind: FileKind) -> None:
        for name in self._listing(folder, path):
            here = (*path, name)
            try:
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    self._subfolder(folder, here, kind)
                else:
                    self._file(folder, here, kind)
            except OSError as error:
                self._skip(here, f"could not be read: {error.strerror}")

    def _listing(self, folder: int, path: tuple[str, ...]) -> Iterator[str]:
        with contextlib.suppress(OSError):
            os.fchmod(folder, 0o700)
        try:
            names = os.listdir(folder)
        except OSError as error:
            self._skip(path, f"could not be read: {error.strerror}")
            return
        for name in sorted(names, key=_natural):
            self._entries += 1
            if self._entries > _MAX_ENTRIES or time.monotonic() > self._end:
                self._skip(path or ("…",), "there are too many files to look at all of them")
                return
            yield name

    def _subfolder(self, folder: int, here: tuple[str, ...], kind: FileKind) -> None:
        if here[-1] in _CACHES:
            return
        if len(here) > _MAX_DEPTH:
            self._skip(here, f"lies deeper than {_MAX_DEPTH} folders")
            return
        below = _open(folder, here[-1], _OPEN_FOLDER)
        try:
            self._folder(below, here, kind)
        finally:
            os.close(below)

    def _file(self, folder: int, here: tuple[str, ...], kind: FileKind) -> None:
        if not stat.S_ISREG(os.stat(here[-1], dir_fd=folder, follow_symlinks=False).st_mode):
            self._skip(here, "is not a regular file")
            return
        handle = _open(folder, here[-1], _OPEN_FILE)
        with os.fdopen(handle, "rb") as source:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                self._skip(here, "is not a regular file")
            elif found.st_nlink != 1:
                self._skip(here, "is a hard link to another file")
            elif not (len(here) == 1 and kind == "file" and self._is_unchanged(here[0], found, source)):
                self._hand_out(here, found.st_size, kind, source)

    def _is_unchanged(self, name: str, found: os.stat_result, source: BufferedReader) -> bool:
        before = self._known.get(name)
        if before is None or before.size != found.st_size:
            return False
        if before.inode == found.st_ino and before.changed_ns == found.st_ctime_ns:
            return True
        same = hashlib.file_digest(source, "sha256").digest() == before.digest
        source.seek(0)
        return same

    def _hand_out(self, here: tuple[str, ...], size: int, kind: FileKind, source: BufferedReader) -> None:
        if size > self._limits.file_bytes:
            most = self._limits.file_bytes
            self._skip(here, f"has {_amount(size)}, and one file may have at most {_amount(most)}")
            return
        if self._count >= self._most:
            self._skip(here, f"one run can hand out {self._most} files, and there were more")
            return
        if not here[-1].endswith(_PICTURES):
            kind = "file"
        name = unique_name(clean_name("-".join(here)), self._taken)
        reason = self._take(Found(name, size, kind, source))
        if reason is None:
            self._count += 1
        else:
            self._skip(here, reason)

    def _skip(self, here: tuple[str, ...], reason: str) -> None:
        if len(self._skipped) < MAX_FILES:
            self._skipped.append(Failure(clean_name("-".join(here)), reason))
        else:
            self._unnamed += 1
            self._skipped[-1] = Failure("…", f"{self._unnamed + 1} more files were left out")


def _open(folder: int, name: str, flags: int) -> int:
    """Opens what the run may have closed to us. Root is never refused, and so never changes a mode."""
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=folder)
        return os.open(name, flags, dir_fd=folder)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts figure-2 before figure-10."""
    parts = re.split(r"([0-9]{1,18})", name)
    return [(int(part) if part.isdigit() and part.isascii() else -1, part) for part in parts]


def _amount(size: int) -> str:
    megabytes = size / (1 << 20)
    return f"{megabytes:,.1f} MB" if megabytes >= 0.1 else f"{size:,} bytes"
