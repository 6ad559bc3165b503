"""The benchmark runs, counts what it says it counts, and refuses to measure what is not durable."""

import http.server
import itertools
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import run

import orjson
import psycopg
import pytest
from bench.contest import Ratio, Sample, median_ratio, paired_ratios
from bench.events import events
from bench.hostile import Orders, attack
from bench.load import all_of, closed_loop
from bench.machine import NotDurable, check_postgres
from bench.requests import BATCHED, STRUCTURED, batches, load, post, save
from bench.servers import Server

from journey.settings import Settings
from journey.words import Words
from tests.databases import new_postgres_database
from tests.documents import ROOT
from tests.processes import new_key, server


@contextmanager
def counting_server(
    answer: bytes = b'{"position":%d}', status: int = 201
) -> Iterator[tuple[Server, list[bytes]]]:
    """Answer every POST alike, by default with 201 and the next position; give what was posted."""
    taken: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers["Content-Length"])))
            body = answer % len(taken) if b"%d" in answer else answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield Server(listening.server_address[1], 0), taken
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def sample(rate: float) -> Sample:
    """Return a sample with nothing but a rate."""
    return Sample(rate=rate, count=1)


class TestEvents:
    def test_every_event_is_lawful(self, tmp_path: Path) -> None:
        """The service accepts all of a mix in which cases go through all of their steps."""
        settings = Settings(data=tmp_path)
        steps: Counter[str] = Counter()
        made = itertools.islice(events("lawful", apart=50), 3_000)
        with server(settings) as running, running.client(new_key(settings, "events:write")) as client:
            for body in batches(made, 1_000):
                steps.update(event["type"] for event in orjson.loads(body))
                answer = client.post("/v1/events", content=body, headers={"Content-Type": BATCHED}).json()

                assert (answer["accepted"], answer["duplicate"], answer["rejected"]) == (1_000, 0, 0)

        assert {"delivery.completed", "consultation.resolved", "feedback.submitted"} <= steps.keys()

    def test_every_event_has_an_id_of_its_own(self) -> None:
        """Neither within a lot nor between two lots is an id used twice."""
        made = [
            orjson.loads(event) for name in ("one", "two") for event in itertools.islice(events(name), 500)
        ]

        assert len({event["id"] for event in made}) == 1_000


class TestLoad:
    def test_requests_are_read_as_they_were_written(self, tmp_path: Path) -> None:
        """A file of requests holds them to the byte."""
        requests = [post("/v1/events", STRUCTURED, body, "key") for body in (b"", b"\r\n\r\n", "中".encode())]
        save(tmp_path / "requests", requests)

        assert requests == load(tmp_path / "requests")

    def test_every_request_is_sent_once_and_every_answer_counted(self, tmp_path: Path) -> None:
        """Our generator sends all that it is given, and knows how many different positions came back."""
        bodies = [b'{"n":%d}' % number for number in range(100)]
        save(tmp_path / "requests", (post("/", STRUCTURED, body, "key") for body in bodies))
        with counting_server() as (running, taken):
            found = all_of(running, tmp_path / "requests", 4)

        assert sorted(bodies) == sorted(taken)
        assert (found.count, found.created, found.positions, found.refused) == (100, 100, 100, 0)

    def test_load_in_a_closed_loop_begins_with_the_first_request(self, tmp_path: Path) -> None:
        """None of the requests is left out: the first may open a case that a later one goes on with."""
        bodies = (b'{"n":%d}' % number for number in range(100_000))
        save(tmp_path / "requests", (post("/", STRUCTURED, body, "key") for body in bodies))
        with counting_server() as (running, taken):
            found = closed_loop(running, tmp_path / "requests", 2, 1)
        sent = sorted(orjson.loads(body)["n"] for body in taken)

        assert found.count > 0
        assert sent == list(range(len(sent)))

    def test_a_position_that_comes_twice_is_noticed(self, tmp_path: Path) -> None:
        """Of answers that all tell one position, one position is counted."""
        save(tmp_path / "requests", (post("/", STRUCTURED, b"{}", "key") for _ in range(10)))
        with counting_server(b'{"position":7}') as (running, _):
            found = all_of(running, tmp_path / "requests", 2)

        assert (found.created, found.positions) == (10, 1)

    def test_a_batch_counts_event_by_event(self, tmp_path: Path) -> None:
        """Of a batch those events count as new that the answer says are; each tells where it is."""
        save(tmp_path / "requests", (post("/v1/events", BATCHED, b"[]", "key") for _ in range(3)))
        items = [
            *({"status": "accepted", "position": place} for place in (4, 5)),
            {"status": "duplicate", "position": 3},
            {"status": "rejected", "position": None},
        ]
        answer = orjson.dumps({"accepted": 2, "items": items})
        with counting_server(answer, status=207) as (running, _):
            found = all_of(running, tmp_path / "requests", 2)

        assert (found.count, found.created, found.positions) == (3, 6, 2)


class TestHostile:
    def test_hostile_clients_come_and_the_service_answers(self, tmp_path: Path) -> None:
        """Each kind of them is there for a while, and is sent away or served; others are answered."""
        settings = Settings(data=tmp_path)
        key = new_key(settings, "events:write")
        with server(settings, JOURNEY_CLIENT_TIMEOUT="1") as running, running.client(key) as client:
            port = client.base_url.port
            assert port is not None
            crowd = Orders(port=port, key=key, heads=5, bodies=5, readers=5, batches=5, huge=2, burst=200)
            for _ in itertools.islice(attack(crowd), 250):
                pass
            answers = [client.get("/healthz").status_code for _ in range(10)]

        assert answers == [200] * 10


class TestRatios:
    RATIO = Ratio(title=Words("", ""), over="ours", under="peer", at_least=1.2)

    def test_ratio_is_that_of_the_medians(self) -> None:
        """One disturbed round does not change the ratio; its spread shows it."""
        samples = {
            "ours": [sample(rate) for rate in (24, 26, 1)],
            "peer": [sample(rate) for rate in (20, 20, 20)],
        }

        assert median_ratio(self.RATIO, samples) == 1.2
        assert paired_ratios(self.RATIO, samples) == [1.2, 1.3, 0.05]

    @pytest.mark.parametrize(("value", "met"), [(1.19, False), (1.2, True)])
    def test_goal_is_met_from_its_value_on(self, value: float, *, met: bool) -> None:
        """A goal of at least 1.2 is met by 1.2."""
        assert self.RATIO.verdict(value) is met

    def test_side_without_figures_has_no_ratio(self) -> None:
        """A case that was not measured gives no ratio instead of a wrong one."""
        assert median_ratio(self.RATIO, {"ours": [sample(1)]}) is None


class TestDurability:
    def test_durable_database_is_measured(self) -> None:
        """PostgreSQL as it comes is durable."""
        assert check_postgres(new_postgres_database())["synchronous_commit"] == "on"

    def test_database_that_may_lose_commits_is_not(self) -> None:
        """A database whose commits do not wait for the disk is refused."""
        url = new_postgres_database()
        with psycopg.connect(url, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())

        with pytest.raises(NotDurable):
            check_postgres(url)


class TestSmoke:
    def test_benchmark_runs(self, tmp_path: Path) -> None:
        """Our service and its peers start, take load and end; what was measured is written as JSON."""
        output = tmp_path / "figures.json"
        command = [sys.executable, "-m", "bench", "--smoke", "--output", str(output)]
        done = run(command, cwd=ROOT, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stderr
        goals = orjson.loads(output.read_bytes())["goals"]
        cases = [case for goal in goals for case in goal["cases"].values()]
        assert [goal["goals"] for goal in goals] == [["V1"], ["V7", "V11"]]
        assert len(cases) == 6
        assert all(case["median"] > 0 for case in cases)
        assert sum(each["failures"] for case in cases for each in case["samples"]) == 0
