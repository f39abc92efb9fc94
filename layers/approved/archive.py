"""Zip files that are the same to the byte whenever their contents are: sorted names, one date, two modes."""

import hashlib
import shutil
import zipfile
from pathlib import Path

_CHUNK = 1 << 20
# The first moment that a zip file can name.
_DATE = (1980, 1, 1, 0, 0, 0)


def write_archive(folder: Path, path: Path, *, compress: bool) -> int:
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
            entry.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
            entry.file_size = file.stat().st_size
            total += entry.file_size
            with file.open("rb") as source, archive.open(entry, "w") as sink:
                shutil.copyfileobj(source, sink, _CHUNK)
    partial.replace(path)
    return total


def extract_archive(path: Path, folder: Path) -> None:
    """Unpacks what `write_archive` packed. Raises FileExistsError where a file is there already."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            destination = folder / entry.filename
            destination.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, destination.open("xb") as sink:
                shutil.copyfileobj(source, sink, _CHUNK)
            destination.chmod((entry.external_attr >> 16) & 0o777)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
