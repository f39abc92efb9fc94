"""Makes interpreter and packages reachable for an unprivileged user where they lie in a closed folder.

Root's Python is often below /root, which nobody else may enter. In a mount namespace made once, the closed
folder is covered by an empty one that leads to nothing but what runs need, under the same paths.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from . import linux


class ViewError(Exception):
    """The interpreter or its packages cannot be made reachable; the message is for the operator."""


class View:
    """How a run sees the file system. Made once, entered by every run. Must be root."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        """
        :param paths: folders that a user without any rights must reach; those that do not exist are left out
        :raises ViewError: if one of them is closed and the system does not let us open it
        """
        folders = _outermost(path for path in paths if path.is_dir())
        closed = {path: folder for path in folders if (folder := _outermost_closed_folder(path))}
        self._handle = _make_namespace(closed) if closed else None

    def enter(self) -> None:
        """Gives the calling process this view. :raises OSError:"""
        if self._handle is not None:
            linux.enter_mount_namespace(self._handle)

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _make_namespace(closed: dict[Path, Path]) -> int:
    """A descriptor of a namespace in which the keys of `closed` are reachable through its values."""
    ready_read, ready_write = os.pipe()
    done_read, done_write = os.pipe()
    helper = os.fork()
    if helper == 0:
        problem = b""
        try:
            _cover(closed)
        except OSError as error:
            problem = str(error).encode()
        finally:
            os.close(done_write)
            os.write(ready_write, problem + b"\n")
            os.read(done_read, 1)  # lives until it has been looked up
            os._exit(0)
    try:
        os.close(ready_write)
        problem = os.read(ready_read, 1_000).strip()
        if problem:
            folders = ", ".join(sorted({str(folder) for folder in closed.values()}))
            raise ViewError(
                f"{folders} is closed to other users ({problem.decode()}), but code runs as another user and "
                "needs the Python below it. Install Python and this project where everybody may read."
            )
        return os.open(f"/proc/{helper}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        for descriptor in (ready_read, done_read, done_write):
            os.close(descriptor)
        os.waitpid(helper, 0)


def _cover(closed: dict[Path, Path]) -> None:
    linux.leave_mount_namespace()
    # Opened after that: a folder of another namespace's mount cannot be bound.
    handles = {path: os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in closed}
    for folder in _outermost(closed.values()):
        flags = linux.MS_NOSUID | linux.MS_NODEV
        linux.mount("tmpfs", str(folder), "tmpfs", flags, "mode=755,size=256k")
    for path, handle in handles.items():
        path.mkdir(parents=True, exist_ok=True, mode=0o755)
        linux.mount(f"/proc/self/fd/{handle}", str(path), None, linux.MS_BIND | linux.MS_REC)
        os.close(handle)


def _outermost(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in found):
            found.append(path)
    return found


def _outermost_closed_folder(path: Path) -> Path | None:
    for folder in (*reversed(path.parents), path):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None
