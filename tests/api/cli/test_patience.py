"""Clients that keep the service waiting are cut off, and others are served: the rules, and a real process.

A silent connection tells the time here: when it is cut off, more than the patience of the service has passed.
"""

import asyncio
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path

import httpx
import orjson
import pytest

from api.cli.patience import IDLE, Awaited, Mark, Patience
from api.keys import SCOPES
from journey.settings import Settings
from tests.api.posting import CHINESE, LINES, STRUCTURED, post
from tests.api.wire import answer_of, chunk, connected, request_head, status_of, wait_until_cut
from tests.facts import cloudevent
from tests.processes import Server, new_key, server

SLOW_SECONDS = 20
"""What a test waits at most for the service to lose its patience, which is one second here."""
HALF = b"GET /healthz HTTP/1.1\r\nHost: journey\r\nAccept-Language: zh\r\nX-Mor"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, httpx.Client]]:
    """Give a process of little patience, and a client that may do everything."""
    settings = Settings(data=tmp_path_factory.mktemp("served"))
    key = new_key(settings, *SCOPES)
    with server(settings, JOURNEY_CLIENT_TIMEOUT="1") as running, running.client(key) as client:
        yield running, client


@pytest.fixture
def running(served: tuple[Server, httpx.Client]) -> Server:
    """Give the process."""
    return served[0]


@pytest.fixture
def client(served: tuple[Server, httpx.Client]) -> httpx.Client:
    """Give a client that may do everything."""
    return served[1]


def trickle(connection: socket.socket, piece: bytes) -> None:
    """Send a piece each time that nothing has come back for a twentieth of a second, until something has."""
    for _ in range(SLOW_SECONDS * 20):
        if select.select([connection], [], [], 0.05)[0]:
            return
        connection.sendall(piece)
    pytest.fail("the service waits for ever")


def posting(client: httpx.Client, **headers: str) -> bytes:
    """Write the head of a request that posts events."""
    return request_head("POST", "/v1/events", Authorization=client.headers["authorization"], **headers)


@dataclass
class Line:
    """A connection that waits for its client as the test says."""

    awaited: Awaited | None
    address: str | None = "198.51.100.7"
    message: object = None
    moved: int = 0
    mark: Mark | None = None
    ended: bool = False

    def awaits(self) -> Awaited | None:
        """Tell what the client is to do."""
        return self.awaited

    def cut(self, awaited: Awaited) -> None:
        """End."""
        assert awaited == self.awaited
        self.ended = True


def look(patience: Patience, lines: list[Line], now: float) -> None:
    """Look at all of them."""
    asyncio.run(patience.look(lines, now))


class TestRules:
    """Ten seconds of patience: a thousand bytes of a body or an answer in that time."""

    @pytest.mark.parametrize(
        ("awaited", "moved", "at", "ended"),
        [
            ("head", 0, 9.9, False),
            ("head", 5_000, 10.0, True),
            ("body", 999, 9.9, False),
            ("body", 999, 10.0, True),
            ("body", 1_000, 10.0, False),
            ("reading", 999, 10.0, True),
            ("reading", 1_000, 10.0, False),
            ("next", 0, IDLE - 0.1, False),
            ("next", 0, IDLE, True),
            (None, 0, 1_000.0, False),
        ],
    )
    def test_how_long(self, awaited: Awaited | None, moved: int, at: float, ended: bool) -> None:  # noqa: FBT001  # a table
        """A head has its time whatever comes of it; a body and a reader have it again for what they move."""
        line, patience = Line(awaited), Patience(10.0, 1, 0)
        look(patience, [line], 0.0)
        line.moved = moved
        look(patience, [line], at)

        assert line.ended is ended

    def test_each_request_has_its_time(self) -> None:
        """A busy connection seems to wait for the same thing whenever one looks: it is another request."""
        line, patience = Line("head"), Patience(10.0, 1, 0)
        for second in range(30):
            line.message = object()
            look(patience, [line], float(second))

        assert not line.ended

    def test_those_held_up_keep_nobody_out(self) -> None:
        """A thousand requests at once are enough; those that wait for their clients do not count."""
        patience = Patience(10.0, 5_000, 0)
        assert not patience.busy(999)
        assert patience.busy(1_000)

        look(patience, [Line("body"), Line("reading"), Line("next"), Line(None)], 0.0)

        assert not patience.busy(1_001)
        assert patience.busy(1_002)


class TestSlowHeads:
    def test_silence(self, running: Server) -> None:
        """A connection that says nothing is closed without a word."""
        with connected(running, SLOW_SECONDS) as silent:
            assert wait_until_cut(silent) == b""

    def test_half_a_head(self, running: Server) -> None:
        """Half a head is answered with 408, in the language that it asked for."""
        with connected(running, SLOW_SECONDS) as slow:
            slow.sendall(HALF)
            status, problem = answer_of(slow)

        assert (status, problem["code"], problem["retryable"]) == (408, "request-timeout", True)
        assert CHINESE.search(problem["detail"])

    def test_a_head_that_never_ends(self, running: Server) -> None:
        """To send on without an end helps nobody: the head as a whole has a deadline."""
        with connected(running, SLOW_SECONDS) as slow:
            slow.sendall(HALF)
            trickle(slow, b"x")
            assert answer_of(slow)[0] == 408

    def test_the_second_request_of_a_connection(self, running: Server) -> None:
        """Who has been served before is waited for no longer."""
        with connected(running, SLOW_SECONDS) as slow:
            slow.sendall(request_head("GET", "/healthz"))
            assert status_of(slow) == 200
            slow.sendall(HALF)
            assert b"HTTP/1.1 408 " in wait_until_cut(slow)


class TestSlowBodies:
    def test_a_body_that_does_not_come(self, running: Server, client: httpx.Client) -> None:
        """A head without its body, and one with half of it, are answered with 408."""
        head = posting(client, Content_Type=STRUCTURED, Content_Length="500")
        for beginning in (head, head + b'{"specversion"'):
            with connected(running, SLOW_SECONDS) as slow:
                slow.sendall(beginning)
                assert answer_of(slow)[1]["code"] == "request-timeout"

    def test_a_body_that_trickles(self, running: Server, client: httpx.Client) -> None:
        """A few bytes now and then are too few: less than a hundred a second."""
        head = posting(client, Content_Type=STRUCTURED, Content_Length="60000")
        with connected(running, SLOW_SECONDS) as slow:
            slow.sendall(head)
            trickle(slow, b" ")
            assert answer_of(slow)[0] == 408

    def test_a_stream_of_lines_that_stops(self, running: Server, client: httpx.Client) -> None:
        """Its answer has begun, so it is cut: nobody takes it for a whole one."""
        event = orjson.dumps(cloudevent()) + b"\n"
        with connected(running, SLOW_SECONDS) as slow:
            slow.sendall(posting(client, Content_Type=LINES, Transfer_Encoding="chunked") + chunk(event))
            said = wait_until_cut(slow)

        assert said.startswith(b"HTTP/1.1 200 ")
        assert not said.endswith(b"0\r\n\r\n")


class TestSlowReaders:
    def test_answers_that_nobody_reads(self, running: Server, client: httpx.Client) -> None:
        """A client that asks for much and reads nothing is cut off, and what waited for it is forgotten."""
        asked = request_head("GET", "/openapi.json", Authorization=client.headers["authorization"])
        with connected(running, SLOW_SECONDS) as slow:
            slow.settimeout(0)
            hung_up = select.poll()
            hung_up.register(slow, select.POLLHUP | select.POLLERR)
            for _ in range(SLOW_SECONDS * 100):
                if hung_up.poll(10):
                    break
                try:
                    slow.send(asked)
                except BlockingIOError:
                    continue
            else:
                pytest.fail("the service keeps answers for ever")

        assert client.get("/healthz").status_code == 200

    def test_who_sends_on_may_read_later(self, running: Server, client: httpx.Client) -> None:
        """A load that takes longer than a head may, read only when all is sent, is answered whole."""
        bad = b'{"specversion":"1.0","type":"' + b"x" * 90 + b'"}\n'
        with connected(running, SLOW_SECONDS) as loader:
            loader.sendall(posting(client, Content_Type=LINES, Transfer_Encoding="chunked"))
            sent = 0
            with connected(running, SLOW_SECONDS) as clock:
                while not select.select([clock], [], [], 0.05)[0]:
                    loader.sendall(chunk(bad * 100))
                    sent += 100
            loader.sendall(chunk(b""))
            answer = HTTPResponse(loader)
            answer.begin()

            assert answer.read().count(b'{"index"') == sent


class TestThePatient:
    def test_a_connection_may_rest(self, running: Server) -> None:
        """Between two requests a connection rests for longer than a head may take."""
        with connected(running, SLOW_SECONDS) as resting, connected(running, SLOW_SECONDS) as clock:
            for _ in range(2):
                resting.sendall(request_head("GET", "/healthz"))
                assert status_of(resting) == 200
                if select.select([clock], [], [], SLOW_SECONDS)[0]:
                    assert clock.recv(1) == b""

    def test_waiting_for_news(self, running: Server, client: httpx.Client) -> None:
        """Who waits for the service is not slow."""
        first = post(client, cloudevent(subject="waiting")).json()["position"]
        shown = client.get(f"/v1/customers/waiting?min_position={first}", headers={"Prefer": "wait=20"})
        assert shown.status_code == 200
        with client.stream("GET", "/v1/customers/waiting/stream") as stream:
            lines = stream.iter_lines()
            assert any(line.startswith("data:") for line in lines)
            with connected(running, SLOW_SECONDS) as clock:
                assert wait_until_cut(clock) == b""
            assert post(client, cloudevent(subject="waiting")).status_code == 201
            assert any(line.startswith("data:") for line in lines)


class TestManyConnections:
    def test_more_than_allowed(self, tmp_path: Path) -> None:
        """What is beyond the limit is told so; those who are there are served; later there is room."""
        settings = Settings(data=tmp_path / "data")
        with (
            server(settings, JOURNEY_CLIENT_TIMEOUT="1", JOURNEY_MAX_CONNECTIONS="20") as running,
            httpx.Client(trust_env=False) as healthy,
            ExitStack() as all_,
        ):
            assert healthy.get(f"{running.url}/healthz").status_code == 200
            crowd = [all_.enter_context(connected(running, SLOW_SECONDS)) for _ in range(30)]
            refused = [answer_of(each)[1] for each in crowd[-11:]]
            assert {problem["code"] for problem in refused} == {"connection-limit"}
            assert healthy.get(f"{running.url}/healthz").status_code == 200
            for each in crowd:
                assert wait_until_cut(each) == b""
            assert httpx.get(f"{running.url}/healthz", trust_env=False).status_code == 200

    def test_of_one_address(self, tmp_path: Path) -> None:
        """An address has a limit of its own where one is set; another address is served."""
        settings = Settings(data=tmp_path / "data")
        with server(settings, JOURNEY_MAX_CONNECTIONS_PER_ADDRESS="5") as running, ExitStack() as all_:
            mine = [all_.enter_context(connected(running)) for _ in range(5)]
            with connected(running) as sixth:
                assert answer_of(sixth)[1]["code"] == "connection-limit"
            other = httpx.HTTPTransport(local_address="127.0.0.2")
            with httpx.Client(transport=other, trust_env=False) as elsewhere:
                assert elsewhere.get(f"{running.url}/healthz").status_code == 200
            mine.pop().close()
            for _ in range(200):
                with connected(running) as again:
                    again.sendall(request_head("GET", "/healthz"))
                    if status_of(again) == 200:
                        return
        pytest.fail("a closed connection counts for ever")

    def test_a_thousand_slow_ones(self, tmp_path: Path) -> None:
        """A healthy client is served beside them, and the service ends in order with all of them open."""
        settings = Settings(data=tmp_path / "data")
        key = new_key(settings, *SCOPES)
        head = request_head(
            "POST", "/v1/events", Authorization=f"Bearer {key}", Content_Type=STRUCTURED, Content_Length="9"
        )
        beginnings = [b"", HALF, head, head + b"{"]
        with server(settings) as running, running.client(key) as client, ExitStack() as all_:
            for number in range(1_000):
                slow = all_.enter_context(connected(running))
                slow.sendall(beginnings[number % 4])
            assert [post(client, cloudevent()).status_code for _ in range(100)] == [201] * 100
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(SLOW_SECONDS) == 0
