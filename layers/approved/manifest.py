"""The manifest: everything that the executor needs to know about an environment, as one JSON document."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from layers.approved.approved_list import ApprovedList
from layers.approved.lockfile import Lock
from layers.approved.target import Target
from layers.approved.wheel_index import WheelIndex

VERSION = 1


@dataclass(frozen=True)
class BuiltBundle:
    """A finished bundle: its file's name, hash and sizes, and the import roots found in it."""

    file: str
    sha256: str
    bytes: int
    unpacked_bytes: int
    imports: tuple[str, ...]


def make_manifest(
    environment: str,
    target: Target,
    approved: ApprovedList,
    lock: Lock,
    index: WheelIndex,
    built: Mapping[str, BuiltBundle],
    layer: frozenset[str],
    *,
    byte_code: bool,
) -> dict[str, object]:
    """As plain data. `approved` lists all packages of the operator's list; `absent` says which the target lacks."""
    chosen = set(approved.distributions(target).values())
    imports: dict[str, list[str]] = {}
    distributions: dict[str, object] = {}
    for name, locked in sorted(lock.distributions.items()):
        bundle = built.get(name)
        for root in bundle.imports if bundle else index[(name, locked.version)].imports:
            imports.setdefault(root, []).append(name)
        distributions[name] = {
            "version": locked.version,
            "approved": name in chosen,
            "in_layer": name in layer,
            "requires": list(locked.requires),
            "bundle": None if bundle is None else _describe_bundle(environment, bundle),
        }
    absent = approved.absent(target)
    return {
        "version": VERSION,
        "environment": environment,
        "python": target.python,
        "architecture": target.architecture,
        "system": target.system,
        "byte_code": byte_code,
        "approved": [package.name for package in approved.packages],
        "absent": absent,
        "imports": dict(sorted(imports.items())),
        "distributions": distributions,
        # An absent package's import name is known only where its wheel is: its own name is the best guess.
        "hints": dict(sorted({**approved.hints, **absent}.items())),
    }


def write_manifest(manifest: Mapping[str, object], path: Path) -> None:
    """Appears whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def _describe_bundle(environment: str, bundle: BuiltBundle) -> dict[str, object]:
    return {
        "key": f"environments/{environment}/bundles/{bundle.file}",
        "sha256": bundle.sha256,
        "bytes": bundle.bytes,
        "unpacked_bytes": bundle.unpacked_bytes,
    }
