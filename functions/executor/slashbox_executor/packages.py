"""Puts missing approved packages at hand: fetches, checks, unpacks, moves into view, keeps for later runs."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .deadline import Deadline
from .manifest import Bundle, Distribution, Manifest
from .protocol import Failure
from .transfer import BundleSource, TransferError
from .unpack import BundleError, unpack
from .wipe import wipe

# Left free for the run itself when a bundle is unpacked.
_DISK_MARGIN_BYTES = 64 << 20

Log = Callable[[str], None]


class _InstallError(Exception):
    """Why one distribution could not be put at hand, for the person who asked for it."""


@dataclass(slots=True)
class Installed:
    """What an attempt to install came to: names of approved distributions that were asked for."""

    names: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)


class PackageStore:
    """
    The packages beyond the layer, each in a folder of its own below `folder`.

    We remember a fingerprint of each (inode, size and times of its files): where user code runs under our own
    user id it could change them, and `drop_harmed` finds out.
    """

    def __init__(
        self,
        manifest: Manifest,
        layer_paths: tuple[Path, ...],
        folder: Path,
        source: BundleSource | None,
        log: Log,
    ) -> None:
        self._manifest = manifest
        self._layer_paths = layer_paths
        self._folder = folder
        self._source = source
        self._log = log
        self._present: dict[str, bytes] = {}

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    @property
    def paths(self) -> list[Path]:
        """Where imports look, in order."""
        return [
            *self._layer_paths,
            *(self._path(self._manifest.distributions[name]) for name in self._present),
        ]

    def wanted(self, modules: Iterable[str]) -> dict[str, str]:
        """Module → approved distribution to install for it; no modules that are at hand or unknown."""
        found: dict[str, str] = {}
        for module in modules:
            owners = self._manifest.providers(module)
            if any(owner.in_layer or owner.name in self._present for owner in owners):
                continue
            approved = [owner.name for owner in owners if owner.approved]
            if approved:
                found[module] = approved[0]
        return found

    def install(self, wanted: dict[str, str], deadline: Deadline) -> Installed:
        """Installs the distributions of `wanted` and all that they need; each may fail by itself."""
        outcome = Installed()
        for module, name in wanted.items():
            if name in outcome.names or any(failure.name == name for failure in outcome.failed):
                continue
            try:
                for item in self._manifest.closure([name]):
                    self._install_one(item, deadline)
            except _InstallError as error:
                outcome.failed.append(Failure(name, str(error)))
                self._log(f"Could not install {name}: {error}")
                continue
            outcome.names.append(name)
            self._log(f"Auto-installed missing module: {module.partition('.')[0]}")
        return outcome

    def drop_harmed(self) -> list[str]:
        """Removes packages whose files are no longer as we left them; returns their names."""
        harmed = [
            name
            for name, print_before in self._present.items()
            if _fingerprint(self._path(self._manifest.distributions[name])) != print_before
        ]
        for name in harmed:
            del self._present[name]
            wipe(self._path(self._manifest.distributions[name]))
        return harmed

    def _path(self, item: Distribution) -> Path:
        return self._folder / f"{item.name}-{item.version}"

    def _install_one(self, item: Distribution, deadline: Deadline) -> None:
        if item.name in self._present:
            return
        if item.bundle is None:
            raise _InstallError(f"{item.name} {item.version} is not available in this environment")
        if self._source is None:
            raise _InstallError("no package store is configured here")
        if deadline.passed:
            raise _InstallError("the time for installing packages was used up")
        room = shutil.disk_usage(self._folder).free - _DISK_MARGIN_BYTES
        if room < item.bundle.bytes + item.bundle.unpacked_bytes:
            raise _InstallError(f"there is not enough disk space left to unpack {item.name}")
        target = self._path(item)
        private = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
        try:
            private.chmod(0o755)
            self._unpack_into(private, self._source, item.bundle, deadline)
            wipe(target)
            private.rename(target)
        except TransferError as error:
            raise _InstallError(f"{item.name} could not be fetched: {error}") from error
        except BundleError as error:
            raise _InstallError(f"{item.name} could not be unpacked: {error}") from error
        except OSError as error:
            raise _InstallError(f"{item.name} could not be unpacked: {error.strerror}") from error
        finally:
            if private.exists():
                wipe(private)
        self._present[item.name] = _fingerprint(target)

    def _unpack_into(self, folder: Path, source: BundleSource, bundle: Bundle, deadline: Deadline) -> None:
        with tempfile.TemporaryFile(dir=self._folder) as archive:
            source.fetch(bundle.key, archive, bundle.bytes, deadline)
            archive.seek(0)
            if hashlib.file_digest(archive, "sha256").hexdigest() != bundle.sha256:
                raise BundleError("its content is not what was locked (sha256 differs)")
            archive.seek(0)
            unpack(archive, folder, bundle.unpacked_bytes, deadline)


def _fingerprint(folder: Path) -> bytes:
    """Changes with any change below `folder`: a user cannot set the time at which an inode changed."""
    digest = hashlib.sha256()
    waiting = [str(folder)]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as listing:
                for entry in sorted(listing, key=lambda item: item.name):
                    found = entry.stat(follow_symlinks=False)
                    times = (found.st_mtime_ns, found.st_ctime_ns)
                    what = (entry.path, found.st_ino, found.st_mode, found.st_size, *times)
                    digest.update(repr(what).encode(errors="surrogateescape"))
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError as error:
            digest.update(repr(error).encode())
    return digest.digest()
