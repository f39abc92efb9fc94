"""What the locked wheels hold, computed from the wheels by `lock.py`: import roots and unpacked size.

A manifest names every locked distribution, also those whose wheel no build has fetched yet; this index
knows their import names. It is lock data: committed, written by `lock.py` alone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from layers.approved.errors import BuildError
from layers.approved.lockfile import Lock


@dataclass(frozen=True)
class WheelFacts:
    """`unpacked_bytes` is before byte code, stripped, of one target's wheel: good for estimates only."""

    imports: tuple[str, ...]
    unpacked_bytes: int


WheelIndex = Mapping[tuple[str, str], WheelFacts]
"""By (distribution, version)."""


def read_wheel_index(path: Path) -> dict[tuple[str, str], WheelFacts]:
    """Raises BuildError where the file is missing or not what `write_wheel_index` wrote."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {
            (name, version): WheelFacts(tuple(facts["imports"]), int(facts["unpacked_bytes"]))
            for name, versions in document["distributions"].items()
            for version, facts in versions.items()
        }
    except FileNotFoundError as error:
        raise BuildError(f"{path.name} is missing: run `python layers/approved/lock.py`") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildError(f"{path.name} is damaged: run `python layers/approved/lock.py`") from error


def write_wheel_index(path: Path, index: WheelIndex) -> None:
    """One line a release, so that a change of the lock reads well in a diff."""
    names = sorted({name for name, _ in index})
    blocks = []
    for name in names:
        lines = [
            f"      {json.dumps(version)}: "
            + json.dumps({"imports": list(facts.imports), "unpacked_bytes": facts.unpacked_bytes})
            for (owner, version), facts in sorted(index.items())
            if owner == name
        ]
        blocks.append(f"    {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n    }")
    text = '{\n  "version": 1,\n  "distributions": {\n' + ",\n".join(blocks) + "\n  }\n}\n"
    path.write_text(text, encoding="utf-8")


def check_roots(lock: Lock, index: WheelIndex, source: str) -> None:
    """Raises BuildError for a release that the index lacks, or a root that two distributions claim."""
    owners: dict[str, str] = {}
    for name, distribution in lock.distributions.items():
        facts = index.get((name, distribution.version))
        if facts is None:
            raise BuildError(
                f"The wheel index does not know {name} {distribution.version} of {source}: "
                "run `python layers/approved/lock.py`"
            )
        for root in facts.imports:
            if root in owners:
                raise BuildError(
                    f"In {source} both {owners[root]} and {name} claim the import name {root!r}: "
                    "one would hide the other; constrain or remove one of them in packages.toml"
                )
            owners[root] = name
