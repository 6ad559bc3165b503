"""V9, V10: what it costs that a log has grown, or one customer's journey."""

import http.client
import itertools
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from bench.contest import Case, Contest, Ratio, Sample
from bench.deployment import Deployment, on_postgres
from bench.events import CUSTOMERS, customer, events
from bench.filling import STEPS, fill, filled
from bench.goals.appending import posting
from bench.goals.reading import MOST, Reading, readings
from bench.load import all_of
from bench.machine import Bench
from bench.posting import Making, Posting, ready
from bench.requests import STRUCTURED
from bench.usage import metered
from journey.words import Words

LONG = 100_000
_BURST = 1_000
"""Events appended to one customer in one sample: few, so that a short journey stays short."""
_BURSTS = 9


@contextmanager
def grown_log(bench: Bench) -> Iterator[Contest]:
    """Post to, and read of, the same number of customers in a small log and in a large one."""
    with on_postgres(bench, projector=True) as small, on_postgres(bench, projector=True) as large:
        filled(fill(small, range(CUSTOMERS), steps=1))
        people = max(bench.scale // STEPS, MOST)
        filled(fill(large, range(people)))
        for deployment in (small, large):
            deployment.catch_up()
        small_place, large_place = small.place, large.place
    with (
        on_postgres(bench, place=small_place) as small,
        on_postgres(bench, place=large_place) as large,
        # It meets ever more customers, and would have the other forget those whom it has met.
        on_postgres(bench, place=large_place) as wide,
    ):
        asked = [f"/v1/customers/{customer(number)}" for number in range(MOST)]
        others = min(CUSTOMERS, people // 2)
        spread: Making = lambda name: events(name, first=others, customers=people - others)  # noqa: E731  # it needs its type
        yield Contest(
            cases=(
                Case(
                    key="small", title=Words("POST, 10,000 events", "写入，一万条"), run=posting(bench, small)
                ),
                Case(
                    key="large",
                    title=Words(f"POST, {bench.scale:,} events", f"写入，{bench.scale:,} 条"),
                    run=posting(bench, large),
                ),
                Case(
                    key="spread",
                    title=Words("the same, over all its other customers", "同上，分布于其余全部客户"),
                    run=_posting(bench, wide, spread),
                ),
                Case(
                    key="small_status",
                    title=Words("status, 10,000 events", "状态查询，一万条"),
                    run=_reading(bench, small, asked),
                ),
                Case(
                    key="large_status",
                    title=Words(f"status, {bench.scale:,} events", f"状态查询，{bench.scale:,} 条"),
                    run=_reading(bench, large, asked),
                ),
            ),
            ratios=(
                _kept("V9", Words("POST, large ÷ small", "写入，大 ÷ 小"), "large", "small", 0.9),
                _kept(
                    "V9", Words("status, large ÷ small", "状态，大 ÷ 小"), "large_status", "small_status", 0.9
                ),
                _kept(
                    "", Words("POST over all others ÷ small", "写入其余客户 ÷ 小"), "spread", "small", None
                ),
            ),
        )


@contextmanager
def grown_journey(bench: Bench) -> Iterator[Contest]:
    """Append to, and read of, a customer with very many events and customers with ten."""
    rounds = max(min(LONG, bench.scale) // STEPS, 1)
    shorts = range(1, _BURSTS * 2 + 2)
    with on_postgres(bench, projector=True) as ours:
        filled(fill(ours, range(1), rounds=rounds))
        filled(fill(ours, shorts))
        ours.catch_up()
        place = ours.place
    with on_postgres(bench, place=place) as ours:
        first = _first(ours, 0)
        unused = itertools.cycle(shorts)

        def short() -> Sample:
            return _burst(bench, ours, next(unused))

        def long() -> Sample:
            return replace(_burst(bench, ours, 0), notes={"first append of all, ms": first})

        yield Contest(
            cases=(
                Case(key="short", title=Words("append, 10 events", "写入，10 条"), run=short),
                Case(
                    key="long",
                    title=Words(f"append, {rounds * STEPS:,} events", f"写入，{rounds * STEPS:,} 条"),
                    run=long,
                ),
                Case(
                    key="short_status",
                    title=Words("status, 10 events", "状态查询，10 条"),
                    run=_reading(bench, ours, [f"/v1/customers/{customer(shorts[-1])}"]),
                ),
                Case(
                    key="long_status",
                    title=Words(f"status, {rounds * STEPS:,} events", f"状态查询，{rounds * STEPS:,} 条"),
                    run=_reading(bench, ours, [f"/v1/customers/{customer(0)}"]),
                ),
            ),
            ratios=(
                _kept("V10", Words("append, long ÷ short", "写入，长 ÷ 短"), "long", "short", 0.8),
                _kept(
                    "V10", Words("status, long ÷ short", "状态，长 ÷ 短"), "long_status", "short_status", 0.8
                ),
            ),
            repeats=_BURSTS,
        )


def _kept(goal: str, title: Words, over: str, under: str, at_least: float | None) -> Ratio:
    return Ratio(goal=goal, title=title, over=over, under=under, at_least=at_least)


def _posting(bench: Bench, ours: Deployment, making: Making) -> Posting:
    return Posting(bench, ours.server, ours.groups, key=ours.key, deployment=ours, making=making)


def _reading(bench: Bench, ours: Deployment, paths: list[str]) -> Reading:
    return readings(bench, ours, paths)[0]


def _first(ours: Deployment, who: int) -> float:
    """Append one event to a journey that the server does not know yet; return the milliseconds."""
    body = next(events("first", customers=1, first=who, cases=False))
    headers = {"Authorization": f"Bearer {ours.key}", "Content-Type": STRUCTURED}
    with closing(http.client.HTTPConnection("127.0.0.1", ours.server.port)) as connection:
        began = time.perf_counter()
        connection.request("POST", "/v1/events", body, headers)
        connection.getresponse().read()
        return (time.perf_counter() - began) * 1e3


def _burst(bench: Bench, ours: Deployment, number: int) -> Sample:
    """Append some events to one customer over all connections."""
    making: Making = lambda name: events(name, customers=1, first=number, cases=False)  # noqa: E731  # as above
    file = ready(bench, making, _BURST, key=ours.key)
    with metered(ours.groups) as cpu:
        load = all_of(ours.server, file, bench.connections)
    file.unlink()
    failures = load.broken + _BURST - (load.positions or 0)
    return Sample(rate=load.rate, count=load.count, failures=failures, p50=load.p50, p99=load.p99, cpu=cpu)
