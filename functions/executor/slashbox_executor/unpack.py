"""Unpacks a bundle into a folder while it arrives, and lets nothing in it reach outside."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .deadline import Deadline

_MAX_ENTRIES = 60_000
_MAX_NAME_BYTES = 1_000
_STORED, _DEFLATED = 0, 8
# What stands before each file: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7
_ENTRY = b"PK\3\4"
_HEADER = struct.Struct("<HHHHHIIIHH")
# The directory at the end, which we do not need.
_AFTER_THE_ENTRIES = frozenset({b"PK\1\2", b"PK\5\6"})
_IN_UTF8 = 0x800
# Encrypted, patched, or with its sizes behind it: not what our builder writes.
_REFUSED_FLAGS = 0x1 | 0x8 | 0x20 | 0x40
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class BundleError(Exception):
    """The bundle is not what its manifest says, or not fit to be unpacked."""


def unpack(parts: Iterable[bytes], folder: Path, most_bytes: int, deadline: Deadline) -> None:
    """
    Reads a zip from its beginning to its end, so that it never has to lie on disk.

    The files' checksums are not looked at: whoever hands us `parts` checks a hash of them all at their end,
    and must not use what is in `folder` before that. What `parts` raises comes through, and outranks damage
    that was found before: that is often its consequence.

    :param folder: exists and is empty
    :param most_bytes: of all files together
    :raises BundleError: at a path that leads outside, a damaged entry, too many bytes, or too late
    :raises OSError: when the disk refuses
    """
    stream = _Stream(parts)
    try:
        _unpack_entries(stream, folder, most_bytes, deadline)
    except BundleError:
        stream.drain()
        raise
    stream.drain()


def _unpack_entries(stream: _Stream, folder: Path, most_bytes: int, deadline: Deadline) -> None:
    root, made, left, count = str(folder), {str(folder)}, most_bytes, 0
    while (signature := stream.take(4)) == _ENTRY:
        entry = _read_entry(stream)
        count, left = count + 1, left - entry.size
        if count > _MAX_ENTRIES or left < 0:
            raise BundleError("it unpacks to more than its manifest says")
        if deadline.passed:
            raise BundleError("unpacking it took too long")
        path = f"{root}/{entry.path}"
        parent = path if entry.is_folder else path.rpartition("/")[0]
        try:
            if parent not in made:
                os.makedirs(parent, exist_ok=True)  # noqa: PTH103 - thousands of times: no Path for each
                made.add(parent)
            if not entry.is_folder:
                _write(path, _content(entry, stream))
        except (FileExistsError, NotADirectoryError) as error:
            raise BundleError(f"it is damaged: {entry.path} is there twice") from error
    if signature not in _AFTER_THE_ENTRIES:
        raise BundleError("it is damaged: there is no entry where one should be")


@dataclass(frozen=True, slots=True)
class _Entry:
    """`path` is relative and leads nowhere else; `packed` bytes follow in the stream."""

    path: str
    is_folder: bool
    method: int
    packed: int
    size: int


def _read_entry(stream: _Stream) -> _Entry:
    _, flags, method, _, _, _, packed, size, name, extra = _HEADER.unpack(stream.take(_HEADER.size))
    if flags & _REFUSED_FLAGS or method not in {_STORED, _DEFLATED}:
        raise BundleError("it is damaged: it has an entry of a kind that bundles do not have")
    if name > _MAX_NAME_BYTES or (method == _STORED and packed != size):
        raise BundleError("it is damaged: the head of an entry contradicts itself")
    path = _safe_path(stream.take(name), flags)
    stream.take(extra)
    is_folder = path.endswith("/")
    if is_folder and packed:
        raise BundleError("it is damaged: a folder has content")
    return _Entry(path.rstrip("/"), is_folder, method, packed, size)


def _safe_path(raw: bytes, flags: int) -> str:
    """Relative, normal, and with a slash at its end where it is a folder's."""
    try:
        name = raw.decode("utf-8" if flags & _IN_UTF8 else "ascii")
    except UnicodeDecodeError as error:
        raise BundleError("it is damaged: the name of an entry is not text") from error
    # Thousands of times: what `PurePosixPath` would find takes it ten times as long.
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if name.startswith("/") or ".." in parts or not parts or "\\" in name or "\0" in name:
        raise BundleError(f"it has an entry that is not a plain file: {name[:100]!r}")
    return "/".join(parts) + ("/" if name.endswith("/") else "")


def _content(entry: _Entry, stream: _Stream) -> Iterator[bytes | memoryview]:
    """Exactly `entry.size` bytes."""
    if entry.method == _STORED:
        yield from stream.pieces(entry.packed)
        return
    inflate, left = zlib.decompressobj(-zlib.MAX_WBITS), entry.size
    try:
        for piece in stream.pieces(entry.packed):
            # One byte more than there may be tells too much from enough, and no bomb goes off.
            data = inflate.decompress(piece, left + 1)
            left -= len(data)
            if left < 0 or inflate.unconsumed_tail or inflate.unused_data:
                raise BundleError("it is damaged: an entry is larger than its head says")
            yield data
    except zlib.error as error:
        raise BundleError(f"it is damaged: {error}") from error
    if left or not inflate.eof:
        raise BundleError("it is damaged: an entry is shorter than its head says")


def _write(path: str, content: Iterable[bytes | memoryview]) -> None:
    file = os.open(path, _NEW_FILE, 0o644)
    try:
        for piece in content:
            view = memoryview(piece)
            while view:
                view = view[os.write(file, view) :]
    finally:
        os.close(file)


class _Stream:
    """Takes what comes in parts of any size apart into pieces of the size that is wanted."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._part = memoryview(b"")

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes. :raises BundleError: where there are fewer"""
        if size <= len(self._part):
            piece, self._part = bytes(self._part[:size]), self._part[size:]
            return piece
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[memoryview]:
        """The same, in as many pieces as they lie in."""
        while size:
            while not self._part:
                part = next(self._parts, None)
                if part is None:
                    raise BundleError("it is damaged: it ends too early")
                self._part = memoryview(part)
            piece, self._part = self._part[:size], self._part[size:]
            size -= len(piece)
            yield piece

    def drain(self) -> None:
        """Reads to the end, for what the end brings."""
        self._part = memoryview(b"")
        for _ in self._parts:
            pass
