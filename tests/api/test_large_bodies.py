"""Bodies far beyond the limits: the sender gets its answer, and memory stays bounded."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from tests.api.posting import BATCHED, LINES, STRUCTURED, answered_lines, assert_problem, post, recorded
from tests.api.wire import connected, request_head, status_of
from tests.facts import cloudevent
from tests.sites import Site

HUNDRED_MEGABYTES = 100 * 1024 * 1024
MEMORY = 40 * 1024 * 1024
"""How much the process may grow by a request that is refused: far less than its body."""

_PIECE = b"x" * (256 * 1024)


def _body(size: int) -> Iterator[bytes]:
    for _ in range(size // len(_PIECE)):
        yield _PIECE


@contextmanager
def _memory_bounded() -> Iterator[None]:
    """See that the process, which holds the service, grows by little while the block runs."""
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of earlier tests
    before = _peak()
    yield
    assert _peak() - before < MEMORY


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


class TestTooLarge:
    @pytest.mark.parametrize("size", [64 * 1024 + 1, 1024 * 1024])
    @pytest.mark.parametrize("tag", ["en", "zh-CN"])
    def test_an_event_of_a_megabyte(self, site: Site, channel: httpx.Client, size: int, tag: str) -> None:
        """The limit is told, in numbers and in words."""
        body = orjson.dumps(cloudevent(data={"touchpoint": "x", "action": ""}))
        body = body.replace(b'"action":""', b'"action":"' + b"x" * (size - len(body)) + b'"')
        with recorded(site) as new:
            answer = post(channel, body, headers={"Accept-Language": tag})

        told = assert_problem(answer, "event-too-large")
        assert (told["limit"], told["unit"]) == (65_536, "bytes")
        assert "65536" in told["detail"]
        assert new == []

    def test_headers_count_in_binary_mode(self, site: Site, channel: httpx.Client) -> None:
        """An event may be no larger because its attributes come in headers."""
        data = orjson.dumps({"touchpoint": "x", "action": "y" * 65_000})
        headers = {f"ce-x{number}": "y" * 900 for number in range(2)}
        headers |= {f"ce-{n}": str(v) for n, v in cloudevent().items() if n != "data"}
        with recorded(site) as new:
            answer = post(channel, data, "application/json", headers=headers)

        assert_problem(answer, "event-too-large")
        assert new == []

    @pytest.mark.parametrize("headers", [{"Content-Length": str(HUNDRED_MEGABYTES)}, {}])
    @pytest.mark.parametrize(
        ("media_type", "code"),
        [
            (STRUCTURED, "event-too-large"),
            ("application/json", "event-too-large"),
            (BATCHED, "batch-too-large"),
            ("text/plain", "unsupported-content-type"),
        ],
    )
    def test_a_body_of_a_hundred_megabytes(
        self, site: Site, channel: httpx.Client, media_type: str, code: str, headers: dict[str, str]
    ) -> None:
        """A client that sends all before it reads gets the answer, and the service does not keep the body."""
        headers = {"Content-Type": media_type, **headers}
        with recorded(site) as new, _memory_bounded():
            answer = channel.post("/v1/events", content=_body(HUNDRED_MEGABYTES), headers=headers)

        assert (answer.json()["code"], answer.status_code // 100) == (code, 4)
        assert new == []
        assert channel.get("/healthz").status_code == 200

    def test_one_line_of_a_hundred_megabytes(self, site: Site, channel: httpx.Client) -> None:
        """A load may have any length, a line may not; the lines around it are taken."""
        sound = orjson.dumps(cloudevent(subject="large")) + b"\n"

        def body() -> Iterator[bytes]:
            yield sound
            yield from _body(HUNDRED_MEGABYTES)
            yield b"\n" + orjson.dumps(cloudevent(subject="large"))

        with recorded(site) as new, _memory_bounded():
            answer = channel.post("/v1/events", content=body(), headers={"Content-Type": LINES})

        items = answered_lines(answer)
        assert [item["status"] for item in items] == ["accepted", "rejected", "accepted"]
        assert items[1]["problem"]["code"] == "event-too-large"
        assert len(new) == 2

    def test_a_stranger_is_not_listened_to(self, site: Site) -> None:
        """Without a key the answer comes before the body is read."""
        head = request_head(
            "POST", "/v1/events", Content_Type=STRUCTURED, Content_Length=str(HUNDRED_MEGABYTES)
        )
        with connected(site) as connection:
            connection.sendall(head)
            assert status_of(connection) == 401


class TestExpect:
    def test_a_client_that_asks_first_need_not_send(self, site: Site, channel: httpx.Client) -> None:
        """Told of the length beforehand, the service refuses at once instead of saying to go on."""
        head = request_head(
            "POST",
            "/v1/events",
            Authorization=channel.headers["authorization"],
            Content_Type=STRUCTURED,
            Content_Length=str(HUNDRED_MEGABYTES),
            Expect="100-continue",
        )
        with connected(site) as connection:
            connection.sendall(head)
            assert status_of(connection) == 413

    def test_a_client_that_asks_first_may_send_what_fits(self, site: Site, channel: httpx.Client) -> None:
        """A body within the limits is asked for."""
        body = orjson.dumps(cloudevent(subject="polite"))
        head = request_head(
            "POST",
            "/v1/events",
            Authorization=channel.headers["authorization"],
            Content_Type=STRUCTURED,
            Content_Length=str(len(body)),
            Expect="100-continue",
        )
        with connected(site) as connection, connection.makefile("rb") as answer:
            connection.sendall(head)
            assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
            assert answer.readline() == b"\r\n"
            connection.sendall(body)
            assert answer.readline().startswith(b"HTTP/1.1 201")

    @pytest.mark.parametrize("coding", [[], ["-H", "Transfer-Encoding: chunked"]])
    def test_curl_gets_its_answer(
        self, site: Site, channel: httpx.Client, tmp_path: Path, coding: list[str]
    ) -> None:
        """The most common client of all, which asks first when a body is large."""
        file = tmp_path / "large"
        with file.open("wb") as large:
            large.truncate(HUNDRED_MEGABYTES)
        command = ["curl", "-s", "-S", "--max-time", "60", "-H", f"Content-Type: {BATCHED}", *coding]
        command += ["-H", f"Authorization: {channel.headers['authorization']}", "-T", str(file), "-X", "POST"]
        try:
            done = subprocess.run(
                [*command, f"{site.url}/v1/events"], capture_output=True, timeout=90, check=False
            )
        except FileNotFoundError:
            pytest.skip("curl is not installed")

        assert done.returncode == 0, done.stderr
        assert orjson.loads(done.stdout)["code"] == "batch-too-large"


class TestDeep:
    @pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
    def test_a_hundred_thousand_levels(self, site: Site, channel: httpx.Client, bracket: bytes) -> None:
        """Depth is refused without recursion, whether or not anything is ever closed."""
        closing = {b"[": b"]", b'{"a":': b"}"}[bracket]
        for body in (bracket * 100_000, bracket * 100_000 + b"1" + closing * 100_000):
            with recorded(site) as new:
                answer = post(channel, body, BATCHED)

            assert (answer.status_code, answer.json()["code"]) == (400, "malformed-json")
            assert new == []

    def test_others_are_served_meanwhile(self, site: Site, channel: httpx.Client) -> None:
        """Eight megabytes of the worst JSON do not keep a single event waiting for their end."""
        worst = b"[" + b'{"a":[' * 1_300_000
        done = threading.Event()

        def send() -> None:
            post(site.client("events:write"), worst, BATCHED)
            done.set()

        sender = threading.Thread(target=send)
        sender.start()
        waits = []
        while not done.is_set():
            started = time.monotonic()
            assert channel.get("/healthz").status_code == 200
            waits.append(time.monotonic() - started)
        sender.join()

        assert max(waits) < sum(waits) / 2
