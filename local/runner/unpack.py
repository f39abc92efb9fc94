"""Unpacks a function's or a layer's zip into a folder as Lambda does: python unpack.py ZIP FOLDER [--compile]

Exec bits stay; nothing is written outside the folder, whatever the names in the archive say.
"""

from __future__ import annotations

import argparse
import compileall
import os
import py_compile
import shutil
import stat
import sys
import zipfile
from pathlib import Path, PurePosixPath

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, "Deployment package size"
MAX_UNPACKED_BYTES = 262_144_000


class UnpackError(Exception):
    """The archive is not one that Lambda would take; the message is for whoever built it."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="unpack")
    parser.add_argument("zip", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--compile", action="store_true", help="add byte code to what was unpacked")
    options = parser.parse_args()
    # The code may run as another user than ours.
    os.umask(0o022)
    try:
        unpack(options.zip, options.folder)
    except (UnpackError, zipfile.BadZipFile, OSError) as error:
        sys.stderr.write(f"{options.zip.name}: {error}\n")
        return 1
    if options.compile:
        # What does not compile is for the runtime to report when it is imported.
        compileall.compile_dir(
            options.folder,
            quiet=2,
            stripdir=str(options.folder),
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    return 0


def unpack(archive: Path, folder: Path) -> None:
    """
    :param folder: may hold an earlier layer, whose files are replaced by those of the same name
    :raises UnpackError: a name leads out of the folder, or there is too much in it
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    links: list[tuple[zipfile.ZipInfo, Path]] = []
    with zipfile.ZipFile(archive) as source:
        entries = source.infolist()
        total = sum(entry.file_size for entry in entries)
        if total > MAX_UNPACKED_BYTES:
            raise UnpackError(f"unpacks to {total:,} bytes, Lambda takes {MAX_UNPACKED_BYTES:,}")
        for entry in entries:
            target = _place(folder, entry.filename)
            if entry.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            elif stat.S_ISLNK(entry.external_attr >> 16):
                links.append((entry, target))
            else:
                _write(source, entry, target)
        # Last, so that no entry of this archive is written through one.
        for entry, target in links:
            _link(source, entry, target, folder)


def _place(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name:
        raise UnpackError(f"{name!r} leads out of the folder")
    parent = folder
    for part in parts[:-1]:
        parent /= part
        if parent.is_symlink():
            raise UnpackError(f"{name!r} lies behind a link")
    return folder.joinpath(*parts)


def _write(source: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with source.open(entry) as content, target.open("wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
    executable = entry.external_attr >> 16 & 0o111
    target.chmod(0o555 if executable else 0o444)


def _link(source: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, folder: Path) -> None:
    destination = source.read(entry).decode()
    if not (target.parent / destination).resolve().is_relative_to(folder.resolve()):
        raise UnpackError(f"the link {entry.filename!r} leads out of the folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.symlink_to(destination)


if __name__ == "__main__":
    sys.exit(main())
