"""A recipe is all that decides what an environment is; its hash is the environment's id."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

from layers.approved import layer_plan, strip
from layers.approved.approved_list import ApprovedList
from layers.approved.byte_code import Interpreter
from layers.approved.lockfile import Lock, LockedDistribution
from layers.approved.target import Target
from layers.approved.wheel_index import WheelIndex

# Raise it when the same inputs would give other files than before.
BUILD_RULES = 3
MANIFEST_VERSION = 1
# Raise it when the same bundles would be named otherwise: they stay as they are, the manifest does not.
NAMING_RULES = 2

LayerKind = Literal["core", "full"]
"""`core`: the list's core packages; `full`: as many as fit Lambda, most used first, among those built."""


@dataclass(frozen=True)
class Recipe:
    """Equal recipes have equal ids and, with one and the same interpreter, equal bytes.

    `content`: the distributions that it was asked for, where it is finished with them; None where bundles
    may join it later.
    """

    target: Target
    approved: ApprovedList
    lock: Lock
    index: WheelIndex
    interpreter: Interpreter | None
    layer: LayerKind = "core"
    content: tuple[str, ...] | None = None

    @property
    def id(self) -> str:
        """16 hex digits of SHA-256 over the lock, the list and the build's rules.

        Not over the index: what wheels hold follows from their hashes, which the lock has.
        """
        return _fingerprint(
            {
                **self._bundle_rules,
                "manifest": MANIFEST_VERSION,
                "naming": NAMING_RULES,
                "layer": self.layer,
                "content": self.content,
                "budget": [layer_plan.LAMBDA_BYTES, layer_plan.RESERVED_BYTES],
                "font_cache": self.interpreter is not None and self.target.runs_here(),
                "approved": [package.name for package in self.approved.packages],
                "chosen": self.approved.distributions(self.target),
                "core": self.core,
                "hints": [dict(self.approved.hints), self.approved.absent(self.target)],
                "not_imported": dict(self.approved.not_imported),
                "lock": self.lock.text,
            }
        )[:16]

    def bundle_id(self, distribution: LockedDistribution) -> str:
        """64 hex digits: two recipes that agree on it make the same bundle of the distribution."""
        return _fingerprint({**self._bundle_rules, "requirement": distribution.requirement})

    @property
    def _bundle_rules(self) -> dict[str, object]:
        return {
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
            "target": asdict(self.target),
            "byte_code": self.interpreter.magic if self.interpreter else None,
        }

    @property
    def order(self) -> list[str]:
        """The approved distributions by use."""
        return list(self.approved.distributions(self.target).values())

    @property
    def core(self) -> list[str]:
        chosen = self.approved.distributions(self.target)
        return [chosen[package.name] for package in self.approved.packages if package.core]


def _fingerprint(rules: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()
