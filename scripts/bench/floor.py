"""The physical limit of an installation: the same bytes, written as the same files, and nothing else."""

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

from backports import zstd
from slashbox_executor.manifest import Manifest, read_manifest

from scripts.bench.prepare import BenchError, Prepared


@dataclass(frozen=True)
class TreeFile:
    path: str
    data: bytes


def manifest_of(prepared: Prepared) -> Manifest:
    return read_manifest(prepared.environment / "manifest.json")


def read_tree(prepared: Prepared, name: str) -> list[TreeFile]:
    """All files that `name` brings beyond the layer, each distribution in a folder of its own."""
    files = []
    for item in manifest_of(prepared).closure([name]):
        if item.bundle is None:
            raise BenchError(f"{item.name} was not built")
        with (
            zstd.open(prepared.environment / item.bundle.key) as frame,
            zipfile.ZipFile(io.BytesIO(frame.read())) as archive,
        ):
            files += [
                TreeFile(f"{item.name}/{each.filename}", archive.read(each)) for each in archive.infolist()
            ]
    return files


def write_tree(files: list[TreeFile], folder: Path) -> None:
    made = set()
    for file in files:
        path = f"{folder}/{file.path}"
        parent = path.rpartition("/")[0]
        if parent not in made:
            os.makedirs(parent, exist_ok=True)  # noqa: PTH103 - no slower than it must be
            made.add(parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        view = memoryview(file.data)
        while view:
            view = view[os.write(handle, view) :]
        os.close(handle)
