"""Builds an environment (layer, bundles, manifest) from one lock into one folder, and goes on where it stopped."""

import fcntl
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from layers.approved import layer_plan, manifest, strip
from layers.approved.approved_list import ApprovedList
from layers.approved.archive import extract_archive, write_archive
from layers.approved.bundle import BundleStore, build_bundle, translate_os_error
from layers.approved.byte_code import Interpreter
from layers.approved.errors import BuildError
from layers.approved.fetch import Source
from layers.approved.font_cache import build_font_cache
from layers.approved.lockfile import Lock
from layers.approved.manifest import BuiltBundle
from layers.approved.processes import Processes
from layers.approved.target import Target
from layers.approved.wheel_index import WheelIndex, check_roots

# Raise it when the same inputs would give other files than before.
BUILD_RULES = 1

LayerKind = Literal["core", "full"]
"""`core`: the list's core packages; `full`: as many as fit Lambda, most used first, among those built."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """All that decides what an environment is. Equal recipes have equal ids and, with one interpreter, equal bytes."""

    target: Target
    approved: ApprovedList
    lock: Lock
    index: WheelIndex
    interpreter: Interpreter | None
    layer: LayerKind = "core"

    @property
    def id(self) -> str:
        """16 hex digits of SHA-256 over the lock, the list, the wheels' facts and the build's rules."""
        rules = {
            "build": BUILD_RULES,
            "strip": [
                sorted(names)
                for names in (
                    strip.DROPPED_ROOTS,
                    strip.DROPPED_FOLDERS,
                    strip.DROPPED_SUFFIXES,
                    strip.DROPPED_METADATA,
                )
            ],
            "manifest": manifest.VERSION,
            "target": asdict(self.target),
            "layer": self.layer,
            "budget": [layer_plan.LAMBDA_BYTES, layer_plan.RESERVED_BYTES],
            "byte_code": self.interpreter.magic if self.interpreter else None,
            "approved": asdict(self.approved),
            "imports": [
                [name, list(self.index[(name, locked.version)].imports)]
                for name, locked in sorted(self.lock.distributions.items())
            ],
            "lock": self.lock.text,
        }
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def order(self) -> list[str]:
        """The approved distributions by use."""
        return list(self.approved.distributions(self.target).values())

    @property
    def core(self) -> list[str]:
        chosen = self.approved.distributions(self.target)
        return [chosen[package.name] for package in self.approved.packages if package.core]


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

    What an earlier call finished in `output` stays, and the manifest names it too. Raises BuildError.
    """
    check_roots(recipe.lock, recipe.index, f"the lock {recipe.target.lock_name}")
    store = BundleStore(output)
    needed = recipe.lock.closure([*recipe.core, *wanted])
    with _only_builder(output):
        processes = Processes()
        try:
            _check_space(recipe, store, needed)
            _build_bundles(recipe, source, store, needed, processes, progress, workers)
            built = _finished_bundles(recipe, store)
            layer = _choose_layer(recipe, built)
            document = manifest.make_manifest(
                recipe.id,
                recipe.target,
                recipe.approved,
                recipe.lock,
                recipe.index,
                built,
                layer,
                byte_code=recipe.interpreter is not None,
            )
            _assemble_layer(recipe, store, layer, document, processes, progress, pack_layer=pack_layer)
            manifest.write_manifest(document, output / "manifest.json")
        except OSError as error:
            raise translate_os_error(error, "The environment") from error
        finally:
            processes.stop()
            shutil.rmtree(store.work, ignore_errors=True)
    return document


@contextmanager
def _only_builder(output: Path) -> Iterator[None]:
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = (output / ".lock").open("w")
    except OSError as error:
        raise translate_os_error(error, "The environment") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildError(f"Another build is at work in {output}: wait for its end") from error
        yield


def _check_space(recipe: Recipe, store: BundleStore, needed: set[str]) -> None:
    missing = [recipe.lock.distributions[name] for name in needed]
    missing = [locked for locked in missing if store.find(locked) is None]
    unpacked = sum(recipe.index[(locked.name, locked.version)].unpacked_bytes for locked in missing)
    # Sources and byte code, once in a bundle and once unpacked in the layer or while it is worked on.
    wanted_bytes = int(unpacked * 3.5)
    free = shutil.disk_usage(store.folder).free
    if free < wanted_bytes:
        raise BuildError(
            f"The packages need about {wanted_bytes // 10**6:,} MB of disk, {free // 10**6:,} MB are free: "
            "make room and start again; what is finished is kept"
        )


def _build_bundles(
    recipe: Recipe,
    source: Source,
    store: BundleStore,
    needed: set[str],
    processes: Processes,
    progress: Progress,
    workers: int,
) -> None:
    order = _by_layer_then_size(recipe, needed)
    missing = [name for name in order if store.find(recipe.lock.distributions[name]) is None]
    done = len(order) - len(missing)

    def build(name: str) -> float:
        started = time.monotonic()
        locked = recipe.lock.distributions[name]
        try:
            built = build_bundle(locked, recipe.target, source, store, recipe.interpreter, processes)
        except OSError as error:
            raise translate_os_error(error, f"{name} {locked.version}") from error
        expected = recipe.index[(name, locked.version)].imports
        if built.imports != expected:
            store.record_of(locked).unlink()
            raise BuildError(
                f"{name} {locked.version} brings the import names {', '.join(built.imports) or '(none)'}, its "
                f"index says {', '.join(expected) or '(none)'}: run `python layers/approved/lock.py`"
            )
        return time.monotonic() - started

    if missing and done:
        progress(f"[packages] {done} of {len(order)} are finished already")
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = {pool.submit(build, name): name for name in missing}
        try:
            for future in as_completed(futures):
                seconds = future.result()
                done += 1
                locked = recipe.lock.distributions[futures[future]]
                progress(f"[packages] {done}/{len(order)} {locked.name} {locked.version} ({seconds:.1f} s)")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            processes.stop()
            raise


def _by_layer_then_size(recipe: Recipe, needed: set[str]) -> list[str]:
    """The core first, so that an interruption leaves the most useful part; in it the largest, to even out the end."""
    core = recipe.lock.closure(recipe.core)

    def key(name: str) -> tuple[bool, int, str]:
        facts = recipe.index[(name, recipe.lock.distributions[name].version)]
        return (name not in core, -facts.unpacked_bytes, name)

    return sorted(needed, key=key)


def _finished_bundles(recipe: Recipe, store: BundleStore) -> dict[str, BuiltBundle]:
    found = ((name, store.find(locked)) for name, locked in recipe.lock.distributions.items())
    return {name: bundle for name, bundle in found if bundle is not None}


def _choose_layer(recipe: Recipe, built: dict[str, BuiltBundle]) -> frozenset[str]:
    if recipe.layer == "core":
        return frozenset(recipe.lock.closure(recipe.core))
    sizes = {name: bundle.unpacked_bytes for name, bundle in built.items()}
    return layer_plan.plan_layer(recipe.lock, recipe.order, sizes, always=recipe.core)


def _assemble_layer(
    recipe: Recipe,
    store: BundleStore,
    layer: frozenset[str],
    document: dict[str, object],
    processes: Processes,
    progress: Progress,
    *,
    pack_layer: bool,
) -> None:
    folder, contents = store.folder / "layer", store.folder / "layer-contents.json"
    names = sorted(f"{name}=={recipe.lock.distributions[name].version}" for name in layer)
    if not (folder.is_dir() and contents.is_file() and json.loads(contents.read_text()) == names):
        progress(f"[packages] putting {len(layer)} packages into the layer")
        contents.unlink(missing_ok=True)
        fresh = store.work / "layer"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        site_packages = fresh / recipe.target.site_packages
        site_packages.mkdir(parents=True)
        for name in sorted(layer):
            try:
                extract_archive(store.file_of(recipe.lock.distributions[name]), site_packages)
            except FileExistsError as error:
                raise BuildError(
                    f"{name} brings a file that another package of the layer has too: {error.filename}"
                ) from error
        (fresh / "slashbox").mkdir()
        if "matplotlib" in layer and recipe.interpreter is not None and recipe.target.runs_here():
            build_font_cache(site_packages, fresh / "slashbox" / "matplotlib", recipe.interpreter, processes)
        fresh.rename(folder)
        contents.write_text(json.dumps(names), encoding="utf-8")
    manifest.write_manifest(document, folder / "slashbox" / "manifest.json")
    # The manifest has changed, so has the archive that holds it.
    archive = store.folder / "layer.zip"
    archive.unlink(missing_ok=True)
    if pack_layer:
        progress("[packages] packing the layer")
        write_archive(folder, archive, compress=True)
