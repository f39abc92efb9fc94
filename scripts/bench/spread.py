"""Medians with their spread, and ratios of runs that followed each other: a shared machine allows no more."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The middle, the quarters on either side of it, the ends, and of how many values."""

    median: float
    lower: float
    upper: float
    least: float
    most: float
    count: int


def spread(values: Sequence[float]) -> Spread:
    """:raises ValueError: without values"""
    if not values:
        raise ValueError("there is no median of nothing")
    ordered = sorted(values)
    return Spread(
        median=_quantile(ordered, 0.5),
        lower=_quantile(ordered, 0.25),
        upper=_quantile(ordered, 0.75),
        least=ordered[0],
        most=ordered[-1],
        count=len(ordered),
    )


def paired_ratios(slow: Sequence[float], fast: Sequence[float]) -> Spread:
    """
    How many times faster `fast` was, pair by pair: what slowed the machine down slowed both of a pair.

    :raises ValueError: unless there are as many of one as of the other, and all above 0
    """
    if min([*slow, *fast], default=0) <= 0:
        raise ValueError("a time must be above 0")
    return spread([one / other for one, other in zip(slow, fast, strict=True)])


def paired_differences(slow: Sequence[float], fast: Sequence[float]) -> Spread:
    """How much longer `slow` took, pair by pair. :raises ValueError: unless there are as many of each"""
    return spread([one - other for one, other in zip(slow, fast, strict=True)])


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Between two values where the place falls between them."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
