"""V4, V5, V6: many events at once, beside a bare recorder, beside COPY, with projections behind them."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from bench import scripts
from bench.contest import Bound, Case, Contest, Ratio, Sample
from bench.deployment import Deployment, migrated, on_postgres
from bench.events import APART_IN_BATCHES, events
from bench.machine import Bench
from bench.peers import library
from bench.posting import Posting
from journey.words import Words

TOGETHER = 1_000
CONNECTIONS = 4
_FIRST_GUESS = 8_000

_numbers = itertools.count(1)


def batches(bench: Bench, deployment: Deployment, after: Callable[[], object] = lambda: None) -> Posting:
    """Return what posts batches of 1,000 to our service."""
    return Posting(
        bench,
        deployment.server,
        deployment.groups,
        key=deployment.key,
        size=TOGETHER,
        connections=CONNECTIONS,
        deployment=deployment,
        after=after,
    )


class Streaming:
    """Posts lines over two connections; calling it gives a sample."""

    def __init__(self, bench: Bench, deployment: Deployment) -> None:
        """Prepare."""
        self._bench, self._deployment, self._rate = bench, deployment, float(_FIRST_GUESS)

    def __call__(self) -> Sample:
        """Stream about as many events as the service took in this time before."""
        ours, each = self._deployment, int(self._rate * self._bench.seconds / 2)
        files = [self._bench.scratch / f"lines{next(_numbers)}" for _ in range(2)]
        for file in files:
            made = itertools.islice(events(file.name, apart=APART_IN_BATCHES), each)
            file.write_bytes(b"".join(event + b"\n" for event in made))
        before = ours.stored()
        sample = scripts.measured(ours.groups, "ndjson", ours.server.port, ours.key, *files)
        for file in files:
            file.unlink()
        self._rate = sample.rate
        missing = abs(2 * each - sample.count) + abs(ours.stored() - before - sample.count)
        return replace(sample, failures=missing)


@contextmanager
def bulk(bench: Bench) -> Iterator[Contest]:
    """Post batches of 1,000 and lines; insert as many with the library's recorder and with COPY."""
    copies = migrated(bench)
    database = {"database": [bench.postgres_pid()]}

    def copy() -> Sample:
        return scripts.measured(database, "peers.copying", copies.url, f"copy{next(_numbers)}", bench.seconds)

    def record() -> Sample:
        environment = library.environment(bench.new_database())
        return scripts.measured(database, "peers.recorder", bench.seconds, environment=environment)

    with on_postgres(bench) as one, on_postgres(bench, workers=2) as two, on_postgres(bench) as lines:
        yield Contest(
            cases=(
                Case(
                    key="recorder",
                    title=Words(
                        "the library's recorder, 1,000 at once", "eventsourcing 记录器，每次 1,000 条"
                    ),
                    run=record,
                    unit="events/s",
                ),
                Case(
                    key="copy",
                    title=Words("COPY into our tables, 1,000 a commit", "COPY 写入相同的表，每次 1,000 条"),
                    run=copy,
                    unit="events/s",
                ),
                Case(
                    key="batches",
                    title=Words("ours, batches of 1,000", "本服务，每批 1,000 条"),
                    run=batches(bench, one),
                    unit="events/s",
                ),
                Case(
                    key="lines",
                    title=Words("ours, lines (NDJSON)", "本服务，逐行流式（NDJSON）"),
                    run=Streaming(bench, lines),
                    unit="events/s",
                ),
                Case(
                    key="two",
                    title=Words("ours, batches, two API workers", "本服务，成批，两个 API 进程"),
                    run=batches(bench, two),
                    unit="events/s",
                ),
            ),
            ratios=(
                Ratio(
                    goal="V4",
                    title=Words("batches ÷ the library's recorder", "成批写入 ÷ 库的记录器"),
                    over="batches",
                    under="recorder",
                    at_least=1.0,
                ),
                Ratio(
                    goal="V5",
                    title=Words("batches ÷ COPY", "成批写入 ÷ COPY"),
                    over="batches",
                    under="copy",
                    at_least=0.35,
                ),
                Ratio(title=Words("lines ÷ batches", "逐行 ÷ 成批"), over="lines", under="batches"),
                Ratio(title=Words("two workers ÷ one", "两个进程 ÷ 一个"), over="two", under="batches"),
            ),
        )


@contextmanager
def live_projections(bench: Bench) -> Iterator[Contest]:
    """Post batches with all core projections behind them, and with nobody to keep any."""
    with on_postgres(bench) as alone, on_postgres(bench, projector=True) as live:
        lags: list[float] = []
        post = batches(bench, live, after=lambda: lags.append(live.catch_up()))

        def projected() -> Sample:
            sample = post()
            # The rate of the projections counts the time that they needed after the load had stopped.
            rate = sample.stored / (bench.seconds + lags[-1])
            return replace(
                sample, rate=rate, notes={**sample.notes, "posted/s": sample.rate, "lag": lags[-1]}
            )

        yield Contest(
            cases=(
                Case(
                    key="alone",
                    title=Words("batches, projections off", "成批写入，无视图"),
                    run=batches(bench, alone),
                    unit="events/s",
                ),
                Case(
                    key="live",
                    title=Words("batches, projected", "成批写入并完成视图"),
                    run=projected,
                    unit="events/s",
                ),
            ),
            ratios=(
                Ratio(
                    goal="V6",
                    title=Words("projected ÷ projections off", "含视图 ÷ 无视图"),
                    over="live",
                    under="alone",
                    at_least=0.5,
                ),
            ),
            bounds=(
                Bound(
                    Words("V6 lag when the load stops, seconds", "V6 负载停止时的滞后（秒）"),
                    "live",
                    "lag",
                    2.0,
                ),
            ),
        )
