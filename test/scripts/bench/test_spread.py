"""Figures of benchmarks: medians, quarters and paired ratios."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.bench.spread import paired_differences, paired_ratios, spread

_TIMES = st.floats(0.001, 1e6)


@given(st.lists(_TIMES, min_size=1, max_size=50))
def test_spread_is_in_order_and_has_the_known_median(values: list[float]) -> None:
    found = spread(values)
    assert found.least <= found.lower <= found.median <= found.upper <= found.most
    assert found.median == pytest.approx(statistics.median(values))
    assert (found.least, found.most, found.count) == (min(values), max(values), len(values))
    assert spread(list(reversed(values))) == found


def test_quarters_lie_between_the_values() -> None:
    found = spread([1, 2, 3, 4])
    assert (found.lower, found.median, found.upper) == (1.75, 2.5, 3.25)


@given(st.lists(st.tuples(_TIMES, st.floats(1, 100)), min_size=1, max_size=30))
def test_ratio_is_that_of_the_pairs_however_fast_the_machine_was_meanwhile(
    pairs: list[tuple[float, float]],
) -> None:
    fast = [weather for weather, _ in pairs]
    slow = [weather * ratio for weather, ratio in pairs]
    assert paired_ratios(slow, fast).median == pytest.approx(statistics.median(ratio for _, ratio in pairs))


def test_difference_is_that_of_the_pairs() -> None:
    assert paired_differences([5, 9, 20], [4, 7, 17]).median == 2


@pytest.mark.parametrize(("slow", "fast"), [([1.0], [1.0, 2.0]), ([0.0], [1.0]), ([1.0], [0.0]), ([], [])])
def test_what_is_no_pair_of_times_is_refused(slow: list[float], fast: list[float]) -> None:
    with pytest.raises(ValueError, match=r"above 0|shorter|longer"):
        paired_ratios(slow, fast)


def test_nothing_has_no_median() -> None:
    with pytest.raises(ValueError, match="nothing"):
        spread([])
