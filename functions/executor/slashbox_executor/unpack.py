"""Unpacks a bundle into a folder and lets nothing in it reach outside."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from .deadline import Deadline

_CHUNK = 1 << 20
_MAX_ENTRIES = 60_000


class BundleError(Exception):
    """The bundle is not what its manifest says, or not fit to be unpacked."""


def unpack(archive: BinaryIO, folder: Path, most_bytes: int, deadline: Deadline) -> None:
    """
    :param folder: exists and is empty
    :param most_bytes: of all files together
    :raises BundleError: at a path that leads outside, a link, a damaged entry, too many bytes, or too late
    :raises OSError: when the disk refuses
    """
    try:
        with zipfile.ZipFile(archive) as bundle:
            entries = bundle.infolist()
            if len(entries) > _MAX_ENTRIES or sum(entry.file_size for entry in entries) > most_bytes:
                raise BundleError("it unpacks to more than its manifest says")
            made = {folder}
            for entry in entries:
                if deadline.passed:
                    raise BundleError("unpacking it took too long")
                _extract(bundle, entry, folder, made)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BundleError(f"it is damaged: {error}") from error


def _extract(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, made: set[Path]) -> None:
    target = folder / _safe_path(entry)
    parent = target if entry.is_dir() else target.parent
    if parent not in made:
        parent.mkdir(parents=True, exist_ok=True)
        made.add(parent)
    if entry.is_dir():
        return
    # ZipExtFile checks the CRC and never gives more than the size in the directory.
    with bundle.open(entry) as source, target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)


def _safe_path(entry: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    unsafe = path.is_absolute() or ".." in path.parts or "\\" in entry.filename or not path.parts
    if unsafe or kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise BundleError(f"it has an entry that is not a plain file: {entry.filename[:100]!r}")
    return path
