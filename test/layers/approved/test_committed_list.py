"""What is committed in layers/approved holds together: the list, six locks and the index of their wheels."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers.approved.approved_list import ApprovedList, read_approved_list
from layers.approved.lock import TARGETS, check_committed
from layers.approved.lockfile import Lock, read_lock
from layers.approved.target import Target
from layers.approved.wheel_index import read_wheel_index

FOLDER = Path(__file__).parents[3] / "layers" / "approved"
BY_NAME = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.lock_name)


@pytest.fixture(scope="module")
def approved() -> ApprovedList:
    return read_approved_list(FOLDER / "packages.toml")


def lock_for(target: Target) -> Lock:
    return read_lock(FOLDER / "locks" / f"{target.lock_name}.txt")


def test_the_list_has_the_sixty_two(approved: ApprovedList) -> None:
    assert len(approved.packages) == 62


def test_locks_and_index_are_consistent(approved: ApprovedList) -> None:
    check_committed(FOLDER / "locks", approved)


@BY_NAME
def test_every_package_is_locked_or_said_to_be_absent(target: Target, approved: ApprovedList) -> None:
    present, absent = approved.distributions(target), approved.absent(target)
    assert len(present) + len(absent) == 62
    assert set(present.values()) <= lock_for(target).distributions.keys()
    assert set(absent) == ({"torch"} if target.architecture == "x86_64" else set())


@BY_NAME
def test_every_distribution_has_a_hash(target: Target) -> None:
    assert all(locked.hashes for locked in lock_for(target).distributions.values())


@BY_NAME
def test_requirements_are_those_of_the_target(target: Target) -> None:
    lock = lock_for(target)
    assert lock.distributions["seaborn"].requires == ("matplotlib", "numpy", "pandas")
    assert "numpy" in lock.closure(["seaborn"])
    assert "scipy" not in lock.closure(["seaborn"])


@BY_NAME
def test_nothing_of_cuda_is_in_a_lock(target: Target) -> None:
    assert not [name for name in lock_for(target).distributions if "nvidia" in name or name == "triton"]


def test_import_names_are_known_without_wheels() -> None:
    index = read_wheel_index(FOLDER / "locks" / "wheels.json")
    owners = {root: name for (name, _), facts in index.items() for root in facts.imports}
    assert owners["PIL"] == "pillow"
    assert owners["sklearn"] == "scikit-learn"
    assert owners["cv2"] == "opencv-python-headless"
    assert owners["yaml"] == "pyyaml"
    assert owners["bs4"] == "beautifulsoup4"
    assert owners["docx"] == "python-docx"
    assert owners["mpl_toolkits"] == "matplotlib"


def test_hints_do_not_name_what_is_approved(approved: ApprovedList) -> None:
    assert not set(approved.hints) & {package.name for package in approved.packages}
