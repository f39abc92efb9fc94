"""Makes one distribution's bundle: fetched, stripped, compiled, packed, and recorded as finished."""

import shutil
from dataclasses import dataclass

from layers.approved.archive import compress_file, sha256_of, write_archive
from layers.approved.byte_code import Interpreter, compile_tree
from layers.approved.errors import BuildError
from layers.approved.fetch import Source, fetch_distribution
from layers.approved.lockfile import LockedDistribution
from layers.approved.processes import Processes
from layers.approved.store import BuiltBundle, Store, bundle_file
from layers.approved.strip import import_roots, strip_tree
from layers.approved.target import Target


@dataclass(frozen=True)
class Workshop:
    """What building needs. Without an interpreter there will be no byte code."""

    target: Target
    interpreter: Interpreter | None
    source: Source
    store: Store
    processes: Processes


def build_bundle(
    distribution: LockedDistribution, expected_imports: tuple[str, ...], workshop: Workshop
) -> BuiltBundle:
    """Raises BuildError, also where the import roots are not the expected ones; nothing half-done counts."""
    store = workshop.store
    work = store.work / distribution.name
    shutil.rmtree(work, ignore_errors=True)
    tree = fetch_distribution(distribution, workshop.target, workshop.source, work, workshop.processes)
    strip_tree(tree)
    roots = tuple(import_roots(tree))
    if roots != expected_imports:
        raise BuildError(
            f"{distribution.name} {distribution.version} brings the import names "
            f"{', '.join(roots) or '(none)'}, its index says {', '.join(expected_imports) or '(none)'}: "
            "run `python layers/approved/lock.py`"
        )
    if workshop.interpreter is not None:
        compile_tree(tree, workshop.interpreter, workshop.processes)
    plain, packed = work / "bundle.zip", work / "bundle.zip.zst"
    unpacked = write_archive(tree, plain, deflate=False)
    shutil.rmtree(tree)
    compress_file(plain, packed)
    sha256 = sha256_of(packed)
    file = bundle_file(distribution, sha256)
    bundle = BuiltBundle(file, sha256, packed.stat().st_size, unpacked, roots)
    path = store.path_of(bundle)
    path.parent.mkdir(parents=True, exist_ok=True)
    packed.replace(path)
    store.record(distribution, bundle)
    shutil.rmtree(work, ignore_errors=True)
    return bundle
