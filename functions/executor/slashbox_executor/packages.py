"""Puts missing approved packages at hand: fetches, checks, unpacks, moves into view, keeps for later runs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from .arrivals import Arrivals
from .deadline import Deadline
from .fingerprint import fingerprint
from .first_use import FirstUse, FirstUseError
from .manifest import Bundle, Distribution, Manifest
from .protocol import Failure
from .transfer import BundleSource, TransferError
from .unpack import BundleError, unpack
from .wipe import wipe

# Left free for the run itself when a bundle is unpacked.
_DISK_MARGIN_BYTES = 64 << 20
# A file takes up whole blocks of the disk; most files of a package are small.
_DISK_FACTOR = 1.15

Log = Callable[[str], None]


class _InstallError(Exception):
    """Why one distribution could not be put at hand, for the person who asked for it."""


@dataclass(slots=True)
class Installed:
    """
    What an attempt to install came to, by names of approved distributions that were asked for.

    :ivar kept: at hand again, having been there all along
    """

    names: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Present:
    """
    A distribution on disk.

    :ivar fingerprint: when it was unpacked
    :ivar sound: nobody but us can have changed it since it was last looked at
    :ivar last_use: the number of the run that needed it last
    """

    item: Distribution
    fingerprint: bytes
    sound: bool
    last_use: int


class PackageStore:
    """
    The packages beyond the layer, each in a folder of its own below `folder`.

    Where user code runs under our own user id it could change them. To look at thousands of files after each
    run would cost more than most runs, so after such a run they only stop counting as sound: one that a later
    run needs is compared with its fingerprint then, and until then no run sees it.
    """

    def __init__(
        self,
        manifest: Manifest,
        layer_paths: tuple[Path, ...],
        folder: Path,
        source: BundleSource | None,
        log: Log,
        *,
        first_use: FirstUse | None = None,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._manifest = manifest
        self._layer_paths = layer_paths
        self._folder = folder
        self._source = source
        self._log = log
        self._first_use = first_use
        self._free_bytes = free_bytes
        self._present: dict[str, _Present] = {}
        self._built_since: dict[str, Bundle] = {}
        self._run = 0

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    @property
    def paths(self) -> list[Path]:
        """Where imports look, in order."""
        sound = (present.item for present in self._present.values() if present.sound)
        return [*self._layer_paths, *map(self._path, sound)]

    def wanted(self, modules: Iterable[str]) -> dict[str, str]:
        """Module → approved distribution to install for it; no modules that are at hand or unknown."""
        found: dict[str, str] = {}
        for module in modules:
            owners = self._manifest.providers(module)
            if any(self._is_at_hand(owner) for owner in owners):
                continue
            approved = [owner.name for owner in owners if owner.approved]
            if approved:
                found[module] = approved[0]
        return found

    def install(self, wanted: dict[str, str], deadline: Deadline) -> Installed:
        """Installs the distributions of `wanted` and all that they need; each may fail by itself."""
        outcome = Installed()
        try:
            for module, name in wanted.items():
                if any(name in names for names in (outcome.names, outcome.kept)):
                    continue
                if any(failure.name == name for failure in outcome.failed):
                    continue
                try:
                    fetched = self._install_closure(name, deadline)
                except _InstallError as error:
                    outcome.failed.append(Failure(name, str(error)))
                    self._log(f"Could not install {name}: {error}")
                    continue
                if not fetched:
                    outcome.kept.append(name)
                    continue
                outcome.names.append(name)
                self._log(f"Auto-installed missing module: {module.partition('.')[0]}")
        finally:
            if self._source is not None:
                self._source.close()
        return outcome

    def end_run(self, *, trusted: bool) -> None:
        """
        After each run: what it needed may make room for others again.

        :param trusted: nothing of the run could write where packages lie
        """
        self._run += 1
        if not trusted:
            for present in self._present.values():
                present.sound = False

    def _is_at_hand(self, item: Distribution) -> bool:
        """With all that it needs; and notes that this run needs it."""
        if item.in_layer:
            return True
        closure = [self._present.get(each.name) for each in self._manifest.closure([item.name])]
        found = [present for present in closure if present is not None and present.sound]
        for present in found:
            present.last_use = self._run
        return len(found) == len(closure)

    def _install_closure(self, name: str, deadline: Deadline) -> bool:
        """False where nothing had to be fetched."""
        closure = self._manifest.closure([name])
        missing = [item for item in closure if not self._is_still_sound(item)]
        if not missing:
            return False
        bundles = self._bundles(name, missing, deadline)
        if self._source is None:
            raise _InstallError("no package store is configured here")
        if deadline.passed:
            raise _InstallError("the time for installing packages was used up")
        self._make_room(name, sum(bundle.unpacked_bytes for bundle in bundles))
        item = missing[0]
        try:
            with Arrivals(self._source, bundles, deadline) as arrivals:
                for item, bundle in zip(missing, bundles, strict=True):
                    self._unpack(item, bundle, arrivals, deadline)
        except TransferError as error:
            raise _InstallError(f"{item.name} could not be fetched: {error}") from error
        except BundleError as error:
            raise _InstallError(f"{item.name} could not be unpacked: {error}") from error
        except OSError as error:
            raise _InstallError(f"{item.name} could not be unpacked: {error.strerror}") from error
        return True

    def _bundles(self, name: str, missing: list[Distribution], deadline: Deadline) -> list[Bundle]:
        """One for each of `missing`, which `name` needs; those that nobody has built yet are built now."""
        known = {item.name: item.bundle or self._built_since.get(item.name) for item in missing}
        if None in known.values() and self._first_use is not None:
            try:
                built = self._first_use.build(self._manifest.environment, name, deadline)
            except FirstUseError as error:
                raise _InstallError(str(error)) from error
            self._built_since |= built
            known |= {item.name: built.get(item.name) for item in missing if known[item.name] is None}
        for item_name, bundle in known.items():
            if bundle is None:
                raise _InstallError(
                    f"{item_name} is on the list, but this environment was built without it; its operator "
                    "can add it (see npm run rebuild)"
                )
        return [bundle for bundle in known.values() if bundle is not None]

    def _is_still_sound(self, item: Distribution) -> bool:
        """Looks, where a run may have changed it; what was changed is removed."""
        present = self._present.get(item.name)
        if present is None:
            return False
        if not present.sound and fingerprint(self._path(item)) != present.fingerprint:
            self._log(f"Dropped {item.name}: its files were changed by a run")
            self._remove(present)
            return False
        present.sound, present.last_use = True, self._run
        return True

    def _make_room(self, name: str, unpacked_bytes: int) -> None:
        """Removes what was not used for longest, and only if that helps; nothing that this run needs."""
        needed = int(unpacked_bytes * _DISK_FACTOR) + _DISK_MARGIN_BYTES
        if self._free_bytes(self._folder) >= needed:
            return
        unused = [present for present in self._present.values() if present.last_use < self._run]
        possible = sum(present.item.bundle.unpacked_bytes for present in unused if present.item.bundle)
        if self._free_bytes(self._folder) + possible < needed:
            raise _InstallError(f"there is not enough disk space left to unpack {name}")
        for present in sorted(unused, key=lambda each: each.last_use):
            self._log(f"Removed {present.item.name} to make room for {name}")
            self._remove(present)
            if self._free_bytes(self._folder) >= needed:
                return
        raise _InstallError(f"there is not enough disk space left to unpack {name}")

    def _remove(self, present: _Present) -> None:
        del self._present[present.item.name]
        wipe(self._path(present.item))

    def _path(self, item: Distribution) -> Path:
        return self._folder / f"{item.name}-{item.version}"

    def _unpack(self, item: Distribution, bundle: Bundle, arrivals: Arrivals, deadline: Deadline) -> None:
        """In a private place, and into view only when all of it has arrived and is what was locked."""
        target = self._path(item)
        private = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
        try:
            private.chmod(0o755)
            unpack(arrivals.bundle(), private, bundle.unpacked_bytes, deadline)
            wipe(target)
            private.rename(target)
        finally:
            if private.exists():
                wipe(private)
        known = replace(item, bundle=bundle)
        self._present[item.name] = _Present(known, fingerprint(target), True, self._run)
