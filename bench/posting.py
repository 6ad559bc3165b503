"""Cases that post events in a closed loop, and the proof that none was lost or stored twice."""

import http.client
import itertools
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from bench.contest import Sample
from bench.deployment import Deployment
from bench.events import APART, APART_IN_BATCHES, events
from bench.load import Load, LoadFailed, closed_loop
from bench.machine import Bench
from bench.requests import BATCHED, STRUCTURED, batches, post, save
from bench.servers import Server
from bench.usage import Groups, metered

_SPARE = 2.0
"""How many times as many requests are made ready as the last run needed."""
_FIRST_GUESS = 12_000
"""Events a second that the first, unmeasured run is ready for."""
_lots = itertools.count(1)

Making = Callable[[str], Iterator[bytes]]
"""Yields events without end, for the name of a lot of them."""
Driving = Callable[[Server, Path, int, int], Load]
"""Loads a server with the requests of a file, over so many connections, for so many seconds."""


class Posting:
    """Posts new events to servers, as many as they take; calling it gives a sample."""

    def __init__(
        self,
        bench: Bench,
        server: Server,
        groups: Groups,
        *,
        key: str = "none",
        size: int = 1,
        connections: int | None = None,
        deployment: Deployment | None = None,
        making: Making | None = None,
        driving: Driving = closed_loop,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        """Prepare; `size` events go into one request, and `after` runs unmeasured behind each sample."""
        self._bench, self._server, self._groups = bench, server, groups
        self._key, self._size, self._driving = key, size, driving
        self._connections = connections or bench.connections
        self._deployment, self._after = deployment, after
        apart = APART if size == 1 else APART_IN_BATCHES
        self._making: Making = making or (lambda name: events(name, apart=apart))
        self._rate: float | None = None

    def __call__(self) -> Sample:
        """Run once; the first time, the servers warm up before."""
        if self._rate is None:
            self._rate = self._run(1, _FIRST_GUESS).rate
        sample = self._run(self._bench.seconds, self._rate)
        self._rate = sample.rate
        return sample

    def _run(self, seconds: int, rate: float) -> Sample:
        while True:
            count = int(rate * seconds * _SPARE) + 2_000
            file = ready(self._bench, self._making, count, key=self._key, size=self._size)
            stored = self._deployment.stored() if self._deployment else 0
            with metered(self._groups) as cpu:
                load = self._driving(self._server, file, self._connections, seconds)
            file.unlink()
            self._after()
            if load.again == 0:
                break
            rate = load.rate * self._size * _SPARE  # it went faster than expected, and so sent events again
        more = self._deployment.stored() - stored if self._deployment else 0
        lost = self._lost(load, more) if self._deployment else 0
        return Sample(
            rate=load.rate * self._size,
            count=load.count * self._size,
            stored=more,
            failures=load.refused + load.broken + lost,
            p50=load.p50,
            p99=load.p99,
            cpu=cpu,
            notes=_told(load, lost),
        )

    def _lost(self, load: Load, more: int) -> int:
        """Count events that were acknowledged and are not in the log, or are in it without being asked for.

        `more` is by how many events the log has grown. `wrk` does not wait for what is under way when its
        time is over: one request for each connection.
        """
        if load.created is not None and load.positions is not None:
            return abs(more - load.created) + load.created - load.positions
        surplus = more - (load.count - load.refused) * self._size
        return max(-surplus, surplus - self._connections * self._size, 0)


def ready(bench: Bench, making: Making, count: int, *, key: str, size: int = 1) -> Path:
    """Write requests to a new file, with events that nobody has sent before, `size` in each."""
    name = f"lot{next(_lots)}"
    path = bench.scratch / name
    made = itertools.islice(making(name), count)
    if size == 1:
        save(path, (post("/v1/events", STRUCTURED, event, key) for event in made))
    else:
        save(path, (post("/v1/events", BATCHED, body, key) for body in batches(made, size)))
    return path


def _told(load: Load, lost: int) -> dict[str, float | str]:
    """Return what went wrong, if anything did."""
    counts = {"refused": load.refused, "broken": load.broken, "lost or doubled": lost}
    told: dict[str, float | str] = {name: float(count) for name, count in counts.items() if count}
    return told | {"refusal": load.refusal} if load.refusal else told


def seed(deployment: Deployment, count: int, made: Iterator[bytes]) -> None:
    """Post `count` events in batches, and wait for the projections where a process keeps them."""
    headers = {"Authorization": f"Bearer {deployment.key}", "Content-Type": BATCHED}
    with closing(http.client.HTTPConnection("127.0.0.1", deployment.server.port)) as connection:
        for body in batches(itertools.islice(made, count), 1_000):
            connection.request("POST", "/v1/events", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != http.HTTPStatus.OK:
                raise LoadFailed(said[:500].decode())
    if deployment.projector:
        deployment.catch_up()
