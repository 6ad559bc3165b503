"""Without a goal of its own: single appends beside other event stores, which write without HTTP and rules."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import run

from bench import scripts
from bench.contest import Case, Contest, Ratio, Sample
from bench.deployment import on_postgres
from bench.goals.appending import OURS, posting
from bench.machine import Bench
from bench.servers import ROOT
from bench.usage import metered
from journey.words import Words

_MESSAGE_DB, _EMMETT = "@eventide/message-db", "@event-driven-io/emmett-postgresql"
_ABSENT = Words(
    "Absent: {package} (npm install it in a directory, and name that with --node)",
    "缺少 {package}（在某个目录中用 npm 安装，并用 --node 指定该目录）",
)


@contextmanager
def other_stores(bench: Bench) -> Iterator[Contest]:
    """Post single events to our service; write them with message-db and Emmett, where those are present."""
    groups = {"database": [bench.postgres_pid()]}
    packages = (bench.node or Path()) / "node_modules"

    def message_db() -> Sample:
        url, package = bench.new_database(), packages / _MESSAGE_DB
        return scripts.measured(groups, "peers.message_db", url, package.resolve(), bench.seconds)

    def emmett() -> Sample:
        script = ROOT / "bench" / "peers" / "emmett.mjs"
        command = ["node", str(script), bench.new_database(), str(bench.seconds)]
        with metered(groups) as cpu:
            done = run(command, cwd=packages.parent, capture_output=True, text=True, check=True)
        said = json.loads(done.stdout.splitlines()[-1])
        return Sample(rate=said["count"] / said["seconds"], count=said["count"], cpu=cpu)

    peers = {
        _MESSAGE_DB: Case(
            key="message_db", title=Words("message-db, no HTTP", "message-db，无 HTTP"), run=message_db
        ),
        _EMMETT: Case(key="emmett", title=Words("Emmett, no HTTP", "Emmett，无 HTTP"), run=emmett),
    }
    present = [name for name in peers if (packages / name).is_dir() and shutil.which("node")]
    with on_postgres(bench) as ours:
        yield Contest(
            cases=(
                *(peers[name] for name in present),
                Case(key="ours", title=OURS, run=posting(bench, ours)),
            ),
            ratios=[
                Ratio(
                    title=Words(f"ours ÷ {peers[name].key}", f"本服务 ÷ {peers[name].key}"),
                    over="ours",
                    under=peers[name].key,
                )
                for name in present
            ],
            remarks=[
                Words(_ABSENT.en.format(package=name), _ABSENT.zh.format(package=name))
                for name in peers
                if name not in present
            ],
        )
