"""V1: what a durable, rule-checked append costs beside a framework that does nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.contest import Case, Contest, Ratio
from bench.deployment import Deployment, on_postgres
from bench.machine import Bench
from bench.posting import Posting
from bench.servers import peer
from journey.words import Words

NOOP = Words("FastAPI, validated, does nothing", "FastAPI 仅校验，不做任何处理")
OURS = Words("ours on PostgreSQL", "本服务（PostgreSQL）")


def posting(bench: Bench, deployment: Deployment) -> Posting:
    """Return what posts single events to our service, and waits for its projections behind each sample."""
    after = deployment.catch_up if deployment.projector else lambda: None
    return Posting(
        bench,
        deployment.servers,
        deployment.groups,
        key=deployment.key,
        deployment=deployment,
        after=after,
    )


@contextmanager
def single_posts(bench: Bench) -> Iterator[Contest]:
    """Post single events over 32 connections to one API worker, and to FastAPI's validated no-op."""
    with (
        peer("framework") as noop,
        on_postgres(bench) as ours,
        on_postgres(bench, projector=True) as live,
    ):
        yield Contest(
            cases=(
                Case(key="noop", title=NOOP, run=Posting(bench, [noop], {"server": [noop.pid]})),
                Case(key="ours", title=OURS, run=posting(bench, ours)),
                Case(
                    key="live",
                    title=Words("ours, with a projector beside it", "本服务，同时运行视图进程"),
                    run=posting(bench, live),
                ),
            ),
            ratios=(
                Ratio(
                    goal="V1",
                    title=Words("single POST ÷ validated no-op", "单条写入 ÷ 空操作"),
                    over="ours",
                    under="noop",
                    at_least=1.2,
                ),
                Ratio(
                    title=Words("the same with projections live", "同上，视图实时更新"),
                    over="live",
                    under="noop",
                ),
            ),
        )
