"""The two warm parents of an execution environment, and which of them, if any, a run is forked from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path

from ..boot import parent_environment
from ..identity import Identity
from ..manifest import Manifest
from ..spawn import Launch, Spawned
from ..view import View
from .messages import Kind, ParentSetup
from .parent import WarmError, WarmParent
from .preload import HEAVY

# A parent that lives long gives every run the same hash seed and the same addresses.
_MOST_RUNS = 500
# Code that needs what is being loaded waits for it: loading it a second time beside would take longer.
_LOAD_SECONDS = 20.0
_LIGHT_SECONDS = 5.0
# One after the other, before any code began: then it is this machine that does not let parents work.
_MOST_FAILURES = 3

Log = Callable[[str], None]


class WarmParents:
    """
    The light one starts at once. The heavy one starts with the first run, beside it, or where `eager` is not
    set, with the first run that needs it; only where the layer has something for it to load.

    What goes wrong here never fails a run: it is logged, and the run starts in an interpreter of its own.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        view: View,
        landlock: int,
        seccomp: bool,
        readable: Iterable[Path],
        layer_paths: Collection[Path],
        folder: Path,
        font_cache: Path,
        library_path: str | None,
        manifest: Manifest,
        eager: bool,
        log: Log,
    ) -> None:
        self._identity = identity
        self._view = view if identity.dedicated else None
        self._setup = {
            "ids": [identity.parent_uid, identity.uid, identity.gid] if identity.dedicated else None,
            "landlock": landlock,
            "seccomp": seccomp,
            "readable": [str(path) for path in readable],
        }
        self._layer_paths = layer_paths
        self._folder = folder
        self._font_cache = font_cache
        self._library_path = library_path
        self._eager = eager
        self._log = log
        self._has_heavy = any((path / name).is_dir() for path in layer_paths for name in HEAVY)
        self._loads_heavy = _requiring(manifest, HEAVY)
        self._manifest = manifest
        self._packages: Collection[Path] = ()
        self._parents: dict[Kind, WarmParent] = {}
        self._given_up: set[Kind] = set()
        self._failures: dict[Kind, int] = {"light": 0, "heavy": 0}
        self._wanted: set[Kind] = set()
        self._make("light")

    @property
    def pids(self) -> list[int]:
        return [pid for parent in self._parents.values() for pid in parent.processes]

    def choose(
        self, modules: Collection[str], own: Collection[str], packages: Collection[Path]
    ) -> WarmParent | None:
        """
        The parent for code that imports `modules`; None: let it have an interpreter of its own.

        :param own: modules that the user brings along as files; one that a parent has loaded would be hidden
        :param packages: where packages beyond the layer lie, each in a folder of its own
        """
        needs_heavy = self._has_heavy and any(map(self._needs_heavy, modules))
        self._packages = packages
        if (heavy := self._parents.get("heavy")) is not None and self._is_outdated(heavy):
            self._drop(heavy)
            if needs_heavy:  # it will be ready for the next run; this one starts sooner without
                self._make("heavy")
                return None
        if self._eager or needs_heavy:
            self._make("heavy")
        parent = (self._loaded("heavy") if needs_heavy else None) or self._loaded("light")
        return None if parent is None or parent.modules & set(own) else parent

    def start(self, parent: WarmParent, launch: Launch) -> Spawned | None:
        """
        None when the parent failed before the user's code began: start it otherwise. Another parent is made
        after the run: one that is born now would be taken for a process of the run.

        :raises SpawnError: if the run could not be given what it needs
        """
        if self._parents.get(parent.kind) is not parent:
            return None
        try:
            spawned = parent.start(launch)
        except WarmError as error:
            self._fail(parent, str(error))
            return None
        self._failures[parent.kind] = 0
        return spawned

    def settle(self) -> None:
        """Before a run: no process is born here while it is told which processes are the run's."""
        for parent in list(self._parents.values()):
            try:
                parent.settle()
            except WarmError as error:
                self._fail(parent, str(error))

    def renew(self) -> None:
        """When no process of a run is alive: replaces what is harmed or old, has the next children forked."""
        for parent in list(self._parents.values()):
            if parent.is_harmed():
                self._replace(parent, "a run has changed it")
            elif parent.started >= _MOST_RUNS:
                self._drop(parent)
            else:
                self._order(parent)
        for kind in sorted(self._wanted - self._parents.keys()):
            self._make(kind)

    def close(self) -> None:
        for parent in list(self._parents.values()):
            self._drop(parent)

    def _needs_heavy(self, module: str) -> bool:
        root = module.partition(".")[0]
        return root in HEAVY or any(
            owner.name in self._loads_heavy for owner in self._manifest.providers(module)
        )

    def _is_outdated(self, parent: WarmParent) -> bool:
        """
        It uses a package that is gone, or looked for one that has come since: it would behave as if that were
        missing.
        """
        come = [path for path in self._packages if path not in parent.paths]
        gone = parent.paths - {*self._layer_paths, *self._packages}
        return bool(gone) or any(not parent.missed.isdisjoint(_roots(path)) for path in come)

    def _loaded(self, kind: Kind) -> WarmParent | None:
        parent = self._parents.get(kind)
        if parent is None:
            return None
        try:
            if parent.wait_ready(_LOAD_SECONDS if kind == "heavy" else _LIGHT_SECONDS):
                return parent
        except WarmError as error:
            self._give_up(parent, str(error))
        return None

    def _make(self, kind: Kind) -> None:
        if kind in self._parents or kind in self._given_up or (kind == "heavy" and not self._has_heavy):
            return
        self._wanted.add(kind)
        home = self._folder / kind
        if not home.is_dir():
            self._furnish(home)
        setup = ParentSetup(
            kind=kind,
            paths=[str(path) for path in (*self._layer_paths, *self._packages)],
            **self._setup,  # type: ignore[typeddict-item]
        )
        try:
            self._parents[kind] = WarmParent(setup, parent_environment(home, self._library_path), self._view)
        except WarmError as error:
            self._given_up.add(kind)
            self._log(f"There is no {kind} parent for runs: {error}")

    def _furnish(self, home: Path) -> None:
        """
        With matplotlib's list of fonts, in a folder that the parent owns: where it may not write, matplotlib
        makes another, and has every child delete that in the end.
        """
        fonts = home / "matplotlib"
        if self._font_cache.is_dir():
            shutil.copytree(self._font_cache, fonts)
        else:
            fonts.mkdir(parents=True)
        for folder in (home, fonts):
            folder.chmod(0o755)
            if self._identity.dedicated:
                os.chown(folder, self._identity.parent_uid, self._identity.parent_uid)

    def _order(self, parent: WarmParent) -> None:
        try:
            parent.order()
        except WarmError as error:
            self._give_up(parent, str(error))

    def _replace(self, parent: WarmParent, why: str) -> None:
        self._log(f"The {parent.kind} parent of runs is replaced: {why}")
        self._drop(parent)

    def _fail(self, parent: WarmParent, why: str) -> None:
        self._failures[parent.kind] += 1
        if self._failures[parent.kind] < _MOST_FAILURES:
            self._replace(parent, why)
        else:
            self._give_up(parent, why)

    def _give_up(self, parent: WarmParent, why: str) -> None:
        """One that cannot even load, or never works, will not do so the next time."""
        self._log(f"The {parent.kind} parent of runs is given up: {why}")
        self._given_up.add(parent.kind)
        self._drop(parent)

    def _drop(self, parent: WarmParent) -> None:
        parent.close()
        self._parents.pop(parent.kind, None)


def _requiring(manifest: Manifest, modules: Iterable[str]) -> frozenset[str]:
    """Distributions that bring one of `modules`, or need one that does."""
    found = {owner.name for module in modules for owner in manifest.providers(module)}
    grown = True
    while grown:
        more = {
            name
            for name, item in manifest.distributions.items()
            if name not in found and not found.isdisjoint(item.requires)
        }
        found |= more
        grown = bool(more)
    return frozenset(found)


@cache
def _roots(folder: Path) -> frozenset[str]:
    """Names to import that lie there; the folder of a package never changes."""
    return frozenset(entry.name.partition(".")[0] for entry in folder.iterdir())
