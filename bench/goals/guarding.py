"""SAFE: what sealing, links and the table of policies take of the throughput of appends."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.contest import Case, Contest, Ratio
from bench.deployment import on_postgres
from bench.goals.appending import met, posting
from bench.goals.batches import batches
from bench.machine import Bench
from journey.words import Words

_LEFT = 0.85


@contextmanager
def guarded(bench: Bench) -> Iterator[Contest]:
    """Post single events and batches to our service, and to itself without what protects the log.

    Customers were met before: their keys are made once, not with each event.
    """
    with (
        on_postgres(bench) as safe,
        on_postgres(bench, program="bench.peers.unguarded") as bare,
        on_postgres(bench) as safe_batches,
        on_postgres(bench, program="bench.peers.unguarded") as bare_batches,
    ):
        met(bench, safe, bare, safe_batches, bare_batches)
        yield Contest(
            cases=(
                Case(
                    key="bare",
                    title=Words("single posts, unprotected", "单条写入，无保护"),
                    run=posting(bench, bare),
                ),
                Case(
                    key="safe",
                    title=Words("single posts, as served", "单条写入，正式形态"),
                    run=posting(bench, safe),
                ),
                Case(
                    key="bare_batches",
                    title=Words("batches, unprotected", "成批写入，无保护"),
                    run=batches(bench, bare_batches),
                    unit="events/s",
                ),
                Case(
                    key="safe_batches",
                    title=Words("batches, as served", "成批写入，正式形态"),
                    run=batches(bench, safe_batches),
                    unit="events/s",
                ),
            ),
            ratios=(
                Ratio(
                    goal="SAFE",
                    title=Words("single posts, as served ÷ unprotected", "单条写入，正式形态 ÷ 无保护"),
                    over="safe",
                    under="bare",
                    at_least=_LEFT,
                ),
                Ratio(
                    goal="SAFE",
                    title=Words("batches, as served ÷ unprotected", "成批写入，正式形态 ÷ 无保护"),
                    over="safe_batches",
                    under="bare_batches",
                    at_least=_LEFT,
                ),
            ),
        )
