"""The commands' way to a running service: options, retries, and errors that say what to do next."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Annotated, Self

import httpx
import typer

from api.cli.pauses import asked_pause, backoff
from api.cli.refusals import refusal
from api.cli.speech import LANGUAGE, said
from api.cli.terminal import fail, note
from journey.words import Language

DEFAULT_URL = "http://127.0.0.1:8080"

ATTEMPTS = 8
"""How often one request is tried before it is given up."""
_WORTH_A_WORD = 3
"""The failed attempt after which the user is told why nothing moves."""
TIMEOUT = httpx.Timeout(10.0, read=120.0)
"""Seconds; reading is patient because a large batch is answered when it is committed."""

_BUSY = frozenset({429, 503})

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Url = Annotated[
    str,
    typer.Option(
        "--url", envvar="JOURNEY_URL", metavar="URL", help=said("Where the service answers.", "服务地址。")
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar="JOURNEY_KEY",
        metavar="KEY",
        help=said(
            "API key; JOURNEY_KEY keeps it out of the shell's history.",
            "访问密钥；用 JOURNEY_KEY 提供可避免留在命令历史中。",
        ),
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
        language: Language = LANGUAGE,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Accept-Language": "zh-CN" if language == "zh" else "en"}
        if key:
            headers["Authorization"] = f"Bearer {_printable(key)}"
        self._http = httpx.Client(
            base_url=_checked(url),
            headers=headers,
            timeout=TIMEOUT,
            transport=transport,
            # A proxy that the environment names cannot know what this machine calls itself.
            trust_env=httpx.URL(url).host not in _LOOPBACK,
        )
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
            self._wait(asked_pause(response, attempt), attempt)
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    def pause(self, attempt: int) -> None:
        """Wait before what failed at `attempt`, counted from 1, is tried again."""
        self._wait(backoff(attempt), attempt)

    def _wait(self, seconds: float, attempt: int) -> None:
        if attempt == _WORTH_A_WORD:
            note(
                said("The service is busy or away; waiting for it.", "服务繁忙或暂时无法连接，正在等待恢复。")
            )
        self._sleep(seconds)

    def _may_come_back(self, error: httpx.TransportError) -> bool:
        """Tell a service that restarts from one that was never there."""
        return self._reached or not isinstance(error, httpx.ConnectError)

    def _unreachable(self, error: httpx.TransportError) -> ClientError:
        reason = str(error) or type(error).__name__
        if self._reached:
            return ClientError(
                said(
                    f"The connection to {self._url} was lost and did not come back ({reason}). "
                    "Run the same command again: what has arrived counts once.",
                    f"与 {self._url} 的连接中断且未能恢复（{reason}）。"
                    "请重新运行同一命令；已送达的内容不会重复计入。",
                )
            )
        return ClientError(
            said(
                f"Cannot connect to {self._url} ({reason}). Start the service with "
                "'journey serve --data ./journey-data', or name another one with --url or JOURNEY_URL.",
                f"无法连接 {self._url}（{reason}）。请用 journey serve --data ./journey-data 启动服务，"
                "或通过 --url、JOURNEY_URL 指定其他地址。",
            )
        )


@contextmanager
def connected(url: str, key: str | None, language: Language = LANGUAGE) -> Iterator[Client]:
    """Yield a client, and end the command with a message on stderr where the service cannot help."""
    try:
        with Client(url, key, language=language) as client:
            yield client
    except ClientError as error:
        fail(str(error))
    except KeyboardInterrupt:
        note(
            said(
                "Interrupted. The same command may be run again: what has arrived counts once.",
                "已中断。可重新运行同一命令；已送达的内容不会重复计入。",
            )
        )
        raise


def _checked(url: str) -> str:
    """Return a URL that requests can go to; raise `ClientError` for any other text."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ClientError(
            said(
                f"{url} is no URL of a service. It looks like {DEFAULT_URL}.",
                f"{url} 不是有效的服务地址，正确形式如 {DEFAULT_URL}。",
            )
        )
    return url


def _printable(key: str) -> str:
    """Return a key as it goes into a header; raise `ClientError` for what cannot be one."""
    if not (stripped := key.strip()).isascii() or not stripped.isprintable():
        raise ClientError(
            said("This is no key: keys look like cj_1a2b3c4d_….", "密钥无效：密钥的形式如 cj_1a2b3c4d_…。")
        )
    return stripped
