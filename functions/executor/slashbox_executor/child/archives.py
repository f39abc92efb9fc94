"""Unpacks archives into a folder of the run, trusting nothing that they say about where and how much."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_MOST_ENTRIES = 10_000
_MOST_BYTES = 1 << 30
_CHUNK = 1 << 20
_OPENERS: dict[str, Any] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".lzma": lzma.open,
}


class ArchiveError(ValueError):
    """An archive that is damaged, closed or larger than a run can hold."""


def unpack(path: Path, parent: str) -> Path:
    """
    A folder with the files of a zip or tar archive, without links, devices and names that lead elsewhere.

    :param parent: the folder to make it in; not the working folder, whose files would all be handed out
    :raises ArchiveError: if it is damaged, has a password, more than 10,000 files or more than 1 GiB
    """
    target = Path(tempfile.mkdtemp(prefix="unpacked-", dir=parent)) / (path.name.split(".")[0] or "archive")
    target.mkdir()
    room = _MOST_BYTES
    try:
        for number, (name, source) in enumerate(_entries(path), 1):
            if number > _MOST_ENTRIES:
                raise ArchiveError(f"{path.name} has more than {_MOST_ENTRIES:,} files")
            place = _place(target, name)
            if place is not None:
                room -= _copy(source, place, room, path.name)
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, EOFError, gzip.BadGzipFile) as error:
        raise ArchiveError(f"{path.name} is damaged, or not what its ending says ({error})") from None
    except RuntimeError as error:  # zipfile's word for a password
        raise ArchiveError(f"{path.name} cannot be opened: {error}") from None
    return target


def decompress(path: Path, parent: str) -> Path:
    """
    The file that was compressed, under its name without the last ending.

    :raises ArchiveError: if it is damaged or becomes larger than 1 GiB
    """
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise ImportError(
            f"Reading {path.suffix} needs zstandard, which is not among the approved packages: "
            "compress it as .gz instead"
        )
    target = Path(tempfile.mkdtemp(prefix="unpacked-", dir=parent)) / path.stem
    try:
        with opener(path, "rb") as source:
            _copy(source, target, _MOST_BYTES, path.name)
    except (lzma.LZMAError, EOFError, OSError) as error:
        raise ArchiveError(f"{path.name} is damaged, or not what its ending says ({error})") from None
    return target


def _entries(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Names and contents of the regular files."""
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            for item in archive.infolist():
                kind = stat.S_IFMT(item.external_attr >> 16)
                if not item.is_dir() and kind in {0, stat.S_IFREG}:
                    with archive.open(item) as source:
                        yield item.filename, source
        return
    with tarfile.open(path) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                with content:
                    yield member.name, content


def _place(target: Path, name: str) -> Path | None:
    """Where a file of that name goes, its folder made; None where it would lie outside, or nowhere."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", "."}]
    if not parts or ".." in parts or "\0" in name:
        return None
    place = target.joinpath(*parts)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        return None if place.is_dir() else place
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTDIR, errno.ENAMETOOLONG}:
            return None
        raise


def _copy(source: IO[bytes], target: Path, room: int, name: str) -> int:
    """Bytes copied. :raises ArchiveError: beyond `room`"""
    count = 0
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            count += len(chunk)
            if count > room:
                file.close()
                os.unlink(target)  # noqa: PTH108
                raise ArchiveError(f"{name} holds more than {_MOST_BYTES >> 20:,} MiB")
            file.write(chunk)
    return count
