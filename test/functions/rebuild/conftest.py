"""Makes the rebuild importable as it is in Lambda, and `test/layers`' wheels at hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
for _folder in (_HERE.parent, _HERE.parents[1] / "layers", _HERE.parents[2]):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from rebuild_support import World  # noqa: E402


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A registry of three distributions, and a stage whose environment in force was made from their lock."""
    return World(tmp_path)
