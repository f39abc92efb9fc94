"""Makes `layers.approved` importable from the repository's root, as its two scripts do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
for _folder in (_HERE.parent, _HERE.parents[2]):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from approved_support import Shelf  # noqa: E402


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A tiny approved list with a lock, and its wheels in a folder: no registry is asked."""
    return Shelf(tmp_path / "shelf")
