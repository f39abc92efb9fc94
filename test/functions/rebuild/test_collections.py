"""Whatever a collection of unneeded bundles removes, and when: an environment has all that it names."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate
from pathlib import Path

import pytest
from approved_support import Shelf
from hypothesis import given, settings
from hypothesis import strategies as st
from rebuild_support import Crash, MemoryBucket

from functions.rebuild import builder as builder_module
from functions.rebuild.bucket import (
    COLLECTION_DEAD_AFTER_SECONDS,
    COLLECTION_KEY,
    manifest_key,
    progress_key,
)
from functions.rebuild.builder import EnvironmentBuilder, OutOfTimeError, Tools
from functions.rebuild.progress import FinishedBundle, Progress, format_progress, parse_progress
from layers.approved.archive import compress_file, sha256_of, write_archive
from layers.approved.bundle import Workshop
from layers.approved.lockfile import LockedDistribution
from layers.approved.recipe import Recipe
from layers.approved.store import BuiltBundle, bundle_file

# As in functions/shared/package-environment.ts.
REMOVES_FOR = timedelta(seconds=120)
OLD = "0123456789abcdef"


class Collection:
    """What promote does in a collection, in its own time: each of its stages begins before a certain call."""

    def __init__(self, bucket: MemoryBucket, stages: tuple[int, ...], *, dies: bool) -> None:
        self._bucket = bucket
        self._stages = [*zip(stages, (self._begin, self._read, self._remove, self._end), strict=False)]
        self._dies = dies
        self.calls = 0
        self._garbage: set[str] = set()

    def before_call(self) -> None:
        self.calls += 1
        while self._stages and self._stages[0][0] <= self.calls:
            self.go_on()

    def go_on(self) -> None:
        """The next stage, at once."""
        if self._stages:
            self._stages.pop(0)[1]()

    def wait(self, seconds: float) -> None:
        """The rebuild waits: a collection that lives gets further, and time passes."""
        self._bucket.now += timedelta(seconds=seconds)
        if not self._dies:
            self.go_on()

    def _begin(self) -> None:
        self._until = self._bucket.now + REMOVES_FOR
        self._bucket.place(COLLECTION_KEY, b"ours")
        # The environment that bundles are taken over from is among those that go.
        self._bucket.objects.pop(progress_key(OLD), None)

    def _read(self) -> None:
        named = set[str]()
        for key, stored in self._bucket.objects.items():
            if key.endswith("/progress.json"):
                built = parse_progress(stored.data.decode(), key).built
                named |= {bundle.key for bundle in built.values()}
        self._garbage = {key for key in self._bucket.objects if key.startswith("bundles/")} - named

    def _remove(self) -> None:
        if self._bucket.now <= self._until:
            for key in self._garbage:
                self._bucket.objects.pop(key, None)

    def _end(self) -> None:
        if self._bucket.now <= self._until and not self._dies:
            self._bucket.objects.pop(COLLECTION_KEY, None)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Without byte code: what is built here is made of air."""
    return Shelf(tmp_path_factory.mktemp("shelf")).recipe(byte_code=False)


def pretend_to_build(locked: LockedDistribution, imports: tuple[str, ...], workshop: Workshop) -> BuiltBundle:
    """The same bytes each time, as the real one makes them."""
    tree = workshop.store.work / locked.name
    (tree / locked.name).mkdir(parents=True, exist_ok=True)
    (tree / locked.name / "__init__.py").write_text(f"VERSION = '{locked.version}'\n", encoding="utf-8")
    plain, packed = workshop.store.folder / "bundle.zip", workshop.store.folder / "bundle.zip.zst"
    unpacked = write_archive(tree, plain, deflate=False)
    compress_file(plain, packed)
    sha256 = sha256_of(packed)
    size = packed.stat().st_size
    bundle = BuiltBundle(bundle_file(locked, sha256), sha256, size, unpacked, imports)
    path = workshop.store.path_of(bundle)
    path.parent.mkdir(parents=True, exist_ok=True)
    packed.replace(path)
    return bundle


def build(recipe: Recipe, bucket: MemoryBucket, folder: Path, wait: object = None) -> None:
    """As functions/rebuild/app.py does, upon what is in the bucket."""
    previous = bucket.read(progress_key(OLD))
    stored = bucket.read(progress_key(recipe.id))
    progress = parse_progress(stored.text, "mine") if stored else Progress(("birch",), OLD)
    tools = Tools(
        bucket=bucket,
        source=None,  # type: ignore[arg-type]
        folder=folder / "work",
        seconds_left=lambda: 900.0,
        say=lambda _line: None,
        tell=lambda _done, _of: None,
        now=lambda: bucket.now,
        wait=wait,  # type: ignore[arg-type]
    )
    EnvironmentBuilder(
        recipe,
        progress,
        stored.tag if stored else None,
        parse_progress(previous.text, "previous") if previous else None,
        tools,
    ).run()


def with_environment_in_force(recipe: Recipe, folder: Path, *, changed: bool) -> MemoryBucket:
    """One that has everything as the new one needs it, or all but birch; nobody else names its bundles."""
    bucket = MemoryBucket()
    build(recipe, bucket, folder)
    made = parse_progress(bucket.objects[progress_key(recipe.id)].data.decode(), "made")
    for key in (progress_key(recipe.id), manifest_key(recipe.id)):
        del bucket.objects[key]
    old = replace(made, previous=None)
    if changed:
        del bucket.objects[made.finished["birch"].bundle.key]
        other = FinishedBundle("another recipe", replace(made.finished["birch"].bundle, file="birch-0.9.zip"))
        old.finished["birch"] = other
    bucket.place(progress_key(OLD), format_progress(old).encode())
    return bucket


def outcome(
    recipe: Recipe, stages: tuple[int, ...], *, changed: bool, dies: bool = False, crash: int | None = None
) -> int:
    """Builds, with a collection beside it, and checks what came of it. Returns how many calls there were."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        patch.setattr(builder_module, "build_bundle", pretend_to_build)
        bucket = with_environment_in_force(recipe, Path(name), changed=changed)
        collection = Collection(bucket, stages, dies=dies)
        bucket.before_call = collection.before_call
        bucket.steps, bucket.crash_at = 0, crash
        for _ in range(3):
            try:
                build(recipe, bucket, Path(name), collection.wait)
                break
            except (Crash, OutOfTimeError):
                bucket.crash_at = None
        bucket.before_call = lambda: None
        for _ in stages:
            collection.go_on()

        manifest = json.loads(bucket.objects[manifest_key(recipe.id)].data)
        fetched = {each["bundle"]["key"] for each in manifest["distributions"].values() if each["bundle"]}
        made = parse_progress(bucket.objects[progress_key(recipe.id)].data.decode(), "made").built
        assert fetched <= {bundle.key for bundle in made.values()}
        for bundle in made.values():
            assert bucket.sha256(bundle.key) == bundle.sha256
        return collection.calls


def test_both_halves_of_the_renewal_mean_the_same_mark() -> None:
    text = (Path(__file__).parents[3] / "functions" / "shared" / "package-environment.ts").read_text("utf-8")
    name = COLLECTION_KEY.removeprefix("environments/")
    assert f"COLLECTION_KEY = `${{ENVIRONMENTS_PREFIX}}{name}`" in text
    assert f"COLLECTION_DEAD_AFTER_SECONDS = {COLLECTION_DEAD_AFTER_SECONDS:.0f};" in text
    assert f"COLLECTION_SECONDS = {REMOVES_FOR.total_seconds():.0f};" in text


@pytest.mark.parametrize("changed", [False, True])
def test_one_that_reads_before_any_call_and_removes_later_takes_nothing_of_it(
    recipe: Recipe, changed: bool
) -> None:
    calls = outcome(recipe, (), changed=changed)
    assert calls > 10
    for read in range(1, calls + 1):
        for remove in range(read, calls + 2, 3):
            outcome(recipe, (read, read, remove, remove), changed=changed)


# More than a rebuild has calls, so that some collections never begin.
CALL = st.integers(1, 40)
GAP = st.sampled_from((0, 1, 2, 4, 8, 16, 32))
STAGES = st.tuples(CALL, GAP, GAP, GAP).map(lambda calls: tuple(accumulate(calls)))


@settings(deadline=None, max_examples=100)
@given(STAGES, st.booleans(), st.booleans(), st.none() | CALL)
def test_neither_does_one_that_dies_nor_one_beside_a_rebuild_that_crashes(
    recipe: Recipe, stages: tuple[int, ...], changed: bool, dies: bool, crash: int | None
) -> None:
    outcome(recipe, stages, changed=changed, dies=dies, crash=crash)
