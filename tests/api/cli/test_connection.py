"""What comes over a connection, against a real process: heads of any size, and what is no HTTP."""

import re
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from api.cli.connection import MAX_HEAD_BYTES, MAX_HEADERS, MAX_PIPELINED
from api.keys import SCOPES
from journey.settings import Settings
from tests.api.posting import CHINESE, STRUCTURED, new_customer
from tests.api.wire import answer_of, chunk, connected, request_head, wait_until_cut
from tests.facts import cloudevent
from tests.processes import Server, new_key, server

ENDLESS = 64 * 1024 * 1024
"""More than a service takes that does not keep it."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Give settings on an embedded database."""
    return Settings(data=tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def running(settings: Settings) -> Iterator[Server]:
    """Give a process that serves."""
    with server(settings) as found:
        yield found


@pytest.fixture(scope="module")
def key(running: Server, settings: Settings) -> str:
    """Give a key that may do everything."""
    assert running.process.poll() is None
    return new_key(settings, *SCOPES)


def refused_within(connection: socket.socket, endless: bytes) -> bytes:
    """Send something again and again until the service has had enough of it; return what it says to that."""
    with suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(ENDLESS // len(endless)):
            connection.sendall(endless)
        pytest.fail("the service takes anything")
    with suppress(ConnectionResetError):
        return wait_until_cut(connection)
    return b""


class TestHeads:
    def test_as_large_as_allowed(self, running: Server) -> None:
        """A head within the limits is read, in one piece or in many."""
        head = request_head("GET", "/healthz", Cookie="x" * (MAX_HEAD_BYTES - 200), Connection="close")
        for size in (len(head), 1000):
            with connected(running) as connection:
                for start in range(0, len(head), size):
                    connection.sendall(head[start : start + size])
                assert wait_until_cut(connection).startswith(b"HTTP/1.1 200 ")

    @pytest.mark.parametrize(
        "head",
        [
            request_head("GET", "/healthz", Accept_Language="zh", Cookie="x" * MAX_HEAD_BYTES),
            request_head("GET", "/healthz?" + "x" * MAX_HEAD_BYTES, Accept_Language="zh"),
            request_head(
                "GET", "/healthz", Accept_Language="zh", **{f"X-{n}": "" for n in range(MAX_HEADERS)}
            ),
        ],
        ids=["header", "address", "many headers"],
    )
    def test_larger(self, running: Server, head: bytes) -> None:
        """A head that is too large is answered with 431."""
        with connected(running) as connection:
            connection.sendall(head)
            status, problem = answer_of(connection)

        assert (status, problem["code"]) == (431, "head-too-large")
        assert CHINESE.search(problem["title"])

    @pytest.mark.parametrize(
        "beginning",
        [
            b"GET /",
            b"GET / HTTP/1.1\r\nX: ",
            b"POST /v1/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;",
            b"POST /v1/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
        ],
        ids=["address", "header", "extension of a chunk", "trailer"],
    )
    def test_endless(self, running: Server, beginning: bytes) -> None:
        """What never becomes a head or a body is not taken without an end."""
        with connected(running) as connection:
            connection.sendall(beginning)
            refused_within(connection, b"x" * 10_000)

    def test_trailers_are_no_headers(self, running: Server, key: str) -> None:
        """What follows a body neither authorises a request nor changes it."""
        event = orjson.dumps(cloudevent())
        head = request_head("POST", "/v1/events", Content_Type=STRUCTURED, Transfer_Encoding="chunked")
        trailer = f"0\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
        with connected(running) as connection:
            connection.sendall(head + chunk(event) + trailer)
            answer = HTTPResponse(connection)
            answer.begin()

            assert answer.status == 401


class TestNotHttp:
    def test_is_refused(self, running: Server) -> None:
        """What is no HTTP is answered with 400 and closed; nothing of it is repeated."""
        for sent in (b"\x16\x03\x01\x02\x00\x01", b"GET canary HTTP/1.1\r\n\r\n", b"GET / HTTP/9\r\n\r\n"):
            with connected(running) as connection:
                connection.sendall(sent)
                status, problem = answer_of(connection)

            assert (status, problem["code"]) == (400, "malformed-request")
            assert "canary" not in orjson.dumps(problem).decode()

    def test_nothing_is_said_of_a_request_that_came_before(self, running: Server, key: str) -> None:
        """An event that is committed is never told to be refused: it has its answer, then the end comes."""
        event = orjson.dumps(cloudevent(subject=new_customer()))
        head = request_head(
            "POST",
            "/v1/events",
            Authorization=f"Bearer {key}",
            Content_Type=STRUCTURED,
            Content_Length=str(len(event)),
        )
        with connected(running) as connection:
            connection.sendall(head + event + b"\x00\x01 nonsense\r\n\r\n")
            said = wait_until_cut(connection)

        assert said.startswith(b"HTTP/1.1 201 ")
        assert said.count(b"HTTP/1.1") == 1

    def test_a_body_whose_chunks_are_none(self, running: Server, key: str) -> None:
        """A request that breaks off in nonsense is refused itself."""
        authorization = f"Bearer {key}"
        head = request_head("POST", "/v1/events", Authorization=authorization, Transfer_Encoding="chunked")
        with connected(running) as connection:
            connection.sendall(head + b"no number\r\n")
            assert answer_of(connection)[1]["code"] == "malformed-request"


class TestPipelining:
    def test_some(self, running: Server) -> None:
        """Requests that do not wait for answers are answered in turn."""
        with connected(running) as connection:
            connection.sendall(request_head("GET", "/healthz") * MAX_PIPELINED)
            connection.sendall(request_head("GET", "/healthz", Connection="close"))
            assert wait_until_cut(connection).count(b"HTTP/1.1 200 ") == MAX_PIPELINED + 1

    def test_without_an_end(self, running: Server) -> None:
        """Of very many those that wait already are answered, and the connection is closed."""
        with connected(running) as connection:
            connection.sendall(request_head("GET", "/healthz") * 1_000)
            said = b""
            with suppress(ConnectionResetError):
                said = wait_until_cut(connection)

        assert said.count(b"HTTP/1.1 200 ") <= MAX_PIPELINED + 1
        assert b"HTTP/1.1 400 " not in said
        assert httpx.get(f"{running.url}/healthz", trust_env=False).status_code == 200

    def test_of_many_who_read_nothing(self, running: Server) -> None:
        """Thousands of requests that wait go on between those of others; who reads late gets all answers."""
        asked = request_head("GET", "/problems") * (MAX_PIPELINED - 1)
        last = request_head("GET", "/problems", Connection="close")
        with ExitStack() as all_, httpx.Client(trust_env=False) as healthy:
            crowd = [all_.enter_context(connected(running)) for _ in range(100)]
            for each in crowd:
                each.sendall(asked + last)
            answers = [healthy.get(f"{running.url}/healthz").status_code for _ in range(50)]
            late = wait_until_cut(crowd[-1])

        assert answers == [200] * 50
        assert late.count(b"HTTP/1.1 200 ") == MAX_PIPELINED

    def test_who_does_not_read_is_answered_no_further(self, running: Server) -> None:
        """Answers that are not read keep the requests behind them from being begun, until they are."""
        with connected(running) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            asked = request_head("GET", "/openapi.json") * (MAX_PIPELINED - 1)
            connection.sendall(asked + request_head("GET", "/openapi.json", Connection="close"))
            before = httpx.get(f"{running.url}/openapi.json", trust_env=False).content

            assert wait_until_cut(connection).count(before) == MAX_PIPELINED


class TestPosts:
    """Events that may be taken at once, however they come over the connection."""

    def test_as_long_as_it_says(self, running: Server, key: str) -> None:
        """A body is whole when it is as long as was said, not when it looks like that."""
        posted = _post(key, new_customer(), connection="close", spaces=10)
        with connected(running, seconds=0.3) as connection:
            connection.sendall(posted[:-5])
            with pytest.raises(TimeoutError):
                connection.recv(1)
            connection.settimeout(20)
            connection.sendall(posted[-5:])

            assert wait_until_cut(connection).startswith(b"HTTP/1.1 201 ")

    def test_one_behind_the_other(self, running: Server, key: str) -> None:
        """Requests in one piece are answered in their order, whichever way each takes."""
        customer = new_customer()
        twice = _post(key, customer, id="twice")
        bad = _post(key, customer, type="no.such")
        with connected(running) as connection:
            connection.sendall(twice + bad + twice + _post(key, customer, connection="close"))
            said = wait_until_cut(connection)

        assert re.findall(rb"HTTP/1.1 (\d+) ", said) == [b"201", b"422", b"200", b"201"]

    def test_old_http(self, running: Server, key: str) -> None:
        """A client of HTTP/1.0 is answered once, and the connection ends."""
        with connected(running) as connection:
            connection.sendall(_post(key, new_customer()).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
            said = wait_until_cut(connection)

        assert said.startswith(b"HTTP/1.1 201 ")
        assert b"\r\nconnection: close\r\n" in said
        assert b"\r\ndate: " in said

    def test_who_has_hung_up_sends_again(self, running: Server, key: str) -> None:
        """The event of who does not wait for the answer counts once, however often it is sent."""
        posted = _post(key, new_customer(), id="hung-up")
        waited_for = posted.replace(b"keep-alive", b"close", 1)
        with connected(running) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(posted)
        answers = []
        for _ in range(2):
            with connected(running) as connection:
                connection.sendall(waited_for)
                answers.append(wait_until_cut(connection)[:13])

        assert answers[0] in (b"HTTP/1.1 200 ", b"HTTP/1.1 201 ")
        assert answers[1] == b"HTTP/1.1 200 "


def _post(
    key: str, customer: str, connection: str = "keep-alive", spaces: int = 0, **attributes: Any
) -> bytes:
    """Write the whole request that posts an event, with so many spaces behind it."""
    body = orjson.dumps(cloudevent(**{"subject": customer, **attributes})) + b" " * spaces
    further = {"Authorization": f"Bearer {key}", "Content_Type": STRUCTURED, "Content_Length": str(len(body))}
    return request_head("POST", "/v1/events", Connection=connection, **further) + body


def test_who_hangs_up_before_the_answer_is_no_error(tmp_path: Path) -> None:
    """Nothing is logged of answers that nobody waits for any more."""
    messages = tmp_path / "messages"
    with messages.open("wb") as stream, server(Settings(data=tmp_path / "data"), messages=stream) as running:
        for _ in range(50):
            with connected(running) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(request_head("GET", "/problems") * MAX_PIPELINED)
        assert httpx.get(f"{running.url}/healthz", trust_env=False).status_code == 200

    assert '"error"' not in messages.read_text()
