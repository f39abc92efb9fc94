"""The folders of one run: made before it, opened before it, wiped after it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from types import TracebackType

from .identity import Identity
from .wipe import wipe


class Workspace:
    """
    Lives in a folder of its own below `parent`:
    `boot` and `code` (readable to the run), `work` (its working folder), `tmp`, `home`, `figures` (its own).

    `work` and `figures` stay open from before the run, so that what is collected afterwards is what was made
    here, even if the run put something else in their place.
    """

    def __init__(self, parent: Path, identity: Identity) -> None:
        self.root = parent / f"run-{secrets.token_hex(6)}"
        self.boot = self.root / "boot"
        self.code = self.root / "code"
        self.work = self.root / "work"
        self.tmp = self.root / "tmp"
        self.home = self.root / "home"
        self.figures = self.root / "figures"
        self._identity = identity
        self._handles: list[int] = []
        self.wiped = False

    def __enter__(self) -> Workspace:
        _make(self.root, 0o711 if self._identity.dedicated else 0o700)
        _make(self.code, 0o755)
        for folder in (self.work, self.tmp, self.home, self.figures):
            _make(folder, 0o700)
            if self._identity.dedicated:
                os.chown(folder, self._identity.uid, self._identity.gid)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        self._handles = [os.open(folder, flags) for folder in (self.work, self.figures)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            os.close(handle)
        self._handles = []
        self.wiped = wipe(self.root)

    def make_boot_folder(self) -> None:
        """Needed by an interpreter that starts afresh, if it is not there yet."""
        if not self.boot.is_dir():
            _make(self.boot, 0o755)

    @property
    def work_handle(self) -> int:
        return self._handles[0]

    @property
    def figures_handle(self) -> int:
        return self._handles[1]

    @property
    def writable(self) -> list[Path]:
        return [self.work, self.tmp, self.home, self.figures]

    def give(self, path: Path, mode: int = 0o644) -> None:
        """Makes a file of ours the run's."""
        path.chmod(mode)
        if self._identity.dedicated:
            os.chown(path, self._identity.uid, self._identity.gid, follow_symlinks=False)


def _make(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)  # mkdir's mode is cut by the umask
