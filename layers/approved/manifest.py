"""The manifest: everything that the executor needs to know about an environment, as one JSON document."""

import json
from collections.abc import Mapping

from layers.approved.recipe import MANIFEST_VERSION, Recipe
from layers.approved.store import BuiltBundle


def make_manifest(
    recipe: Recipe, built: Mapping[str, BuiltBundle], layer: frozenset[str]
) -> dict[str, object]:
    """As plain data, with every locked distribution; what the layer has, or nobody built, has no bundle."""
    target = recipe.target
    approved = set(recipe.order)
    absent = recipe.approved.absent(target)
    imports: dict[str, list[str]] = {}
    distributions: dict[str, object] = {}
    for name, locked in sorted(recipe.lock.distributions.items()):
        for root in recipe.index[(name, locked.version)].imports:
            imports.setdefault(root, []).append(name)
        distributions[name] = {
            "version": locked.version,
            "approved": name in approved,
            "in_layer": name in layer,
            "requires": list(locked.requires),
            "bundle": (describe_bundle(built[name]) if name in built and name not in layer else None),
        }
    return {
        "version": MANIFEST_VERSION,
        "environment": recipe.id,
        "python": target.python,
        "architecture": target.architecture,
        "system": target.system,
        "byte_code": recipe.interpreter is not None,
        "approved": [package.name for package in recipe.approved.packages],
        "absent": absent,
        "imports": dict(sorted(imports.items())),
        "distributions": distributions,
        # The wheel of an absent package is nowhere to be read: its own name is the best guess at its import.
        "hints": dict(sorted({**recipe.approved.hints, **absent}.items())),
        "not_imported": dict(sorted(recipe.approved.not_imported.items())),
    }


def format_manifest(manifest: Mapping[str, object]) -> str:
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"


def describe_bundle(bundle: BuiltBundle) -> dict[str, object]:
    return {
        "key": bundle.key,
        "sha256": bundle.sha256,
        "bytes": bundle.bytes,
        "unpacked_bytes": bundle.unpacked_bytes,
    }
