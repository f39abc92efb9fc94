"""The folder of one environment: what lies where, and which bundles in it are finished."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from layers.approved.lockfile import LockedDistribution

BUNDLES = "bundles"


@dataclass(frozen=True)
class BuiltBundle:
    """A finished bundle: its file's name, hash and sizes, and the import roots found in it."""

    file: str
    sha256: str
    bytes: int
    unpacked_bytes: int
    imports: tuple[str, ...]

    @property
    def key(self) -> str:
        """Where it lies, in a build's folder as in the packages' bucket, for all that have it."""
        return f"{BUNDLES}/{self.file}"


def bundle_file(distribution: LockedDistribution, sha256: str) -> str:
    """A name that two different contents never share (docs/adr/0014)."""
    return f"{distribution.name}-{distribution.version}-{sha256}.zip.zst"


@dataclass(frozen=True)
class Store:
    """Finished bundles with their records, the layer, and half-done work, all below `folder`."""

    folder: Path

    @property
    def layer(self) -> Path:
        return self.folder / "layer"

    @property
    def layer_members(self) -> Path:
        """Which releases the layer is made of; absent while it is being made."""
        return self.folder / "records" / "layer.json"

    @property
    def packed_layer(self) -> Path:
        return self.folder / "layer.zip"

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def path_of(self, bundle: BuiltBundle) -> Path:
        return self.folder / bundle.key

    def find(self, distribution: LockedDistribution) -> BuiltBundle | None:
        """The finished bundle, or None where there is none, or where its file or record is not whole."""
        try:
            record = json.loads(self._record_of(distribution).read_text(encoding="utf-8"))
            bundle = BuiltBundle(**{**record, "imports": tuple(record["imports"])})
            whole = self.path_of(bundle).stat().st_size == bundle.bytes
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return bundle if whole else None

    def record(self, distribution: LockedDistribution, bundle: BuiltBundle) -> None:
        """From here on the bundle counts as finished."""
        write_whole(self._record_of(distribution), json.dumps(asdict(bundle)))

    def _record_of(self, distribution: LockedDistribution) -> Path:
        return self.folder / "records" / f"{distribution.name}-{distribution.version}.json"


def write_whole(path: Path, text: str) -> None:
    """The file appears whole or not at all, whenever the process is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
