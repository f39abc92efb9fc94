"""Makes interpreter and packages reachable for an unprivileged user where they lie in a closed folder.

Root's Python is often below /root, which nobody else may enter. In a mount namespace of the run's own, the
closed folder is covered by an empty one that leads to nothing but what the run needs, under the same paths.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import linux


@dataclass(frozen=True, slots=True)
class View:
    """`covered`: closed folders, outermost only; `needed`: the paths below them that must be reachable."""

    covered: tuple[Path, ...]
    needed: tuple[Path, ...]

    def enter(self) -> None:
        """Gives the calling process this view. Must be root. :raises OSError: where that is not allowed"""
        if not self.covered:
            return
        linux.leave_mount_namespace()
        # Opened after that: a folder of another namespace's mount cannot be bound.
        handles = {path: os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in self.needed}
        options = linux.MS_NOSUID | linux.MS_NODEV
        for folder in self.covered:
            linux.mount("tmpfs", str(folder), "tmpfs", options, "mode=755,size=256k")
        for path, handle in handles.items():
            path.mkdir(parents=True, exist_ok=True, mode=0o755)
            linux.mount(f"/proc/self/fd/{handle}", str(path), None, linux.MS_BIND | linux.MS_REC)
            os.close(handle)


def plan_view(paths: Iterable[Path]) -> View:
    """The view in which a user without any rights reaches each of `paths`, folders, where they exist."""
    closed = {path: _outermost_closed_folder(path) for path in _outermost(p for p in paths if p.is_dir())}
    return View(
        covered=tuple(_outermost(folder for folder in closed.values() if folder)),
        needed=tuple(path for path, folder in closed.items() if folder),
    )


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
