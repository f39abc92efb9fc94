"""Zip files that are the same to the byte whenever their contents are: sorted names, one date, two modes.

A layer is such a zip, deflated, as Lambda wants it; a bundle is a stored one, compressed as a whole.
"""

import hashlib
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from backports import zstd

_CHUNK = 1 << 20
# The first moment that a zip file can name.
_DATE = (1980, 1, 1, 0, 0, 0)
# Higher ones save a tenth of the bytes, take four times as long to make and longer to unpack (docs/adr/0012).
_LEVEL = 3


def write_archive(folder: Path, path: Path, *, deflate: bool) -> int:
    """Packs every file below `folder`, returns their total bytes. `path` appears only when it is complete."""
    partial = path.with_name(path.name + ".partial")
    total = 0
    files = sorted(
        (file.relative_to(folder).as_posix(), file) for file in folder.rglob("*") if file.is_file()
    )
    with zipfile.ZipFile(partial, "w") as archive:
        for name, file in files:
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3  # Unix, whatever the builder runs on: the modes below mean something
            executable = file.stat().st_mode & 0o100
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
            entry.file_size = file.stat().st_size
            total += entry.file_size
            with file.open("rb") as source, archive.open(entry, "w") as sink:
                shutil.copyfileobj(source, sink, _CHUNK)
    partial.replace(path)
    return total


def compress_file(source: Path, target: Path) -> None:
    """As one zstd frame, the same for the same bytes."""
    with source.open("rb") as plain, zstd.open(target, "wb", level=_LEVEL) as packed:
        shutil.copyfileobj(plain, packed, _CHUNK)


def extract_compressed(path: Path, folder: Path) -> None:
    """Unpacks a compressed archive. Raises FileExistsError where a file is there already."""
    with tempfile.TemporaryFile(dir=folder) as plain:
        with zstd.open(path, "rb") as packed:
            shutil.copyfileobj(packed, plain, _CHUNK)
        _extract(plain, folder)


def _extract(source_file: IO[bytes], folder: Path) -> None:
    with zipfile.ZipFile(source_file) as archive:
        for entry in archive.infolist():
            destination = folder / entry.filename
            destination.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, destination.open("xb") as sink:
                shutil.copyfileobj(source, sink, _CHUNK)
            destination.chmod((entry.external_attr >> 16) & 0o777)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
