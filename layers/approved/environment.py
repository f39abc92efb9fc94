"""Builds an environment (layer, bundles, manifest) into a folder, and goes on where it stopped."""

import errno
import fcntl
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from layers.approved.archive import write_archive
from layers.approved.bundle import Workshop, build_bundle
from layers.approved.errors import BuildError
from layers.approved.fetch import Source
from layers.approved.layer import assemble_layer, is_assembled
from layers.approved.layer_plan import plan_layer
from layers.approved.lockfile import LockedDistribution
from layers.approved.manifest import describe_bundle, format_manifest, make_manifest
from layers.approved.processes import Processes
from layers.approved.recipe import Recipe
from layers.approved.store import BuiltBundle, Store, write_whole
from layers.approved.wheel_index import check_roots

Progress = Callable[[str], None]
"""Takes a line for the person who waits."""

# Sources and byte code, once in the bundle and once in the layer or while it is worked on.
_DISK_FACTOR = 3.5
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def build_environment(
    recipe: Recipe,
    wanted: list[str],
    source: Source,
    output: Path,
    progress: Progress,
    *,
    pack_layer: bool = True,
    workers: int = 2,
) -> dict[str, object]:
    """Builds the core's closure and that of the `wanted` distributions, and returns the manifest.

    What earlier calls finished in `output` stays, and the manifest names it too. Raises BuildError.
    """
    check_roots(recipe.lock, recipe.index, f"the lock {recipe.target.lock_name}")
    needed = recipe.lock.closure([*recipe.core, *wanted])
    with _workshop(recipe, source, output) as workshop:
        _build_bundles(recipe, needed, workshop, progress, workers)
        built = _finished_bundles(recipe, workshop.store)
        layer = choose_layer(recipe, built)
        return finish_environment(recipe, built, layer, workshop, progress, pack_layer=pack_layer)


def build_bundles(
    recipe: Recipe, wanted: list[str], source: Source, output: Path, progress: Progress, *, workers: int = 2
) -> dict[str, dict[str, object]]:
    """Builds what the `wanted` distributions need beside the layer, and describes it as a manifest does.

    Layer and manifest stay as they are: a layer in use is not to change because a bundle joined. Waits for
    another build's end. Raises BuildError.
    """
    check_roots(recipe.lock, recipe.index, f"the lock {recipe.target.lock_name}")
    needed = set(recipe.lock.closure(wanted)) - set(recipe.lock.closure(recipe.core))
    with _workshop(recipe, source, output, wait=True) as workshop:
        _build_bundles(recipe, needed, workshop, progress, workers)
        built = _finished_bundles(recipe, workshop.store)
        return {name: describe_bundle(built[name]) for name in sorted(needed)}


def choose_layer(recipe: Recipe, built: Mapping[str, BuiltBundle]) -> frozenset[str]:
    """The distributions that the layer gets, of those that are built."""
    if recipe.layer == "core":
        return frozenset(recipe.lock.closure(recipe.core))
    sizes = {name: bundle.unpacked_bytes for name, bundle in built.items()}
    return plan_layer(recipe.lock, recipe.order, sizes, always=recipe.core)


def finish_environment(
    recipe: Recipe,
    built: Mapping[str, BuiltBundle],
    layer: frozenset[str],
    workshop: Workshop,
    progress: Progress,
    *,
    pack_layer: bool = True,
) -> dict[str, object]:
    """Makes the layer and the manifest from finished bundles; those of the layer are in the store."""
    members = [recipe.lock.distributions[name] for name in sorted(layer)]
    if not is_assembled(members, workshop.store):
        progress(f"[packages] putting {len(layer)} packages into the layer")
        assemble_layer(members, built, workshop)
    manifest = make_manifest(recipe, built, layer)
    _publish(manifest, workshop.store, progress, pack_layer=pack_layer)
    return manifest


@contextmanager
def _workshop(recipe: Recipe, source: Source, output: Path, *, wait: bool = False) -> Iterator[Workshop]:
    """For the only builder in `output`; ends what it started, and tells the disk's errors in words."""
    workshop = Workshop(recipe.target, recipe.interpreter, source, Store(output), Processes())
    with _only_builder(output, wait=wait):
        try:
            yield workshop
        except OSError as error:
            raise _translate(error) from error
        finally:
            workshop.processes.stop()
            shutil.rmtree(workshop.store.work, ignore_errors=True)


@contextmanager
def _only_builder(output: Path, *, wait: bool = False) -> Iterator[None]:
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = (output / ".lock").open("w")
    except OSError as error:
        raise _translate(error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildError(f"Another build is at work in {output}: wait for its end") from error
        yield


def _build_bundles(
    recipe: Recipe, needed: set[str], workshop: Workshop, progress: Progress, workers: int
) -> None:
    order = [recipe.lock.distributions[name] for name in _by_use_then_size(recipe, needed)]
    missing = [locked for locked in order if workshop.store.find(locked) is None]
    if not missing:
        return
    _check_space(recipe, missing, workshop.store)
    done = len(order) - len(missing)
    if done:
        progress(f"[packages] {done} of {len(order)} are finished already")
    progress(
        f"[packages] {_count(len(missing))} to build, {_unpacked(recipe, missing) / 1e6:,.0f} MB unpacked"
    )

    def build(locked: LockedDistribution) -> float:
        started = time.monotonic()
        build_bundle(locked, recipe.index[(locked.name, locked.version)].imports, workshop)
        return time.monotonic() - started

    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        futures = {pool.submit(build, locked): locked for locked in missing}
        for future in as_completed(futures):
            seconds = future.result()
            done += 1
            locked = futures[future]
            progress(f"[packages] {done}/{len(order)} {locked.name} {locked.version} ({seconds:.1f} s)")
    except BaseException:
        # Before the pool is waited for: a download may take minutes.
        workshop.processes.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _by_use_then_size(recipe: Recipe, needed: set[str]) -> list[str]:
    """The core first, as an interruption may leave it alone; then the largest, so that the end is even."""
    core = recipe.lock.closure(recipe.core)

    def key(name: str) -> tuple[bool, int, str]:
        facts = recipe.index[(name, recipe.lock.distributions[name].version)]
        return (name not in core, -facts.unpacked_bytes, name)

    return sorted(needed, key=key)


def _check_space(recipe: Recipe, missing: list[LockedDistribution], store: Store) -> None:
    needed, free = int(_unpacked(recipe, missing) * _DISK_FACTOR), shutil.disk_usage(store.folder).free
    if free < needed:
        raise BuildError(
            f"The packages need about {needed / 1e6:,.0f} MB of disk and {free / 1e6:,.0f} MB are free: "
            "make room and start again; what is finished is kept"
        )


def _unpacked(recipe: Recipe, some: list[LockedDistribution]) -> int:
    """Bytes, before anything is left out of them."""
    return sum(recipe.index[(locked.name, locked.version)].unpacked_bytes for locked in some)


def _count(packages: int) -> str:
    return "1 package" if packages == 1 else f"{packages} packages"


def _finished_bundles(recipe: Recipe, store: Store) -> dict[str, BuiltBundle]:
    found = ((name, store.find(locked)) for name, locked in recipe.lock.distributions.items())
    return {name: bundle for name, bundle in found if bundle is not None}


def _publish(manifest: dict[str, object], store: Store, progress: Progress, *, pack_layer: bool) -> None:
    """Ours comes last: where `manifest.json` is, everything that it names is."""
    text = format_manifest(manifest)
    in_layer = store.layer / "slashbox" / "manifest.json"
    if not (in_layer.is_file() and in_layer.read_text(encoding="utf-8") == text):
        store.packed_layer.unlink(missing_ok=True)
        write_whole(in_layer, text)
    if pack_layer and not store.packed_layer.exists():
        progress("[packages] packing the layer")
        write_archive(store.layer, store.packed_layer, deflate=True)
    write_whole(store.manifest, text)


def _translate(error: OSError) -> BuildError:
    if error.errno in _FULL:
        return BuildError("The disk is full: make room and start again; what is finished is kept")
    if error.errno in _FORBIDDEN:
        return BuildError(f"{error.filename} cannot be written: check the permissions of the output folder")
    return BuildError(f"The environment could not be built: {error}")
