"""Figures with how sure they are: against published examples, and against what is drawn by chance."""

import random
from collections.abc import Callable
from math import sqrt

import pytest

from projections.estimates import Estimate, difference, mean, ranks, rate, share

Draw = Callable[[random.Random], Estimate | None]


@pytest.mark.parametrize(
    ("some", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_shares(some: int, of: int, low: float, high: float) -> None:
    """The examples of Newcombe's paper on single proportions, to their digits."""
    assert share(some, of) == pytest.approx((some / of, low, high), abs=0.00006)


@pytest.mark.parametrize(
    ("before", "after", "low", "high"),
    [
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
        ((0, 10), (10, 10), 0.6075, 1.0),
    ],
)
def test_differences_of_shares(
    before: tuple[int, int], after: tuple[int, int], low: float, high: float
) -> None:
    """The examples of Newcombe's paper on differences, by its tenth method."""
    known = share(*before), share(*after)
    assert known[0] is not None
    assert known[1] is not None

    told = difference(known[0], known[1])

    assert (told.low, told.high) == pytest.approx((low, high), abs=0.00006)


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39)])
def test_rates(count: int, low: float, high: float) -> None:
    """Close to the exact limits of Poisson's distribution."""
    assert rate(count, 30, 30) == pytest.approx((count, low, high), rel=0.01, abs=0.03)
    assert rate(count, 60, 30).value == count / 2


def test_of_nothing() -> None:
    """There is no figure."""
    assert share(0, 0) is None
    assert mean(0, 0.0, 0.0, (1, 5)) is None


def test_few_equal_answers_are_not_certain() -> None:
    """Five customers who all give the best score do not prove that all would."""
    told = mean(5, 35.0, 245.0, (1, 7))

    assert told is not None
    assert (told.value, told.high) == (7, 7)
    assert told.low < 5


@pytest.mark.parametrize(("of", "part"), [(1, 0.5), (2, 0.5), (3, 0.9), (11, 0.5), (1_000, 0.9)])
def test_ranks_are_there(of: int, part: float) -> None:
    """However few values there are."""
    told = ranks(part, of)

    assert 1 <= told.low <= told.value <= told.high <= of
    assert told.value == max(1, -int(-part * of // 1))


def _quantile(values: list[float], part: float) -> Estimate:
    ordered = sorted(values)
    return Estimate(*(ordered[rank - 1] for rank in ranks(part, len(values))))


def _mean(values: list[int]) -> Estimate | None:
    return mean(len(values), sum(values), sum(value**2 for value in values), (1, 7))


DRAWS: dict[str, tuple[float, Draw]] = {
    "share": (0.7, lambda chance: share(sum(chance.random() < 0.7 for _ in range(150)), 150)),
    "mean": (4.0, lambda chance: _mean([chance.randint(1, 7) for _ in range(25)])),
    "median": (0.5, lambda chance: _quantile([chance.random() for _ in range(50)], 0.5)),
    "9 of 10": (0.9, lambda chance: _quantile([chance.random() for _ in range(200)], 0.9)),
    "rate": (12.0, lambda chance: rate(sum(chance.random() < 0.012 for _ in range(1_000)), 30, 30)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_interval_holds_the_truth(name: str) -> None:
    """In 95 of 100 cases, give or take what a thousand draws leave to chance."""
    truth, draw = DRAWS[name]
    chance = random.Random(7)  # noqa: S311  # no secret
    held = sum(told.low <= truth <= told.high for _ in range(1_000) if (told := draw(chance)) is not None)

    assert held >= 950 - 3 * sqrt(1_000 * 0.95 * 0.05)
    assert held < 1_000


@pytest.mark.parametrize("name", DRAWS)
def test_a_difference_that_is_none(name: str) -> None:
    """Is taken for one in five of a hundred cases at most."""
    _, draw = DRAWS[name]
    chance = random.Random(8)  # noqa: S311  # no secret
    pairs = [(draw(chance), draw(chance)) for _ in range(1_000)]
    held = [difference(one, other) for one, other in pairs if one is not None and other is not None]

    assert sum(told.low <= 0 <= told.high for told in held) >= 950 - 3 * sqrt(1_000 * 0.95 * 0.05)
