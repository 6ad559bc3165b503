"""Requests whose heads came before: they are read as the parser reads them, or left to it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from api.cli import known_heads, turns
from api.cli.connection import MAX_HEAD_BYTES
from api.cli.known_heads import KnownHeads
from api.cli.listening import Listener
from api.cli.patience import Patience
from api.ready import Ready
from tests.api.unconnected import connected, settled
from tests.api.wire import chunk, request_head

LATER = b"later"
"""A body that is not taken at once."""
EARLY = "/early"
"""What is posted there is answered before it has come."""


def posted(body: bytes, **headers: str) -> bytes:
    """Write a request."""
    return request_head("POST", "/v1/events", Content_Length=str(len(body)), **headers) + body


@dataclass
class Noting:
    """An application that answers with the number of the request, and notes what each says."""

    noted: list[tuple[Any, ...]] = field(default_factory=list)

    def at_once(self, scope: Scope, body: bytes) -> Any:
        """Take it, or leave it."""
        return None if body == LATER or scope["path"] == EARLY else _Taken(self._answer(scope, body))

    def told(self, taken: Any) -> Ready:
        """Answer what was taken."""
        answer: Ready = taken.answer
        return answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by messages."""
        body, more = b"", scope["path"] != EARLY
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body, more = body + message["body"], message["more_body"]
        await self._answer(scope, body)(scope, receive, send)

    def _answer(self, scope: Scope, body: bytes) -> Ready:
        told = {**scope, "headers": list(scope["headers"]), "body": body}
        for name in ("journey.head", "app"):
            told.pop(name, None)
        self.noted.append(tuple(sorted(told.items())))
        number = b"%d" % len(self.noted)
        return Ready(200, number, [(b"content-length", b"%d" % len(number))])


class _Taken:
    def __init__(self, answer: Ready) -> None:
        self.answer = answer
        self.outcomes: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.outcomes.set_result(None)


class Forgetful(KnownHeads):
    """Knows none."""

    def find(self, data: bytes) -> None:
        """Find nothing."""


class Broken:
    """A parser that reads nothing."""

    def feed_data(self, data: bytes) -> None:
        """Show that it was asked."""
        raise AssertionError(data)


PLAIN = posted(b"{}", X_Channel="mobile")
FIVE = posted(b"12345", X_Channel="mobile")
EXPECTING = posted(b"{}", Expect="100-continue")
ANSWERED_EARLY = request_head("POST", EARLY, Content_Length=str(len(PLAIN)))
SENT = st.sampled_from(
    [
        PLAIN,
        posted(b"[]", X_Channel="mobile"),
        posted(LATER, X_Channel="mobile"),
        posted(b"\r\n\r\n", X_Channel="mobile"),
        posted(b"12345", X_Channel="web"),
        posted(b""),
        FIVE,
        EXPECTING,
        posted(b"{}", Connection="close"),
        posted(b"{}", Connection="Upgrade", Upgrade="websocket"),
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        request_head("POST", "/v1/events", Transfer_Encoding="chunked") + chunk(b"{}") + chunk(b""),
        request_head("GET", "/v1/events"),
        ANSWERED_EARLY,
        b"GET /v1/events HTTP/1.1\r\nX-Unfinished: ",
        PLAIN[4:],
        b"\r\n",
        b"no request\r\n\r\n",
    ]
)
"""Whole requests, and what may lie around them on a connection."""


@dataclass(frozen=True)
class Piece:
    """What comes over a connection."""

    sent: bytes
    cut: int = 0
    """Where it comes in two; nowhere where that is 0."""
    joined: bool = False
    """Whether the next one comes with it."""
    waits: bool = True
    """Whether the client waits for an answer behind it."""


def _often(few: list[Piece]) -> st.SearchStrategy[list[Piece]]:
    """Draw lists in which few pieces come again and again."""
    return st.lists(st.sampled_from([*few, Piece(PLAIN)]), min_size=3, max_size=9)


async def _read(drawn: list[Piece], heads: KnownHeads) -> tuple[list[Any], bytes, bool]:
    """Return what an application and a client see, and whether the connection was closed."""
    noting = Noting()
    connection, transport = await connected(noting, heads=heads)
    for sent, waits in pieces(drawn):
        if not transport.closing:
            connection.data_received(sent)
        if waits:
            await settled()
    for _ in drawn:
        await settled()
    return noting.noted, transport.written, transport.closing


PIECES = st.builds(
    Piece,
    SENT,
    st.one_of(st.just(0), st.sampled_from([4, 40, 90])),
    st.sampled_from([False] * 4 + [True]),
    st.booleans(),
)


def pieces(drawn: list[Piece]) -> Iterator[tuple[bytes, bool]]:
    """Yield what comes, and whether the client waits behind it."""
    begun = b""
    for piece in drawn:
        begun += piece.sent
        if piece.joined:
            continue
        if 0 < piece.cut < len(begun):
            yield begun[: piece.cut], piece.waits
            begun = begun[piece.cut :]
        yield begun, piece.waits
        begun = b""


@pytest.fixture(scope="module", autouse=True)
def hurried() -> Iterator[None]:
    """Let no request wait for its turn: what has been answered at the end is then sure."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(turns, "PACE", 0.0)
        yield


class TestSameAsParsed:
    @given(st.lists(PIECES, min_size=1, max_size=3).flatmap(_often))
    @example([Piece(PLAIN), Piece(posted(b"{}", Connection="close"))])
    @example([Piece(PLAIN, cut=4), Piece(PLAIN), Piece(PLAIN[4:])])
    @example([Piece(PLAIN), Piece(PLAIN), Piece(ANSWERED_EARLY), Piece(PLAIN)])
    @example([Piece(PLAIN), Piece(FIVE), Piece(EXPECTING), Piece(posted(LATER, X_Channel="mobile"))])
    def test_whatever_comes(self, drawn: list[Piece]) -> None:
        """Requests in any pieces are the same to the application, and their answers to the client.

        They come twice, over two connections: what the first has taught is known to the second.
        """

        async def read(heads: KnownHeads) -> list[tuple[list[Any], bytes, bool]]:
            return [await _read(drawn, heads) for _ in range(2)]

        assert asyncio.run(read(KnownHeads())) == asyncio.run(read(Forgetful()))

    def test_over_another_connection(self) -> None:
        """A head is known to all connections, and the parser is not asked again."""

        async def noted() -> list[Any]:
            noting, heads = Noting(), KnownHeads()
            for way in ("parsed", "known"):
                connection, _ = await connected(noting, heads=heads)
                connection.data_received(posted(b"12"))
                await settled()
                if way == "known":
                    connection.parser = Broken()
                for body in (b"34", b"56", LATER[:2], b"\r\n"):
                    connection.data_received(posted(body))
                    await settled()
            return [dict(each)["body"] for each in noting.noted]

        assert asyncio.run(noted()) == [b"12", b"34", b"56", b"la", b"\r\n"] * 2

    def test_left_to_the_longer_way(self) -> None:
        """What is not taken at once is handed on whole, and the next one too."""

        async def noted() -> list[Any]:
            noting, heads = Noting(), KnownHeads()
            connection, _ = await connected(noting, heads=heads)
            for body in (b"12345", b"12345"):
                connection.data_received(posted(body))
                await settled()
            connection.parser = Broken()
            for body in (LATER, b"12345", LATER):
                connection.data_received(posted(body))
                await settled()
            return [dict(each)["body"] for each in noting.noted]

        assert asyncio.run(noted()) == [b"12345", b"12345", LATER, b"12345", LATER]

    def test_beside_a_head_that_is_coming(self) -> None:
        """However much was known, the next head has its whole room."""

        async def answered() -> bytes:
            connection, transport = await connected(Noting())
            for _ in range(MAX_HEAD_BYTES // len(PLAIN) + 5):
                connection.data_received(PLAIN)
                await settled()
            before = len(transport.written)
            head = request_head("GET", "/v1/events")
            for piece in (head[:10], head[10:]):
                connection.data_received(piece)
                await settled()
            return transport.written[before:]

        assert asyncio.run(answered()).startswith(b"HTTP/1.1 200 ")

    def test_of_a_full_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A process that works on enough requests takes no more of those whose heads are known either."""

        async def answered() -> bytes:
            connection, transport = await connected(Noting())
            for _ in range(3):
                connection.data_received(PLAIN)
                await settled()
            monkeypatch.setattr(Patience, "busy", lambda *_: True)
            before = len(transport.written)
            connection.data_received(PLAIN)
            await settled()
            return transport.written[before:]

        assert asyncio.run(answered()).startswith(b"HTTP/1.1 503 ")

    def test_only_of_what_was_taken_at_once(self) -> None:
        """Who has no good key teaches nothing."""

        async def known() -> list[bool]:
            heads = KnownHeads()
            connection, _ = await connected(Noting(), heads=heads)
            known = []
            for data in (posted(LATER), posted(LATER), PLAIN):
                connection.data_received(data)
                await settled()
                known.append(heads.find(data) is not None)
            return known

        assert asyncio.run(known()) == [False, False, True]


class TestWhatIsKnown:
    def scope(self, data: bytes) -> Scope:
        """Return what the parser makes of a request, as far as it matters."""
        names = ("type", "asgi", "http_version", "method", "root_path", "path", "raw_path", "query_string")
        lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        pairs = (line.split(b": ") for line in lines)
        return dict.fromkeys((*names, "extensions"), "") | {
            "headers": [(name.lower(), value) for name, value in pairs]
        }

    def known(self, data: bytes) -> KnownHeads:
        """Return what is known after one request."""
        heads = KnownHeads()
        heads.learn(data, self.scope(data))
        return heads

    @pytest.mark.parametrize("further", ["Expect", "Transfer_Encoding", "Upgrade"])
    def test_more_than_a_head_and_a_body(self, further: str) -> None:
        """Where more is to be done than to read on, the parser does it."""
        data = posted(b"{}", **{further: "anything"})
        assert self.known(posted(b"{}")).find(posted(b"[]")) is not None
        assert self.known(data).find(data) is None

    @pytest.mark.parametrize("sent", [b"", b"{", b"{}\r\n", posted(b"{}")])
    def test_as_long_as_it_says(self, sent: bytes) -> None:
        """A body that is shorter or longer than the head says makes no whole request: nothing is learned."""
        data = request_head("POST", "/v1/events", Content_Length="2") + sent

        assert self.known(posted(b"{}")).find(data) is None
        assert self.known(data).find(data) is None

    def test_forgotten(self) -> None:
        """What was known is not kept."""
        heads = self.known(posted(b"{}"))
        heads.forget()
        assert heads.find(posted(b"{}")) is None

    def test_for_a_second(self) -> None:
        """A server that runs keeps none for longer than it takes to look after its connections."""

        async def found() -> list[bool]:
            heads = self.known(PLAIN)
            before = heads.find(PLAIN)
            patience = Patience(seconds=30, connections=10, connections_per_address=0)
            server = Listener(uvicorn.Config(Noting()), asyncio.Event(), patience, heads)
            await server.on_tick(1)
            meanwhile = heads.find(PLAIN)
            await server.on_tick(10)
            return [each is not None for each in (before, meanwhile, heads.find(PLAIN))]

        assert asyncio.run(found()) == [True, True, False]

    def test_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many heads are sent, only so many are kept."""
        monkeypatch.setattr(known_heads, "_MOST", 3)
        heads, sent = KnownHeads(), [posted(b"x" * length) for length in range(1, 8)]
        for data in sent:
            heads.learn(data, self.scope(data))

        assert [heads.find(data) is not None for data in sent] == [False] * 6 + [True]
