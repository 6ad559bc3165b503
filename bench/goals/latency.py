"""V3: how long a durable append takes at four fifths of the most that the service can do."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from bench.contest import Case, Contest, Ratio, Sample
from bench.deployment import Deployment, on_postgres
from bench.events import events
from bench.goals.appending import posting
from bench.load import Beside, Load, constant_rate
from bench.machine import Bench
from bench.posting import ready
from bench.servers import Server, peer
from bench.usage import Groups, metered
from journey.words import Words

SHARE = 0.8


class Steady:
    """Posts single events at a constant rate; calling it gives a sample."""

    def __init__(self, bench: Bench, server: Server, groups: Groups, *, key: str, rate: float) -> None:
        """Prepare."""
        self._bench, self._server, self._groups = bench, server, groups
        self._key, self._rate = key, rate
        self._warm = False

    def __call__(self, *, beside: Beside = nullcontext) -> Sample:
        """Run once; the first time, the server warms up before."""
        self.warm_up()
        with metered(self._groups) as cpu:
            load = self._run(self._bench.seconds, beside)
        return Sample(
            rate=load.rate,
            count=load.count,
            failures=load.broken + load.count - (load.created or 0),
            p50=load.p50,
            p99=load.p99,
            cpu=cpu,
            notes={"meant to be sent a second": self._rate},
        )

    def warm_up(self) -> None:
        """Let the server warm up, once."""
        if not self._warm:
            self._run(1)
            self._warm = True

    def _run(self, seconds: int, beside: Beside = nullcontext) -> Load:
        file = ready(self._bench, events, int(self._rate * seconds) + 1, key=self._key)
        load = constant_rate(self._server, file, self._bench.connections, seconds, self._rate, beside=beside)
        file.unlink()
        return load


@contextmanager
def steady_posts(bench: Bench) -> Iterator[Contest]:
    """Post at 80 % of our maximum to our service, and to an endpoint that does one INSERT and its commit."""
    database = bench.new_database()
    with on_postgres(bench) as ours, peer("insert", BENCH_DATABASE=database) as insert:
        rate = posting(bench, ours)().rate * SHARE
        groups = {"server": [insert.pid], "database": [bench.postgres_pid()]}
        yield Contest(
            cases=(
                Case(
                    key="insert",
                    title=Words("one INSERT + commit", "一次 INSERT 并提交"),
                    run=Steady(bench, insert, groups, key="none", rate=rate),
                ),
                Case(
                    key="ours",
                    title=Words("ours on PostgreSQL", "本服务（PostgreSQL）"),
                    run=_steady(bench, ours, rate),
                ),
            ),
            ratios=(
                Ratio(
                    goal="V3",
                    title=Words("p99 ÷ p99 of one INSERT", "p99 ÷ 一次 INSERT 的 p99"),
                    over="ours",
                    under="insert",
                    figure="p99",
                    at_most=1.5,
                ),
            ),
        )


def _steady(bench: Bench, ours: Deployment, rate: float) -> Steady:
    return Steady(bench, ours.server, ours.groups, key=ours.key, rate=rate)
