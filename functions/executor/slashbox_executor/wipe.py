"""Deletes what runs leave behind, whatever they did to it: any depth, mode, kind; never through a link."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - these are the places to look at
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def wipe(path: Path) -> bool:
    """Deletes `path`, a file or a folder, if it is there. True when it is gone; never raises OSError.

    shutil.rmtree recurses and fails in a tree of a thousand levels. Here every folder found is moved up to
    the first level, so that the tree gets flat and no path ever grows long.
    """
    with contextlib.suppress(FileNotFoundError, IsADirectoryError, PermissionError, OSError):
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            path.unlink()
            return True
    with contextlib.suppress(OSError):
        if os.geteuid() != 0:
            path.chmod(0o700)
        top = os.open(path, _OPEN_FOLDER)
        try:
            _flatten(top)
        finally:
            os.close(top)
    with contextlib.suppress(OSError):
        path.rmdir()
    return not os.path.lexists(path)


def strays(uid: int, keep: Iterable[Path] = (), folders: Iterable[str] | None = None) -> list[Path]:
    """
    What `uid` owns in the folders that everybody may write to, except what is or leads to `keep`.

    :param folders: of those, the ones to look at
    """
    kept = set(keep)
    found: list[Path] = []
    for folder in SHARED_FOLDERS if folders is None else folders:
        with contextlib.suppress(OSError), os.scandir(folder) as listing:
            for entry in listing:
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid != uid:
                        continue
                    path = Path(entry.path)
                    if not any(other.is_relative_to(path) for other in kept):
                        found.append(path)
    return found


def _flatten(top: int) -> None:
    """Empties the folder open as `top`; each folder inside is renamed into `top`, then emptied."""
    waiting = _empty(top, top)
    while waiting:
        name = waiting.pop()
        with contextlib.suppress(OSError):
            folder = _open(top, name)
            try:
                waiting += _empty(folder, top)
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=top)


def _empty(folder: int, top: int) -> list[str]:
    """Unlinks the files of `folder` and moves its folders to `top`; returns their new names there."""
    moved: list[str] = []
    with contextlib.suppress(OSError):
        os.fchmod(folder, 0o700)
    for entry in os.listdir(folder):
        with contextlib.suppress(OSError):
            if not stat.S_ISDIR(_look(folder, entry).st_mode):
                os.unlink(entry, dir_fd=folder)
                continue
            _make_writable(folder, entry)  # moving a folder changes its own entry for the parent
            fresh = f".wipe-{secrets.token_hex(8)}"
            os.rename(entry, fresh, src_dir_fd=folder, dst_dir_fd=top)
            moved.append(fresh)
    return moved


def _open(top: int, name: str) -> int:
    return os.open(name, _OPEN_FOLDER, dir_fd=top)


def _look(folder: int, entry: str) -> os.stat_result:
    return os.stat(entry, dir_fd=folder, follow_symlinks=False)


def _make_writable(folder: int, entry: str) -> None:
    """Root needs no permission, and must not change one: chmod would follow a link put there meanwhile."""
    if os.geteuid() != 0:
        os.chmod(entry, 0o700, dir_fd=folder)
