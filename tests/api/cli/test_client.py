"""The way to the service: retries, and errors that say what to do next."""

import socket
from typing import Any

import httpx
import orjson
import pytest
from typer import Exit

from api.cli.client import ATTEMPTS, Client, ClientError, connected
from api.cli.pauses import LONGEST_PAUSE

Answer = tuple[int, dict[str, str], bytes]
OK: Answer = (200, {}, b"{}")


def problem(status: int, headers: dict[str, str] | None = None, **fields: Any) -> Answer:
    """Return an answer with problem details."""
    kind = {"Content-Type": "application/problem+json"}
    return status, {**kind, **(headers or {})}, orjson.dumps({"title": "Title", "status": status, **fields})


class Service(httpx.BaseTransport):
    """A service that gives the answers prepared for it; an exception is a lost connection."""

    def __init__(self, *answers: Answer | type[httpx.TransportError]) -> None:
        """Prepare the answers, the last of which is given for ever."""
        self._answers = answers
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Give the next answer."""
        self.requests.append(request)
        answer = self._answers[min(len(self.requests), len(self._answers)) - 1]
        if isinstance(answer, type):
            raise answer("lost", request=request)
        status, headers, content = answer
        return httpx.Response(status, headers=headers, content=content)


def asked(service: Service) -> tuple[httpx.Response, list[float]]:
    """Return the answer to a question, and how long the client paused before it."""
    pauses: list[float] = []
    with Client("http://journey.test", "secret", transport=service, pause=pauses.append) as client:
        return client.request("POST", "/v1/events", params={"lifecycle": "record"}, content=b"x"), pauses


def refused(service: Service) -> str:
    """Return what the client says of a refusal."""
    with pytest.raises(ClientError) as error:
        asked(service)
    return str(error.value)


def test_request() -> None:
    """The request carries the key, the parameters and the content."""
    service = Service(OK)

    asked(service)

    [request] = service.requests
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["Accept-Language"] == "en"
    assert str(request.url) == "http://journey.test/v1/events?lifecycle=record"
    assert request.content == b"x"


class TestRetries:
    @pytest.mark.parametrize("status", [429, 503])
    def test_busy(self, status: int) -> None:
        """A busy service is asked again after the time that it names."""
        response, pauses = asked(Service(problem(status, {"Retry-After": "7"}), OK))

        assert response.status_code == 200
        assert pauses == [7.0]

    @pytest.mark.parametrize(
        ("asked_for", "paused"),
        [
            ("86400", LONGEST_PAUSE),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_PAUSE),
            ("soon", 0.5),
        ],
    )
    def test_pause(self, asked_for: str, paused: float) -> None:
        """A pause is never longer than bearable, and a date counts as the time until then."""
        assert asked(Service(problem(503, {"Retry-After": asked_for}), OK))[1] == [paused]

    def test_lost_connection(self) -> None:
        """A request whose answer is lost is sent again, after longer and longer pauses."""
        service = Service(httpx.ReadError, httpx.RemoteProtocolError, OK)

        assert asked(service)[1] == [0.5, 1.0]
        assert [request.content for request in service.requests] == [b"x"] * 3

    def test_restart(self) -> None:
        """A service that was there before is waited for when it refuses connections."""
        service = Service(OK, httpx.ConnectError, OK)
        with Client("http://journey.test", transport=service, pause=lambda _: None) as client:
            client.request("GET", "/")

            assert client.request("GET", "/").status_code == 200

    def test_end(self) -> None:
        """A service that stays busy is given up after a bounded number of attempts."""
        service = Service(problem(503))

        assert "Run the command again later" in refused(service)
        assert len(service.requests) == ATTEMPTS


class TestErrors:
    def test_never_there(self) -> None:
        """A service that was never there is not waited for, and the message says how to start one."""
        service = Service(httpx.ConnectError)

        assert "'journey serve" in refused(service)
        assert len(service.requests) == 1

    @pytest.mark.parametrize(
        ("answer", "advice"),
        [
            (problem(401), "--key or JOURNEY_KEY"),
            (problem(403, scope="events:write"), "lacks the scope events:write"),
            (problem(403, {"WWW-Authenticate": 'Bearer scope="ops:admin"'}), "lacks the scope ops:admin"),
            (problem(403), "Title (403)"),
            (
                problem(422, detail="It is bad.", errors=[{"pointer": "#/a", "detail": "b"}]),
                "Title: It is bad.",
            ),
            (
                problem(422, errors=[{"pointer": "#/data/amount", "detail": "no number"}]),
                "#/data/amount: no number",
            ),
            ((502, {"Content-Type": "text/html"}, b"<h1>"), "answered 502 to /v1/events"),
            ((404, {"Content-Type": "text/html"}, b"<h1>"), "Check with --url or JOURNEY_URL"),
            ((500, {"Content-Type": "application/json"}, b"{"), "answered 500"),
        ],
    )
    def test_refusal(self, answer: Answer, advice: str) -> None:
        """A refusal is told in the service's words, with what to do about it."""
        assert advice in refused(Service(answer))

    @pytest.mark.parametrize("url", ["http://[", "journey.test", "ftp://journey.test"])
    def test_url(self, url: str) -> None:
        """What is no URL of a service is an error of its own."""
        with pytest.raises(ClientError, match=r"no URL of a service|Cannot connect"), Client(url) as client:
            client.request("GET", "/")

    @pytest.mark.parametrize("key", ["密钥", "a\nb", "a\x00"])
    def test_key(self, key: str) -> None:
        """What cannot be a key is an error of its own; space around a key is not meant."""
        with pytest.raises(ClientError, match="This is no key"):
            Client("http://journey.test", key)
        service = Service(OK)
        with Client("http://journey.test", " secret\n", transport=service) as client:
            client.request("GET", "/")
        assert service.requests[0].headers["Authorization"] == "Bearer secret"

    def test_command(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A command ends with status 2 and the message on stderr."""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}"
            with pytest.raises(Exit) as end, connected(url, None) as client:
                client.request("GET", "/")

        assert end.value.exit_code == 2
        assert f"Cannot connect to {url}" in capsys.readouterr().err
