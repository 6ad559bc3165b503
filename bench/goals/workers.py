"""V12: what a second API process brings on PostgreSQL, and that two of them lose and double nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from bench.contest import Bound, Case, Contest, Ratio, Sample
from bench.deployment import on_postgres
from bench.events import events
from bench.goals.appending import posting
from bench.load import watched_loop
from bench.machine import Bench
from bench.posting import Posting
from journey.words import Words

_FEW = 50
"""Customers over whom two processes cannot help but meet."""


@contextmanager
def two_workers(bench: Bench) -> Iterator[Contest]:
    """Post single events to one process and to two; then to two that write to the same few customers."""
    with on_postgres(bench) as one, on_postgres(bench, workers=2) as two:
        meeting = Posting(
            bench,
            two.server,
            two.groups,
            key=two.key,
            deployment=two,
            making=lambda name: events(name, customers=_FEW, cases=False),
            driving=watched_loop,
        )

        def conflict() -> Sample:
            sample = meeting()
            return replace(sample, notes={**sample.notes, "failures": float(sample.failures)})

        yield Contest(
            cases=(
                Case(key="one", title=Words("one API worker", "一个 API 进程"), run=posting(bench, one)),
                Case(key="two", title=Words("two API workers", "两个 API 进程"), run=posting(bench, two)),
                Case(
                    key="conflict",
                    title=Words("two, in conflict, every answer checked", "两个进程争写，逐一核对应答"),
                    run=conflict,
                ),
            ),
            ratios=(
                Ratio(
                    goal="V12",
                    title=Words("two workers ÷ one", "两个进程 ÷ 一个"),
                    over="two",
                    under="one",
                    at_least=1.2,
                ),
            ),
            bounds=(
                Bound(
                    Words("V12 lost, doubled or refused in conflict", "V12 争写时丢失、重复或被拒的事件"),
                    "conflict",
                    "failures",
                    0,
                ),
            ),
        )
