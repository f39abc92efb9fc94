"""Builds one environment into the bucket, one distribution at a time, and goes on from what is finished."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from functions.rebuild.bucket import (
    COLLECTION_DEAD_AFTER_SECONDS,
    COLLECTION_KEY,
    EnvironmentBucket,
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
_POLL_SECONDS = 5.0
# Whatever a collection took is built again in the second.
_MOST_ROUNDS = 3


class OutOfTimeError(Exception):
    """This invocation's time is used up; what is finished is in the bucket."""


@dataclass(frozen=True)
class Tools:
    """What a build needs; `folder` is emptied after each distribution, `tell` hears how many of how many.

    `wait` takes seconds.
    """

    bucket: EnvironmentBucket
    source: Source
    folder: Path
    seconds_left: Callable[[], float]
    say: Callable[[str], None]
    tell: Callable[[int, int], object]
    now: Callable[[], datetime]
    wait: Callable[[float], object]


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
            self._name_unchanged(recipe)
            self._fill(recipe, workshop)
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

    def _name_unchanged(self, recipe: Recipe) -> None:
        """Takes the word of the environment in force for what it has; `_absent` looks."""
        finished = self._progress.finished
        for name in self._wanted:
            previous = self._previous.finished.get(name) if self._previous else None
            if previous and previous.recipe == recipe.bundle_id(recipe.lock.distributions[name]):
                finished.setdefault(name, previous)
        self._save()

    def _fill(self, recipe: Recipe, workshop: Workshop) -> None:
        """Returns when every bundle is named in the stored progress, and was in the bucket after that."""
        absent: list[str] = []
        for _ in range(_MOST_ROUNDS):
            absent = self._absent()
            if not absent:
                return
            for done, name in enumerate(absent, len(self._wanted) - len(absent) + 1):
                self._build(recipe, recipe.lock.distributions[name], workshop)
                self._tools.tell(done, len(self._wanted))
        raise BuildError(f"The bundle of {absent[0]} does not stay in the bucket: rebuild to make it anew")

    def _absent(self) -> list[str]:
        """What is not in the bucket, nor going to be taken from it (docs/adr/0014 says why in this order)."""
        self._wait_for_collection()
        self._save()
        finished, has = self._progress.finished, self._tools.bucket.has
        return [
            name
            for name in self._wanted
            if name not in finished or not has(finished[name].bundle.key, finished[name].bundle.sha256)
        ]

    def _wait_for_collection(self) -> None:
        """Until none is at work that may have read the progress before its last change."""
        while found := self._tools.bucket.read(COLLECTION_KEY):
            if (self._tools.now() - found.written).total_seconds() > COLLECTION_DEAD_AFTER_SECONDS:
                return
            self._need_time()
            self._tools.wait(_POLL_SECONDS)

    def _build(self, recipe: Recipe, locked: LockedDistribution, workshop: Workshop) -> None:
        self._need_time()
        imports = recipe.index[(locked.name, locked.version)].imports
        bundle = build_bundle(locked, imports, workshop)
        self._tools.bucket.upload(bundle.key, workshop.store.path_of(bundle), bundle.sha256)
        shutil.rmtree(workshop.store.folder)
        self._tools.say(f"[Rebuild] {locked.name} {locked.version}: {bundle.bytes / 1e6:.1f} MB")
        self._progress.finished[locked.name] = FinishedBundle(recipe.bundle_id(locked), bundle)
        self._save()

    def _finish_environment(self, recipe: Recipe, workshop: Workshop) -> None:
        self._need_time()
        store, built, bucket = workshop.store, self._progress.built, self._tools.bucket
        layer = choose_layer(recipe, built)
        for name in sorted(layer):
            path = store.path_of(built[name])
            path.parent.mkdir(parents=True, exist_ok=True)
            if not bucket.download(built[name].key, path, built[name].sha256):
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
