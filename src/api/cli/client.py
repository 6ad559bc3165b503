"""The commands' way to a running service: options, retries, and errors that say what to do next."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Annotated, Self

import httpx
import typer

from api.cli.refusals import refusal

DEFAULT_URL = "http://127.0.0.1:8080"

ATTEMPTS = 8
"""How often one request is tried before it is given up."""
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; each further pause is twice as long."""
LONGEST_PAUSE = 30.0
"""Seconds that a pause lasts at most, also where the service asks for a longer one."""
TIMEOUT = httpx.Timeout(10.0, read=120.0)
"""Seconds; reading is patient because a large batch is answered when it is committed."""

_BUSY = frozenset({429, 503})

Url = Annotated[
    str, typer.Option("--url", envvar="JOURNEY_URL", help="Where the service answers.", metavar="URL")
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key", envvar="JOURNEY_KEY", help="API key; kept out of the shell's history by JOURNEY_KEY."
    ),
]


class ClientError(Exception):
    """The service cannot be asked, or refuses; the message says what to do next."""


class Client:
    """A connection to the service that waits when it is busy and asks again when an answer is lost.

    Every request is safe to repeat: reading changes nothing, and an event's source and id make it count
    once however often it is sent.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        key: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT, transport=transport)
        except httpx.InvalidURL as error:
            raise ClientError(f"{url} is no URL of a service: {error}") from error
        self._url = url
        self._sleep = pause
        self._reached = False

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the service's answer once it is a success.

        Raises `ClientError` when it refuses, or is still busy or away after the last attempt.
        """
        request = self._http.build_request(method, path, params=params, content=content, headers=headers)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self._http.send(request)
            except httpx.TransportError as error:
                if attempt == ATTEMPTS or not self._may_come_back(error):
                    raise self._unreachable(error) from error
                self.pause(attempt)
                continue
            self._reached = True
            if response.is_success:
                return response
            if response.status_code not in _BUSY or attempt == ATTEMPTS:
                raise ClientError(refusal(response))
            self._sleep(_asked_pause(response, attempt))
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    def pause(self, attempt: int) -> None:
        """Wait before what failed at `attempt`, counted from 1, is tried again."""
        self._sleep(_backoff(attempt))

    def _may_come_back(self, error: httpx.TransportError) -> bool:
        """Tell a service that restarts from one that was never there."""
        return self._reached or not isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol)

    def _unreachable(self, error: httpx.TransportError) -> ClientError:
        reason = str(error) or type(error).__name__
        if self._reached:
            return ClientError(
                f"The connection to {self._url} was lost and did not come back ({reason}). "
                "Run the same command again: what has arrived counts once."
            )
        return ClientError(
            f"Cannot connect to {self._url} ({reason}). Start the service with "
            "'journey serve --data ./journey-data', or name another one with --url or JOURNEY_URL."
        )


@contextmanager
def connected(url: str, key: str | None) -> Iterator[Client]:
    """Yield a client, and end the command with a message on stderr where the service cannot help."""
    try:
        with Client(url, key) as client:
            yield client
    except ClientError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error


def _backoff(attempt: int) -> float:
    return min(FIRST_PAUSE * 2.0 ** (attempt - 1), LONGEST_PAUSE)


def _asked_pause(response: httpx.Response, attempt: int) -> float:
    """Return the seconds that `Retry-After` asks for, which is a number or a date."""
    asked = response.headers.get("Retry-After", "")
    try:
        seconds = float(asked) if asked.isdecimal() else _until(asked)
    except ValueError:
        return _backoff(attempt)
    return min(max(seconds, 0.0), LONGEST_PAUSE)


def _until(date: str) -> float:
    moment = parsedate_to_datetime(date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - datetime.now(
        UTC
    ).timestamp()
