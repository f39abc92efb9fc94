"""The packages of this environment: what is in the layer, what can be fetched, what each import needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_VERSION = 1


class ManifestError(Exception):
    """The layer's manifest cannot be used: the environment was built or unpacked wrongly."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A zip of what goes into site-packages. `bytes` packed, `unpacked_bytes` on disk."""

    key: str
    sha256: str
    bytes: int
    unpacked_bytes: int

    @property
    def is_compressed(self) -> bool:
        """As a whole, with zstd; environments of earlier versions have plain zips (docs/adr/0012)."""
        return self.key.endswith(".zst")


@dataclass(frozen=True, slots=True)
class Distribution:
    """One locked distribution. `requires`: what it needs directly; without `bundle` it cannot be fetched."""

    name: str
    version: str
    approved: bool
    in_layer: bool
    requires: tuple[str, ...]
    bundle: Bundle | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """`imports`: importable name → its distributions; `hints`: words for names that nobody ships."""

    environment: str = ""
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)

    def providers(self, module: str) -> tuple[Distribution, ...]:
        """Distributions for a dotted name: the longest known beginning counts, for namespaces are shared."""
        name = module
        while name:
            if names := self.imports.get(name):
                return tuple(self.distributions[item] for item in names if item in self.distributions)
            name = name.rpartition(".")[0]
        return ()

    def closure(self, names: Iterable[str]) -> list[Distribution]:
        """`names` and all they need, each once, without what the layer has."""
        found: dict[str, Distribution] = {}
        waiting = list(names)
        while waiting:
            item = self.distributions.get(waiting.pop())
            if item is not None and item.name not in found and not item.in_layer:
                found[item.name] = item
                waiting.extend(item.requires)
        return list(found.values())


def read_manifest(path: Path) -> Manifest:
    """An empty manifest where there is none. :raises ManifestError: where there is one that cannot be read"""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Manifest()
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path}: {error}") from error
    try:
        if raw["version"] != _VERSION:
            raise ManifestError(
                f"{path} has version {raw['version']!r}; this executor reads version {_VERSION}"
            )
        return Manifest(
            environment=str(raw["environment"]),
            imports={str(name): tuple(map(str, owners)) for name, owners in raw["imports"].items()},
            distributions={name: _distribution(name, item) for name, item in raw["distributions"].items()},
            hints={str(name): str(text) for name, text in raw.get("hints", {}).items()},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ManifestError(f"{path} does not have the expected form: {error!r}") from error


def _distribution(name: str, raw: Mapping[str, object]) -> Distribution:
    bundle = raw.get("bundle")
    requires = raw.get("requires", [])
    if not isinstance(requires, list) or not (bundle is None or isinstance(bundle, dict)):
        raise TypeError(name)
    return Distribution(
        name=name,
        version=str(raw["version"]),
        approved=bool(raw["approved"]),
        in_layer=bool(raw["in_layer"]),
        requires=tuple(map(str, requires)),
        bundle=None if bundle is None else parse_bundle(bundle),
    )


def parse_bundle(raw: Mapping[str, object]) -> Bundle:
    """:raises KeyError, ValueError: where it is not what the build writes"""
    return Bundle(
        key=str(raw["key"]),
        sha256=str(raw["sha256"]),
        bytes=int(str(raw["bytes"])),
        unpacked_bytes=int(str(raw["unpacked_bytes"])),
    )
