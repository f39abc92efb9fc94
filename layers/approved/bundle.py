"""Makes one distribution's bundle: fetched, stripped, compiled, packed, recorded. Done once is done for good."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from layers.approved.archive import sha256_of, write_archive
from layers.approved.byte_code import Interpreter, compile_tree
from layers.approved.errors import BuildError
from layers.approved.fetch import Source, fetch_distribution
from layers.approved.lockfile import LockedDistribution
from layers.approved.manifest import BuiltBundle
from layers.approved.processes import Processes
from layers.approved.strip import import_roots, strip_tree
from layers.approved.target import Target


@dataclass(frozen=True)
class BundleStore:
    """Where finished bundles, their records and half-done work lie: all below one environment's folder."""

    folder: Path

    @property
    def bundles(self) -> Path:
        return self.folder / "bundles"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def file_of(self, distribution: LockedDistribution) -> Path:
        return self.bundles / f"{distribution.name}-{distribution.version}.zip"

    def record_of(self, distribution: LockedDistribution) -> Path:
        return self.folder / "records" / f"{distribution.name}-{distribution.version}.json"

    def find(self, distribution: LockedDistribution) -> BuiltBundle | None:
        """The finished bundle, or None where there is none, or where its file or record is not whole."""
        try:
            record = json.loads(self.record_of(distribution).read_text(encoding="utf-8"))
            bundle = BuiltBundle(**{**record, "imports": tuple(record["imports"])})
            whole = self.file_of(distribution).stat().st_size == bundle.bytes
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return bundle if whole else None


def build_bundle(
    distribution: LockedDistribution,
    target: Target,
    source: Source,
    store: BundleStore,
    interpreter: Interpreter | None,
    processes: Processes,
) -> BuiltBundle:
    """Without an interpreter the bundle has no byte code. Raises BuildError; leaves nothing half-done in view."""
    work = store.work / distribution.name
    shutil.rmtree(work, ignore_errors=True)
    tree = fetch_distribution(distribution, target, source, work, processes)
    strip_tree(tree)
    roots = import_roots(tree)
    if interpreter is not None:
        compile_tree(tree, interpreter, processes)
    file, record = store.file_of(distribution), store.record_of(distribution)
    for folder in (file.parent, record.parent):
        folder.mkdir(parents=True, exist_ok=True)
    # Stored, not deflated: unpacking is on a person's waiting time, and what it costs is CPU.
    unpacked = write_archive(tree, file, compress=False)
    bundle = BuiltBundle(file.name, sha256_of(file), file.stat().st_size, unpacked, tuple(roots))
    partial = record.with_name(record.name + ".partial")
    partial.write_text(json.dumps(asdict(bundle)), encoding="utf-8")
    partial.replace(record)
    shutil.rmtree(work, ignore_errors=True)
    return bundle


def translate_os_error(error: OSError, name: str) -> BuildError:
    """What the operating system refused, in the operator's words."""
    if error.errno in (28, 122):
        return BuildError("The disk is full: make room and start again; what is finished is kept")
    if error.errno in (1, 13, 30):
        return BuildError(f"{error.filename} cannot be written: check the permissions of the output folder")
    return BuildError(f"{name} could not be built: {error}")
