"""The layer takes the most used packages first, whole, and never more than fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from layers.approved.layer_plan import plan_layer
from layers.approved.lockfile import Lock, LockedDistribution

NAMES = [f"p{number}" for number in range(8)]


def make_lock(requires: dict[str, list[str]]) -> Lock:
    return Lock(
        "", {name: LockedDistribution(name, "1", (), tuple(parts)) for name, parts in requires.items()}
    )


LOCK = make_lock({"plot": ["array"], "table": ["array", "time"], "array": [], "time": [], "big": ["array"]})
SIZES = {"plot": 30, "table": 40, "array": 50, "time": 5, "big": 500}


def test_a_package_comes_with_all_that_it_requires() -> None:
    assert plan_layer(LOCK, ["table"], SIZES, budget_bytes=100) == {"table", "array", "time"}


def test_what_two_packages_share_counts_once() -> None:
    assert plan_layer(LOCK, ["table", "plot"], SIZES, budget_bytes=125) == {"table", "array", "time", "plot"}


def test_one_that_does_not_fit_is_passed_over_for_smaller_ones() -> None:
    assert plan_layer(LOCK, ["big", "plot"], SIZES, budget_bytes=100) == {"plot", "array"}


def test_use_decides_not_size() -> None:
    assert plan_layer(LOCK, ["plot", "table"], SIZES, budget_bytes=100) == {"plot", "array"}


def test_the_core_is_in_whatever_it_weighs() -> None:
    assert plan_layer(LOCK, ["plot"], SIZES, always=["big"], budget_bytes=100) == {"big", "array"}


def test_one_that_was_not_built_is_left_out() -> None:
    sizes = {name: size for name, size in SIZES.items() if name != "time"}
    assert plan_layer(LOCK, ["table", "plot"], sizes, budget_bytes=1000) == {"plot", "array"}


@given(
    st.fixed_dictionaries({name: st.lists(st.sampled_from(NAMES), max_size=3) for name in NAMES}),
    st.fixed_dictionaries({name: st.integers(0, 50) for name in NAMES}),
    st.permutations(NAMES),
    st.integers(0, 300),
)
def test_any_plan_fits_is_closed_and_leaves_nothing_that_would_fit(
    requires: dict[str, list[str]], sizes: dict[str, int], order: list[str], budget: int
) -> None:
    lock = make_lock(requires)
    plan = plan_layer(lock, order, sizes, budget_bytes=budget)
    used = sum(sizes[name] for name in plan)
    assert used <= budget
    assert lock.closure(plan) == plan
    for name in order:
        added = lock.closure([name]) - plan
        assert not added or used + sum(sizes[part] for part in added) > budget
