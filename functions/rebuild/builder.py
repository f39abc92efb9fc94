"""Builds one environment into the bucket, one distribution at a time, and goes on from what is finished."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from functions.rebuild.bucket import (
    EnvironmentBucket,
    bundle_key,
    layer_key,
    manifest_key,
    progress_key,
)
from functions.rebuild.progress import FinishedBundle, Progress, format_progress
from layers.approved.archive import sha256_of
from layers.approved.bundle import Workshop, build_bundle
from layers.approved.environment import choose_layer, finish_environment
from layers.approved.errors import BuildError
from layers.approved.fetch import Source
from layers.approved.lock import inspect_wheel
from layers.approved.lockfile import LockedDistribution
from layers.approved.processes import Processes
from layers.approved.recipe import Recipe
from layers.approved.store import Store
from layers.approved.wheel_index import WheelIndex, check_roots

# The largest distribution (tensorflow: 1.2 GB unpacked) has to be finished in it, and so has the layer.
STEP_SECONDS = 300.0


class OutOfTimeError(Exception):
    """This invocation's time is used up; what is finished is in the bucket."""


@dataclass(frozen=True)
class Tools:
    """What a build needs; `folder` is emptied after each distribution, `tell` hears how many of how many."""

    bucket: EnvironmentBucket
    source: Source
    folder: Path
    seconds_left: Callable[[], float]
    say: Callable[[str], None]
    tell: Callable[[int, int], object]


class EnvironmentBuilder:
    """One environment: `recipe` names it; its index may lack what nobody has looked into yet.

    `tag` is that of the stored progress, `previous` the progress of the environment to take bundles from.
    """

    def __init__(
        self, recipe: Recipe, progress: Progress, tag: str | None, previous: Progress | None, tools: Tools
    ) -> None:
        self._recipe = recipe
        self._progress = progress
        self._tag = tag
        self._previous = previous
        self._tools = tools
        self._wanted = sorted(recipe.lock.closure(progress.content))

    def run(self) -> None:
        """Until the manifest is written. Raises OutOfTimeError, BuildError or ConflictError."""
        try:
            self._save()
            self._inspect()
            recipe = self._complete_recipe()
            check_roots(recipe.lock, recipe.index, f"the environment {recipe.id}")
            workshop = self._workshop(recipe)
            for name in self._wanted:
                if name not in self._progress.finished:
                    self._finish(recipe, recipe.lock.distributions[name], workshop)
            self._finish_environment(recipe, workshop)
        finally:
            shutil.rmtree(self._tools.folder, ignore_errors=True)

    def _inspect(self) -> None:
        """Looks into the wheels that nobody knows: two owners of an import name are found before any work."""
        facts = self._progress.facts
        for name in self._wanted:
            locked = self._recipe.lock.distributions[name]
            key = (name, locked.version)
            if key in facts:
                continue
            if key in self._recipe.index:
                facts[key] = self._recipe.index[key]
                continue
            self._need_time()
            facts[key] = inspect_wheel(locked, self._recipe.target, self._tools.source, Processes())
            self._tools.say(f"[Rebuild] {name} {locked.version} is new: {', '.join(facts[key].imports)}")
            self._save()

    def _complete_recipe(self) -> Recipe:
        """With the facts, and without releases outside the content that nobody has looked into."""
        index: WheelIndex = {**self._recipe.index, **self._progress.facts}
        known = {
            name: locked
            for name, locked in self._recipe.lock.distributions.items()
            if (name, locked.version) in index
        }
        return replace(self._recipe, lock=replace(self._recipe.lock, distributions=known), index=index)

    def _workshop(self, recipe: Recipe) -> Workshop:
        store = Store(self._tools.folder)
        return Workshop(recipe.target, recipe.interpreter, self._tools.source, store, Processes())

    def _finish(self, recipe: Recipe, locked: LockedDistribution, workshop: Workshop) -> None:
        bundle_id = recipe.bundle_id(locked)
        done = self._reuse(recipe, locked, bundle_id) or self._build(recipe, locked, bundle_id, workshop)
        self._progress.finished[locked.name] = done
        self._save()
        self._tools.tell(len(self._progress.finished), len(self._wanted))

    def _reuse(self, recipe: Recipe, locked: LockedDistribution, bundle_id: str) -> FinishedBundle | None:
        previous = self._previous.finished.get(locked.name) if self._previous else None
        if previous is None or previous.recipe != bundle_id or self._progress.previous is None:
            return None
        file, sha256 = previous.bundle.file, previous.bundle.sha256
        source, target = bundle_key(self._progress.previous, file), bundle_key(recipe.id, file)
        return previous if self._tools.bucket.copy(source, target, sha256) else None

    def _build(
        self, recipe: Recipe, locked: LockedDistribution, bundle_id: str, workshop: Workshop
    ) -> FinishedBundle:
        self._need_time()
        imports = recipe.index[(locked.name, locked.version)].imports
        bundle = build_bundle(locked, imports, workshop)
        key = bundle_key(recipe.id, bundle.file)
        self._tools.bucket.upload(key, workshop.store.bundle_of(locked), bundle.sha256)
        shutil.rmtree(workshop.store.folder)
        self._tools.say(f"[Rebuild] {locked.name} {locked.version}: {bundle.bytes / 1e6:.1f} MB")
        return FinishedBundle(bundle_id, bundle)

    def _finish_environment(self, recipe: Recipe, workshop: Workshop) -> None:
        self._need_time()
        store, built, bucket = workshop.store, self._progress.built, self._tools.bucket
        layer = choose_layer(recipe, built)
        store.bundles.mkdir(parents=True, exist_ok=True)
        for name in sorted(layer):
            path = store.bundle_of(recipe.lock.distributions[name])
            if not bucket.download(bundle_key(recipe.id, built[name].file), path, built[name].sha256):
                del self._progress.finished[name]
                self._save()
                raise BuildError(f"The bundle of {name} was changed in the bucket: rebuild to make it anew")
        finish_environment(recipe, built, layer, workshop, self._tools.say)
        bucket.upload(layer_key(recipe.id), store.packed_layer, sha256_of(store.packed_layer))
        bucket.write_guarded(manifest_key(recipe.id), store.manifest.read_text(encoding="utf-8"), None)

    def _need_time(self) -> None:
        if self._tools.seconds_left() < STEP_SECONDS:
            raise OutOfTimeError

    def _save(self) -> None:
        key = progress_key(self._recipe.id)
        self._tag = self._tools.bucket.write_guarded(key, format_progress(self._progress), self._tag)
