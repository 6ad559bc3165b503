"""Events in and out by the command line: import, export and simulate against a running service."""

import errno
import gzip
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from api.cli import app
from api.keys import SCOPES
from journey.settings import Settings
from tests.api.cli.reports import figures
from tests.facts import cloudevent
from tests.processes import command, free_port, journey, new_key, server, surroundings

_numbers = itertools.count(1)

XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xmlns="http://www.xes-standard.org/">
  <trace>
    <string key="concept:name" value="1"/>
    <string key="AMOUNT_REQ" value="20000"/>
    <event>
      <string key="concept:name" value="A_SUBMITTED"/>
      <string key="lifecycle:transition" value="COMPLETE"/>
      <date key="time:timestamp" value="2011-10-01T00:38:44.546+02:00"/>
    </event>
    <event>
      <string key="concept:name" value="A_PARTLYSUBMITTED"/>
      <string key="lifecycle:transition" value="COMPLETE"/>
      <date key="time:timestamp" value="2011-10-01T00:38:45.000+02:00"/>
    </event>
    <event>
      <string key="concept:name" value="A_ACTIVATED"/>
      <string key="lifecycle:transition" value="COMPLETE"/>
      <date key="time:timestamp" value="2011-10-02T00:00:00.000+02:00"/>
    </event>
  </trace>
</log>
"""
CSV = """loan,customer,step,at,amount
L-{run},客户-{run},submitted,2026-05-04 09:30:00,50000
L-{run},客户-{run},in review,2026-05-04 14:00:00,
L-{run},客户-{run},coffee,2026-05-04 15:00:00,
L-{run},客户-{run},approved,yesterday,
"""
MAPPING = """
source = "/imports/loans-{run}"
id = "{{loan}}/{{step}}"
subject = "{{customer}}"
case = "{{loan}}"
time = {{ value = "{{at}}", zone = "Asia/Shanghai" }}
csv = {{ encoding = "gb18030" }}
[[rules]]
match = {{ step = "submitted" }}
type = "application.submitted"
data = {{ product = "personal-loan", amount = "{{amount|number}}", currency = "CNY" }}
[[rules]]
match = {{ step = "in review" }}
type = "review.started"
data = {{ reviewer = "r", team = "loans" }}
[[rules]]
match = {{ step = "approved" }}
type = "review.approved"
"""


@dataclass(frozen=True)
class Running:
    """A running service, a key that may do everything, and the environment that names both."""

    url: str
    key: str
    settings: Settings

    @property
    def access(self) -> dict[str, str]:
        """Return what client commands read from the environment."""
        return {"JOURNEY_URL": self.url, "JOURNEY_KEY": self.key}

    def client(self) -> httpx.Client:
        """Return a client."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def events(self) -> list[dict[str, Any]]:
        """Return the whole log."""
        events: list[dict[str, Any]] = []
        with self.client() as client:
            while True:
                after = events[-1]["position"] if events else 0
                page = client.get("/v1/events", params={"after": after, "limit": 500}).json()["items"]
                if not page:
                    return events
                events += page

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a client command in this process; return its status and everything that it prints."""
        result = CliRunner(env=self.access).invoke(app, list(arguments))
        return result.exit_code, result.output


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give a service that the tests of this module share: each sends events of its own source."""
    settings = Settings(data=tmp_path_factory.mktemp("service") / "data")
    with server(settings) as running:
        yield Running(running.url, new_key(settings, *SCOPES), settings)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Running]:
    """Give another service, which is empty."""
    settings = Settings(data=tmp_path / "other")
    with server(settings) as running:
        yield Running(running.url, new_key(settings, *SCOPES), settings)


def written(path: Path, content: bytes) -> Path:
    """Write a file, gzipped where its name says so."""
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def lines(count: int, source: str) -> bytes:
    """Return events of a source, one a line, over some customers."""
    events = (cloudevent(id=f"e{n}", source=source, subject=f"{source}-{n % 7}") for n in range(count))
    return b"".join(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events)


class TestImport:
    def test_xes(self, service: Running, tmp_path: Path) -> None:
        """A log comes in by a shipped mapping; what its lifecycle does not allow is kept and counted."""
        file = written(tmp_path / "log.xes.gz", XES.encode())

        first = journey("import", str(file), "--mapping", "bpic2012", **service.access)
        again = service.run("import", str(file), "--mapping", "bpic2012")

        assert (first.returncode, again[0]) == (0, 0), first.stderr + again[1]
        assert figures(first.stdout)["accepted"] == 3
        assert figures(first.stdout)["deviations"] == 1
        assert "1 x delivery.completed" in first.stdout
        assert first.stderr == ""
        assert figures(again[1]) | {"accepted": 0, "duplicate": 3} == figures(again[1])
        found = [event for event in service.events() if event["source"] == "/imports/bpic2012"]
        types = ["application.submitted", "review.started", "delivery.completed"]
        assert [event["type"] for event in found] == types
        assert {event["case"] for event in found} == {"BPI-1"}

    def test_csv(self, service: Running, tmp_path: Path) -> None:
        """Of a CSV file in a Chinese encoding all comes in that has a rule and fits it; the rest is told."""
        run = next(_numbers)
        file = written(tmp_path / "loans.csv.gz", CSV.format(run=run).encode("gb18030"))
        mapping = written(tmp_path / "loans.toml", MAPPING.format(run=run).encode())

        status, told = service.run("import", str(file), "--mapping", str(mapping))

        assert status == 1
        assert figures(told) | {
            "records read": 4,
            "accepted": 2,
            "unmapped": 1,
            "not convertible": 1,
        } == figures(told)
        assert f"1 x loan = L-{run}" in told
        assert "row 4, rule 3 (review.approved): time: 'yesterday' is no time" in told
        found = [event for event in service.events() if event["source"] == f"/imports/loans-{run}"]
        assert [(event["type"], event["subject"]) for event in found] == [
            ("application.submitted", f"客户-{run}"),
            ("review.started", f"客户-{run}"),
        ]

        status, told = service.run("import", str(file), "--mapping", str(mapping))
        assert (figures(told)["accepted"], figures(told)["duplicate"]) == (0, 2)

    def test_strict(self, service: Running, tmp_path: Path) -> None:
        """With --lifecycle strict what a case does not allow is refused, in the service's words."""
        run = next(_numbers)
        data, source = {"reviewer": "r", "team": "t"}, f"/imports/strict-{run}"
        event = cloudevent("review.started", data, case=f"APP-X{run}", id="1", source=source)
        file = written(tmp_path / "events.jsonl", orjson.dumps(event))

        status, told = service.run("import", str(file), "--lifecycle", "strict")

        assert status == 1
        assert figures(told)["rejected"] == 1
        assert "1 (review.started), rejected: " in told

    def test_interrupted(self, service: Running, tmp_path: Path) -> None:
        """A run that is killed half way is completed by the next one, without doubles."""
        count, source = 4_000, f"/imports/interrupted-{next(_numbers)}"
        file = written(tmp_path / "events.ndjson", lines(count, source))
        process = subprocess.Popen(
            command("import", str(file), "--batch", "20"),
            env=surroundings(**service.access),
            stdout=subprocess.DEVNULL,
        )
        with process, service.client() as client:
            begun = f"/v1/customers/{source.replace('/', '%2F')}-6"
            deadline = time.monotonic() + 60
            while client.get(begun).status_code != 200:
                assert time.monotonic() < deadline, "nothing arrives"
            process.kill()
        arrived = sum(event["source"] == source for event in service.events())
        assert process.returncode == -signal.SIGKILL
        assert 0 < arrived < count

        again = journey("import", str(file), **service.access)

        assert again.returncode == 0, again.stderr
        assert figures(again.stdout)["accepted"] == count - arrived
        assert figures(again.stdout)["duplicate"] == arrived
        ids = [event["id"] for event in service.events() if event["source"] == source]
        assert sorted(ids) == sorted(f"e{number}" for number in range(count))

    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("log.xlsx", b"", "the name must end in .xes, .csv, .tsv, .txt, .ndjson, .jsonl"),
            ("log.csv", b"a\n1\n", "name a mapping with --mapping"),
            ("log.ndjson", b'{"a": 1}\n', "event 1 is no CloudEvent; name a mapping with --mapping"),
            ("log.ndjson.gz", b"no gzip", "cannot be read after 0 events"),
        ],
    )
    def test_unreadable(self, service: Running, tmp_path: Path, name: str, content: bytes, told: str) -> None:
        """A file that cannot be read is named, with what to do."""
        file = tmp_path / name
        file.write_bytes(content)

        status, output = service.run("import", str(file))

        assert status == 2
        assert name in output
        assert told in output

    def test_no_such_mapping(self, service: Running, tmp_path: Path) -> None:
        """A mapping that there is not is refused with those that are shipped."""
        file = written(tmp_path / "log.csv", b"a\n1\n")

        assert service.run("import", str(file), "--mapping", "nothing")[1] == (
            "nothing: neither a file nor a shipped mapping; shipped: bpic2012, cfpb, technion\n"
        )


def told_of(event: dict[str, Any]) -> Any:
    """Return what an event's source told of it."""
    names = ("source", "id", "type", "subject", "case", "time", "channel", "data")
    return [event.get(name) for name in names]


def test_round_trip(service: Running, other: Running, tmp_path: Path) -> None:
    """What is exported and imported elsewhere is the same log; imported where it was it adds nothing."""
    options = ("--customers", "4", "--start", "2024-01-01", "--language", "zh")
    assert service.run("simulate", *options)[0] == 0
    file = tmp_path / "journeys.ndjson.gz"

    exported = journey("export", "--output", str(file), **service.access)
    there = journey("import", str(file), **other.access)
    back, told = service.run("import", str(file))

    events = service.events()
    assert len(events) > 50
    assert exported.returncode == 0
    assert f"{len(events):,} events; --after {events[-1]['position']} continues from here." in exported.stderr
    assert (there.returncode, back) == (0, 0), there.stdout + told
    assert list(map(told_of, other.events())) == list(map(told_of, events))
    assert (figures(told)["accepted"], figures(told)["duplicate"]) == (0, len(events))
    assert service.events() == events


def test_export_goes_on_where_it_ended(service: Running) -> None:
    """Standard output has the events alone, those after the position that is given."""
    service.run("simulate", "--customers", "1", "--start", "2024-01-01", "--seed", "5")
    events = service.events()
    middle = events[len(events) // 2]["position"]

    ran = journey("export", "--after", str(middle), **service.access)

    assert [orjson.loads(line) for line in ran.stdout.splitlines()] == [
        event for event in events if event["position"] > middle
    ]


def test_simulating_twice(service: Running) -> None:
    """The same seed sends the same events, so that a second run adds nothing; another seed adds others."""
    options = ("simulate", "--customers", "3", "--start", "2024-01-01")
    first, second = (service.run(*options, "--seed", "77") for _ in range(2))
    third = service.run(*options, "--seed", "78")

    assert [status for status, _ in (first, second, third)] == [0, 0, 0]
    count = figures(first[1])["accepted"]
    assert count > 0
    assert (figures(second[1])["accepted"], figures(second[1])["duplicate"]) == (0, count)
    assert figures(third[1])["duplicate"] == 0


class TestHelpfulErrors:
    """Each ends with status 2 and says what to do next, without a stack of calls."""

    @pytest.mark.parametrize("name", ["export", "rebuild", "simulate"])
    def test_no_service(self, name: str) -> None:
        """Where nothing answers, the address is named and how to start a service."""
        url = f"http://127.0.0.1:{free_port()}"
        result = CliRunner().invoke(app, [name, "--url", url])

        assert result.exit_code == 2
        assert f"Cannot connect to {url}" in result.output
        assert "journey serve --data ./journey-data" in result.output

    def test_no_url(self) -> None:
        """What is no address is told with one that is."""
        result = CliRunner().invoke(app, ["export", "--url", "localhost:8080"])

        assert result.exit_code == 2
        assert "localhost:8080 is no URL of a service. It looks like http://127.0.0.1:8080." in result.output

    def test_no_key(self, service: Running) -> None:
        """Without a key the message says where keys come from."""
        result = CliRunner(env={"JOURNEY_URL": service.url}).invoke(app, ["export"])

        assert result.exit_code == 2
        assert "--key or JOURNEY_KEY" in result.output
        assert "journey keys create" in result.output

    def test_wrong_scope(self, service: Running) -> None:
        """A key that may not is told which scope it lacks, in the language of the terminal."""
        key = new_key(service.settings, "events:write")
        english = CliRunner().invoke(app, ["rebuild", "--url", service.url, "--key", key])
        chinese = journey("rebuild", "--url", service.url, JOURNEY_KEY=key, JOURNEY_LANGUAGE="zh")

        assert (english.exit_code, chinese.returncode) == (2, 2)
        assert "The key lacks the scope ops:admin" in english.output
        assert "journey keys create --scope ops:admin" in english.output
        assert "权限不足" in chinese.stderr
        assert "该密钥缺少权限 ops:admin" in chinese.stderr

    def test_unwritable_file(self, service: Running, tmp_path: Path) -> None:
        """A file that cannot be opened, and a disk that is full, are named with the reason."""
        outputs = {str(tmp_path / "no" / "x.ndjson"): errno.ENOENT}
        if Path("/dev/full").exists():
            outputs["/dev/full"] = errno.ENOSPC
        for output, number in outputs.items():
            status, told = service.run("export", "--output", output)

            assert status == 2
            assert f"Cannot write {output}: {os.strerror(number)}. Name another file" in told

    def test_no_such_projection(self, service: Running) -> None:
        """A projection that there is not is refused with those that there are."""
        status, told = service.run("rebuild", "timeline", "timelines")

        assert status == 2
        assert told == (
            "There is no projection timelines. "
            "There are current_state, review_progress, timeline, case_progress, improvements.\n"
        )
