"""What is compared: cases that are run in turn, and the ratios between them."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal

from journey.words import Words

Figure = Literal["rate", "p99"]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one run of one case gave."""

    rate: float
    """Requests or events a second."""
    count: int
    """Requests or events that were answered well."""
    stored: int = 0
    """Events that are in the log since, also those whose answers came too late to count."""
    failures: int = 0
    """Answers that were not what they had to be, and connections that broke."""
    p50: float | None = None
    """Median latency, in milliseconds."""
    p99: float | None = None
    cpu: Mapping[str, float] = field(default_factory=dict)
    """CPU seconds by group of processes."""
    notes: Mapping[str, float | str] = field(default_factory=dict)
    """Further figures of this case."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One side of a comparison."""

    key: str
    title: Words
    run: Callable[[], Sample]
    unit: str = "req/s"


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One figure of a case divided by the same figure of another, and the goal for it."""

    title: Words
    over: str
    """Key of the case above the line."""
    under: str
    """Key of the case below the line."""
    goal: str = ""
    """The name of the goal that it decides."""
    figure: Figure = "rate"
    at_least: float | None = None
    at_most: float | None = None

    def verdict(self, value: float) -> bool | None:
        """Tell whether the goal is met; None where there is none."""
        if self.at_least is None and self.at_most is None:
            return None
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


@dataclass(frozen=True)
class Bound:
    """A figure that a case notes, and the most that it may be."""

    title: Words
    case: str
    note: str
    at_most: float


@dataclass(frozen=True)
class Contest:
    """Cases that are run in turn, and what is asked of them."""

    cases: Sequence[Case]
    ratios: Sequence[Ratio]
    bounds: Sequence[Bound] = ()
    remarks: Sequence[Words] = ()
    """What is to be told beside the figures."""
    repeats: int | None = None
    """How many rounds; None takes what the command line says."""


@dataclass(frozen=True)
class Goal:
    """Goals that one contest decides, and the function that starts what it needs and yields it."""

    names: tuple[str, ...]
    title: Words
    contest: Callable[..., AbstractContextManager[Contest]]


Samples = dict[str, list[Sample]]
"""The samples of each case, in the order of rounds."""


def in_turn(contest: Contest, repeats: int) -> Iterator[tuple[Case, Sample]]:
    """Run the cases A B B A: what disturbs the machine disturbs all alike, and what one leaves behind too."""
    for number in range(contest.repeats or repeats):
        for case in contest.cases if number % 2 == 0 else reversed(contest.cases):
            yield case, case.run()


def figures(samples: Sequence[Sample], figure: Figure) -> list[float]:
    """Return one figure of each sample; samples without it are left out."""
    found = (sample.rate if figure == "rate" else sample.p99 for sample in samples)
    return [value for value in found if value is not None]


def median_ratio(ratio: Ratio, samples: Samples) -> float | None:
    """Return the ratio of medians; None where a side has no figures."""
    over, under = (figures(samples.get(key, ()), ratio.figure) for key in (ratio.over, ratio.under))
    if not over or not under or not statistics.median(under):
        return None
    return statistics.median(over) / statistics.median(under)


def paired_ratios(ratio: Ratio, samples: Samples) -> list[float]:
    """Return the ratio of each round by itself: their spread tells how far to trust the median."""
    over, under = (figures(samples.get(key, ()), ratio.figure) for key in (ratio.over, ratio.under))
    return [one / other for one, other in zip(over, under, strict=False) if other]
