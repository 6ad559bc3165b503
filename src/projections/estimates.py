"""Figures from counts, each with how sure it is: what is shown is never a bare number.

All intervals hold the true figure in 95 of 100 cases. Shares: Wilson (1927). Means on a scale with two ends:
Student, with one answer more at each end, so that a few equal answers do not look certain. Quantiles: order
statistics. Rates: Byar's approximation to Poisson. Differences: Newcombe (1998), and for other figures than
shares as Zou and Donner (2008) do it.
"""

from math import ceil, floor, sqrt
from statistics import NormalDist
from typing import NamedTuple

_Z = NormalDist().inv_cdf(0.975)


class Estimate(NamedTuple):
    """A figure, and the interval that it lies in."""

    value: float
    low: float
    high: float


def share(some: int, of: int) -> Estimate | None:
    """Return which part of `of` are `some`; None of nothing."""
    if of == 0:
        return None
    part, weight = some / of, _Z**2 / of
    centre = (part + weight / 2) / (1 + weight)
    half = _Z * sqrt(part * (1 - part) / of + weight / (4 * of)) / (1 + weight)
    return Estimate(part, min(part, max(0.0, centre - half)), max(part, min(1.0, centre + half)))


def mean(count: int, total: float, squares: float, ends: tuple[float, float]) -> Estimate | None:
    """Return the mean of answers on a scale, from their sum and that of their squares; None of none."""
    if count == 0:
        return None
    low, high = ends
    value, more = total / count, count + 2
    centre = (total + low + high) / more
    variance = max(0.0, squares + low**2 + high**2 - more * centre**2) / (more - 1)
    half = _student(more - 1) * sqrt(variance / more)
    return Estimate(value, min(value, max(low, centre - half)), max(value, min(high, centre + half)))


class Ranks(NamedTuple):
    """Which of the values in their order, counted from 1, are a quantile and the ends of its interval."""

    value: int
    low: int
    high: int


def ranks(part: float, of: int) -> Ranks:
    """Return where the quantile `part` of `of` values stands: half of them are not above the median."""
    half = _Z * sqrt(of * part * (1 - part))
    value = max(1, ceil(part * of))
    return Ranks(value, min(value, max(1, floor(part * of - half))), min(of, ceil(part * of + half) + 1))


def rate(count: int, days: float, per: float) -> Estimate:
    """Return how many there are in `per` days, where there were `count` in `days`."""
    low, high = _poisson(count)
    return Estimate(count / days * per, low / days * per, high / days * per)


def difference(before: Estimate, after: Estimate) -> Estimate:
    """Return what is more after than before, and the interval of that."""
    value = after.value - before.value
    down = sqrt((after.value - after.low) ** 2 + (before.high - before.value) ** 2)
    up = sqrt((after.high - after.value) ** 2 + (before.value - before.low) ** 2)
    return Estimate(value, value - down, value + up)


def _poisson(count: int) -> tuple[float, float]:
    more = count + 1
    low = count * (1 - 1 / (9 * count) - _Z / (3 * sqrt(count))) ** 3 if count else 0.0
    return max(0.0, low), more * (1 - 1 / (9 * more) + _Z / (3 * sqrt(more))) ** 3


def _student(freedom: int) -> float:
    """Return Student's 97.5 % point, from the normal one (Cornish and Fisher): 2.26 with 9, 4.1 with 2."""
    z = _Z
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
