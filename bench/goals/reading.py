"""V8: what a status costs beside ready bytes out of the framework; and when the reader has it already."""

import http.client
import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import orjson

from bench.contest import Case, Contest, Ratio, Sample
from bench.deployment import Deployment, on_postgres
from bench.events import APART_IN_BATCHES, customer, events
from bench.load import closed_loop
from bench.machine import Bench
from bench.peers.framework import TAG
from bench.posting import seed
from bench.requests import get, save
from bench.servers import Server, peer
from bench.usage import Groups, metered
from journey.words import Words

MOST = 1_000
"""How many different addresses are asked for, in turn."""
_SEEDED = 30_000

_numbers = itertools.count(1)


class Reading:
    """Asks a server for addresses, in turn and over and over; calling it gives a sample."""

    def __init__(self, bench: Bench, server: Server, groups: Groups, requests: Sequence[bytes]) -> None:
        """Prepare."""
        self._bench, self._server, self._groups = bench, server, groups
        self._file: Path = bench.scratch / f"gets{next(_numbers)}"
        save(self._file, requests)
        self._warm = False

    def __call__(self) -> Sample:
        """Run once; the first time, the server warms up before."""
        if not self._warm:
            closed_loop(self._server, self._file, self._bench.connections, 1)
            self._warm = True
        with metered(self._groups) as cpu:
            load = closed_loop(self._server, self._file, self._bench.connections, self._bench.seconds)
        return Sample(
            rate=load.rate,
            count=load.count,
            failures=load.refused + load.broken,
            p50=load.p50,
            p99=load.p99,
            cpu=cpu,
        )


def answers(server: Server, key: str, paths: Sequence[str]) -> Iterator[tuple[str, str, bytes]]:
    """Yield path, tag and body of what a server answers, one after the other."""
    headers = {"Authorization": f"Bearer {key}"}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        for path in paths:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == http.HTTPStatus.OK:
                yield path, answer.headers.get("ETag", ""), body


def applications(server: Server, key: str) -> list[str]:
    """Return the addresses of some applications."""
    _, _, body = next(answers(server, key, ["/v1/applications?limit=500"]))
    return [f"/v1/applications/{item['number']}" for item in orjson.loads(body)["items"]][:MOST]


def readings(bench: Bench, ours: Deployment, paths: Sequence[str]) -> tuple[Reading, Reading, bytes]:
    """Return what reads addresses of ours, what reads them when nothing is new, and one of the bodies."""
    server, key = ours.server, ours.key
    found = list(answers(server, key, paths))
    plain = [get(path, key) for path, _, _ in found]
    known = [get(path, key, {"If-None-Match": tag}) for path, tag, _ in found]
    bodies = sorted((body for _, _, body in found), key=len)
    return (
        Reading(bench, server, ours.groups, plain),
        Reading(bench, server, ours.groups, known),
        bodies[len(bodies) // 2],
    )


@contextmanager
def statuses(bench: Bench) -> Iterator[Contest]:
    """Read statuses of applications and of customers, and as many ready bytes from FastAPI."""
    with on_postgres(bench, projector=True) as filling:
        seed(filling, min(_SEEDED, bench.scale), events("status", apart=APART_IN_BATCHES // 8))
    with on_postgres(bench, place=filling.place) as ours:
        whole, unchanged, body = readings(bench, ours, applications(ours.server, ours.key))
        people, same_people, _ = readings(
            bench, ours, [f"/v1/customers/{customer(number)}" for number in range(MOST)]
        )
        ready = bench.scratch / "ready"
        ready.write_bytes(body)
        with peer("framework", BENCH_READY=str(ready)) as framework:
            groups = {"server": [framework.pid]}
            address = "/v1/status/APP-20261122-7K3M9Q7"
            bytes_ = Reading(bench, framework, groups, [get(address, "none")])
            tag = Reading(bench, framework, groups, [get(address, "none", {"If-None-Match": TAG})])
            yield Contest(
                cases=(
                    Case(
                        key="bytes", title=Words("FastAPI, ready bytes", "FastAPI 返回现成字节"), run=bytes_
                    ),
                    Case(key="whole", title=Words("ours, application", "本服务，申请状态"), run=whole),
                    Case(key="people", title=Words("ours, customer", "本服务，客户状态"), run=people),
                    Case(key="tag", title=Words("FastAPI, 304", "FastAPI 返回 304"), run=tag),
                    Case(
                        key="same",
                        title=Words("ours, application, 304", "本服务，申请状态 304"),
                        run=unchanged,
                    ),
                    Case(
                        key="same_people",
                        title=Words("ours, customer, 304", "本服务，客户状态 304"),
                        run=same_people,
                    ),
                ),
                ratios=(
                    Ratio(
                        goal="V8",
                        title=Words("status 200 ÷ ready bytes", "状态查询 200 ÷ 现成字节"),
                        over="whole",
                        under="bytes",
                        at_least=0.8,
                    ),
                    Ratio(
                        goal="V8",
                        title=Words("status 304 ÷ FastAPI's 304", "状态查询 304 ÷ FastAPI 的 304"),
                        over="same",
                        under="tag",
                        at_least=0.9,
                    ),
                    Ratio(
                        title=Words("customer 200 ÷ ready bytes", "客户状态 200 ÷ 现成字节"),
                        over="people",
                        under="bytes",
                    ),
                    Ratio(
                        title=Words("customer 304 ÷ FastAPI's 304", "客户状态 304 ÷ FastAPI 的 304"),
                        over="same_people",
                        under="tag",
                    ),
                ),
            )
