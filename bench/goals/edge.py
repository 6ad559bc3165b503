"""EDGE: what healthy callers notice of hostile ones, and how much memory the service takes then."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial

from bench.contest import Bound, Case, Contest, Ratio, Sample
from bench.deployment import Deployment, on_files, on_postgres
from bench.goals.latency import Steady
from bench.hostile import Orders, attacked
from bench.machine import Bench
from bench.servers import new_key
from bench.usage import Memory
from journey.words import Words

RATE = 200
"""Events a second of the healthy: far below what the service can do, so that latency tells of the hostile."""
_MEMORY = 600
"""What `docs/operations.md` tells, in MiB."""


_LIMITS = dict.fromkeys(("JOURNEY_REQUESTS_PER_SECOND", "JOURNEY_REQUEST_BURST"), str(2 * RATE))
"""Each caller may ask twice as often as the healthy do, and no more."""


@contextmanager
def hostile_clients(bench: Bench) -> Iterator[Contest]:
    """Post at a moderate rate, alone and beside a crowd that comes while the healthy are at it."""
    with on_postgres(bench, projector=True, environment=_LIMITS) as ours:
        yield _contest(bench, ours, "PostgreSQL")


@contextmanager
def hostile_clients_on_files(bench: Bench) -> Iterator[Contest]:
    """Do the same where one process does everything, on SQLite files."""
    with on_files(bench, projects=True, environment=_LIMITS) as ours:
        yield _contest(bench, ours, "SQLite")


def _contest(bench: Bench, ours: Deployment, database: str) -> Contest:
    crowd = Orders(
        port=ours.server.port,
        key=new_key(ours.place),
        heads=500,
        bodies=500,
        readers=200,
        batches=20,
        huge=4,
        burst=10 * RATE,
    )
    steady = Steady(bench, ours.server, ours.groups, key=ours.key, rate=RATE)

    def run(*, beside: bool) -> Sample:
        steady.warm_up()
        with Memory(ours.groups) as memory:
            sample = steady(beside=partial(attacked, crowd) if beside else nullcontext)
        return replace(sample, notes={"MiB": max(memory.peaks("server"))})

    title = Words(
        "beside 1,200 slow clients, bursts and huge bodies", "有 1,200 个慢客户端、突发和超大请求时"
    )
    return Contest(
        cases=(
            Case(key="idle", title=Words("alone", "单独"), run=partial(run, beside=False)),
            Case(key="beside", title=title, run=partial(run, beside=True)),
        ),
        ratios=(
            Ratio(
                goal="EDGE",
                title=Words(f"{database}: rate beside them ÷ alone", f"{database}：有干扰时的速率 ÷ 单独"),
                over="beside",
                under="idle",
                at_least=0.8,
            ),
            Ratio(
                goal="EDGE",
                title=Words(f"{database}: p99 beside them ÷ alone", f"{database}：有干扰时的 p99 ÷ 单独"),
                over="beside",
                under="idle",
                figure="p99",
                at_most=3,
            ),
        ),
        bounds=(
            Bound(
                Words(f"EDGE {database}: memory, MiB", f"EDGE {database}：内存（MiB）"),
                "beside",
                "MiB",
                _MEMORY,
            ),
        ),
    )
