"""Makes the executor importable as Lambda does: its folder is on sys.path."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

_HERE = Path(__file__).parent
ROOT = _HERE.parents[2]
for _folder in (_HERE, ROOT / "functions" / "executor"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from executor_support import Executor, Store  # noqa: E402

# A busy machine is no finding.
settings.register_profile("slashbox", deadline=None)
settings.load_profile("slashbox")


def pytest_configure(config: pytest.Config) -> None:
    # The store's server is a thread of this process; the executor itself has one thread only.
    config.addinivalue_line(
        "filterwarnings", "ignore:.*use of fork.* may lead to deadlocks:DeprecationWarning"
    )


@pytest.fixture
def store() -> Iterator[Store]:
    """An object store that answers exactly the presigned requests it was told of."""
    with Store() as running:
        yield running


@pytest.fixture
def executor(tmp_path: Path, store: Store) -> Iterator[Executor]:
    """An execution environment with an empty layer."""
    with Executor(tmp_path, store) as running:
        yield running


@pytest.fixture
def real_layer() -> Path:
    """A built layer with numpy, pandas and matplotlib; the project's test runner names it."""
    root = os.environ.get("SLASHBOX_TEST_LAYER_ROOT")
    if root:
        return Path(root).resolve()
    if os.environ.get("CI") == "true":
        pytest.fail(
            "SLASHBOX_TEST_LAYER_ROOT is not set: run the tests with `npm test`, which builds a layer"
        )
    pytest.skip("needs a built layer: run the tests with `npm test`, or set SLASHBOX_TEST_LAYER_ROOT")
