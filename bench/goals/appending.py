"""V1, V2: what a durable, rule-checked append costs beside a framework alone and a naive service."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from bench import scripts
from bench.contest import Case, Contest, Ratio
from bench.deployment import Deployment, on_files, on_postgres
from bench.events import APART_IN_BATCHES, CUSTOMERS, events, first_words
from bench.machine import Bench
from bench.peers import library
from bench.posting import Making, Posting, seed
from bench.servers import Server, peer
from journey.words import Words

NOOP = Words("FastAPI, validated, does nothing", "FastAPI 仅校验，不做任何处理")
LEAST = Words("bytes committed in groups, nothing else", "仅将字节成组提交，不做其他处理")
UNMET = Words("the same, customers never met", "同上，均为新客户")
_PRELOADED = 60_000
_UNMET = 10_000_000
OURS = Words("ours on PostgreSQL", "本服务（PostgreSQL）")


def posting(bench: Bench, deployment: Deployment, *, making: Making | None = None) -> Posting:
    """Return what posts single events to our service, and waits for its projections behind each sample."""
    after = deployment.catch_up if deployment.projector else lambda: None
    return Posting(
        bench,
        deployment.server,
        deployment.groups,
        key=deployment.key,
        deployment=deployment,
        making=making,
        after=after,
    )


def met(bench: Bench, *deployments: Deployment) -> None:
    """Begin with journeys of some events, as they are found in a service that has run for a while.

    Each customer has told something personal, so that there is a key: it is made once, not with each event.
    """
    for each in deployments:
        seed(each, min(CUSTOMERS, bench.scale), first_words("first"))
        seed(each, min(_PRELOADED, bench.scale), events("preloaded", apart=APART_IN_BATCHES))


def _unmet(bench: Bench, ours: Deployment) -> Posting:
    """Return what posts events of customers who were never met before, nearly all of them."""
    return posting(bench, ours, making=lambda name: events(f"{name}new", customers=_UNMET))


@contextmanager
def single_posts(bench: Bench) -> Iterator[Contest]:
    """Post single events over 32 connections to one API worker, and to FastAPI's validated no-op.

    Those of customers who were never met before are a case of their own: each brings a key.
    """
    database = bench.new_database()
    with (
        peer("framework") as noop,
        peer("grouped", BENCH_DATABASE=database) as least,
        on_postgres(bench) as ours,
        on_postgres(bench) as opening,
    ):
        met(bench, ours)
        groups = {"server": [least.pid], "database": [bench.postgres_pid()]}
        contest = _beside_noop(bench, noop, ours, "V1", 1.2)
        yield replace(
            contest,
            cases=(
                *contest.cases,
                Case(key="unmet", title=UNMET, run=_unmet(bench, opening)),
                Case(key="least", title=LEAST, run=Posting(bench, least, groups)),
            ),
            ratios=(
                *contest.ratios,
                _share(Words("new customers ÷ no-op", "新客户 ÷ 空操作"), "unmet", "noop"),
                _share(Words("group commit alone ÷ no-op", "仅成组提交 ÷ 空操作"), "least", "noop"),
                _share(Words("ours ÷ group commit alone", "本服务 ÷ 仅成组提交"), "ours", "least"),
            ),
        )


def _share(title: Words, over: str, under: str) -> Ratio:
    """Return what no goal asks for, and tells where the limit is."""
    return Ratio(goal="", title=title, over=over, under=under)


@contextmanager
def single_posts_live(bench: Bench) -> Iterator[Contest]:
    """Do the same with a process beside it that keeps the projections; no peer has any, so no goal says it.

    It is a contest of its own, because what the projections leave to the database to clear up would
    disturb the others.
    """
    with peer("framework") as noop, on_postgres(bench, projector=True) as ours:
        met(bench, ours)
        yield _beside_noop(bench, noop, ours, "", None)


def _beside_noop(bench: Bench, noop: Server, ours: Deployment, goal: str, at_least: float | None) -> Contest:
    return Contest(
        cases=(
            Case(key="noop", title=NOOP, run=Posting(bench, noop, {"server": [noop.pid]})),
            Case(key="ours", title=OURS, run=posting(bench, ours)),
        ),
        ratios=(
            Ratio(
                goal=goal,
                title=Words("single POST ÷ validated no-op", "单条写入 ÷ 空操作"),
                over="ours",
                under="noop",
                at_least=at_least,
            ),
        ),
    )


@contextmanager
def beside_naive(bench: Bench) -> Iterator[Contest]:
    """Post single events to our service and to the naive one, on PostgreSQL and on SQLite.

    Each begins with journeys of some events, as they are found in a service that has run for a while.
    """
    count = min(_PRELOADED, bench.scale)
    stores = {
        "postgres": library.environment(bench.new_database()),
        "sqlite": library.environment(None, str(bench.new_directory() / "naive.db")),
    }
    for store in stores.values():
        scripts.run("peers.preloading", count, environment=store)
    with (
        on_postgres(bench) as ours,
        on_files(bench) as files,
        on_files(bench, projects=True) as embedded,
        peer("naive", **stores["postgres"]) as naive,
        peer("naive", **stores["sqlite"]) as naive_files,
    ):
        met(bench, ours, files, embedded)
        groups = {"server": [naive.pid], "database": [bench.postgres_pid()]}
        yield Contest(
            cases=(
                Case(
                    key="naive",
                    title=Words("naive, PostgreSQL", "朴素实现（PostgreSQL）"),
                    run=Posting(bench, naive, groups),
                ),
                Case(key="ours", title=OURS, run=posting(bench, ours)),
                Case(
                    key="naive_files",
                    title=Words("naive, SQLite", "朴素实现（SQLite）"),
                    run=Posting(bench, naive_files, {"server": [naive_files.pid]}),
                ),
                Case(
                    key="files",
                    title=Words("ours on SQLite", "本服务（SQLite）"),
                    run=posting(bench, files),
                ),
                Case(
                    key="embedded",
                    title=Words("the same, with projections in its process", "同上，视图在同一进程中维护"),
                    run=posting(bench, embedded),
                ),
            ),
            ratios=(
                Ratio(
                    goal="V2",
                    title=Words("ours ÷ naive, PostgreSQL", "本服务 ÷ 朴素实现（PostgreSQL）"),
                    over="ours",
                    under="naive",
                    at_least=18,
                ),
                Ratio(
                    goal="V2",
                    title=Words("ours ÷ naive, SQLite", "本服务 ÷ 朴素实现（SQLite）"),
                    over="files",
                    under="naive_files",
                    at_least=12,
                ),
                Ratio(
                    goal="",
                    title=Words("with projections ÷ naive, SQLite", "含视图 ÷ 朴素实现（SQLite）"),
                    over="embedded",
                    under="naive_files",
                ),
            ),
        )
