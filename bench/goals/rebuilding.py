"""V7, V11: a rebuild beside the library's runner; what a rebuild and an import hold in memory."""

import http.client
import itertools
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import orjson

from bench import scripts
from bench.contest import Bound, Case, Contest, Ratio, Sample
from bench.deployment import Deployment, on_postgres
from bench.events import APART_IN_BATCHES, events
from bench.filling import STEPS, fill, filled
from bench.machine import Bench
from bench.peers import library
from bench.servers import journey_beside
from bench.usage import Memory, metered
from journey.words import Words

MOST = 400.0
"""MiB that a process may hold, whatever the length of the log."""
_COUNTED = 5_000
"""Events that the library's runner projects in one sample."""
_LOOK = 0.1


def rebuilt(ours: Deployment, count: int) -> Sample:
    """Rebuild every projection and return how many events a second went through all of them.

    It waits until the rows are gone that nobody sees any more.
    """
    with (
        metered(ours.groups) as cpu,
        Memory({"projector": ours.groups["projector"]}) as memory,
        closing(http.client.HTTPConnection("127.0.0.1", ours.server.port)) as connection,
    ):
        names = [item["name"] for item in _asked(connection, ours.key, "GET", "")["items"]]
        began = time.perf_counter()
        builds = {name: _asked(connection, ours.key, "POST", f"/{name}/rebuild")["build"] for name in names}
        while any(
            _asked(connection, ours.key, "GET", f"/{name}")["live_build"] != build
            for name, build in builds.items()
        ):
            time.sleep(_LOOK)
        seconds = time.perf_counter() - began
    ours.clear_up()
    return Sample(rate=count / seconds, count=count, cpu=cpu, notes=_held(memory, "projector"))


def _asked(connection: http.client.HTTPConnection, key: str, method: str, path: str) -> dict[str, Any]:
    connection.request(method, f"/v1/projections{path}", headers={"Authorization": f"Bearer {key}"})
    answer: dict[str, Any] = orjson.loads(connection.getresponse().read())
    return answer


def _held(memory: Memory, name: str) -> dict[str, float | str]:
    """Return the peak of a group, and its peak in each quarter of the time: they tell whether it grows."""
    quarters = memory.peaks(name)
    return {
        f"{name} MiB": max(quarters, default=0.0),
        f"{name} MiB at 25/50/75/100 %": " / ".join(f"{size:.0f}" for size in quarters),
    }


@contextmanager
def rebuilds(bench: Bench) -> Iterator[Contest]:
    """Rebuild the projections of a large log; count a small one with the library's runner."""
    counted = min(_COUNTED, bench.scale)

    def count() -> Sample:
        environment = library.environment(bench.new_database())
        scripts.run("peers.preloading", counted, environment=environment)
        groups = {"database": [bench.postgres_pid()]}
        return scripts.measured(groups, "peers.counting", counted, environment=environment)

    with on_postgres(bench, projector=True) as ours:
        size = filled(fill(ours, range(bench.scale // STEPS)))
        ours.catch_up()
        yield Contest(
            cases=(
                Case(
                    key="runner",
                    title=Words("ProjectionRunner, one counter", "ProjectionRunner，单一计数视图"),
                    run=count,
                    unit="events/s",
                ),
                Case(
                    key="rebuild",
                    title=Words("ours, all core projections", "本服务，全部核心视图"),
                    run=lambda: rebuilt(ours, size),
                    unit="events/s",
                ),
            ),
            ratios=(
                Ratio(
                    goal="V7",
                    title=Words("rebuild ÷ the library's runner", "重建 ÷ 库的 ProjectionRunner"),
                    over="rebuild",
                    under="runner",
                    at_least=20,
                ),
            ),
            bounds=(
                Bound(
                    Words("V11 rebuild, largest process, MiB", "V11 重建时最大的进程（MiB）"),
                    "rebuild",
                    "projector MiB",
                    MOST,
                ),
            ),
        )


@contextmanager
def imports(bench: Bench) -> Iterator[Contest]:
    """Import a file of events through the command line, and look at the memory of both sides."""
    numbers = itertools.count(1)
    with on_postgres(bench) as ours:

        def run() -> Sample:
            name = f"import{next(numbers)}"
            file = bench.directory / f"{name}.ndjson"
            with file.open("wb") as lines:
                made = itertools.islice(events(name, apart=APART_IN_BATCHES), bench.scale)
                lines.writelines(event + b"\n" for event in made)
            url = f"http://127.0.0.1:{ours.server.port}"
            before, began = ours.stored(), time.perf_counter()
            with (
                metered(ours.groups) as cpu,
                journey_beside("import", str(file), "--url", url, "--key", ours.key) as importing,
                Memory({"server": ours.groups["server"], "import": [importing.pid]}) as memory,
            ):
                importing.wait()
            seconds = time.perf_counter() - began
            file.unlink()
            return Sample(
                rate=bench.scale / seconds,
                count=bench.scale,
                failures=abs(ours.stored() - before - bench.scale),
                cpu=cpu,
                notes=_held(memory, "server") | _held(memory, "import"),
            )

        yield Contest(
            cases=(
                Case(
                    key="import",
                    title=Words("import of a file", "导入文件"),
                    run=run,
                    unit="events/s",
                ),
            ),
            ratios=(),
            bounds=(
                Bound(
                    Words("V11 import, server, MiB", "V11 导入时的服务进程（MiB）"),
                    "import",
                    "server MiB",
                    MOST,
                ),
                Bound(
                    Words("V11 import, command, MiB", "V11 导入时的导入命令（MiB）"),
                    "import",
                    "import MiB",
                    MOST,
                ),
            ),
            repeats=1,
        )
