"""`POST /v1/events` with newline-delimited events of any number."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.api.posting import LINES, answered_lines, assert_problem, new_customer, post, post_lines, recorded
from tests.api.wire import chunk, connected, request_head
from tests.facts import cloudevent
from tests.sites import Site


def _line(**attributes: Any) -> bytes:
    return orjson.dumps(cloudevent(**attributes)) + b"\n"


class TestLines:
    def test_who_may_not_post_writes_nothing(self, site: Site) -> None:
        """The stream is refused before any of it is read."""
        with recorded(site) as new:
            assert_problem(post_lines(site.anonymous(), [cloudevent()]), "unauthorized")
            assert_problem(post_lines(site.client("cases:work"), [cloudevent()]), "insufficient-scope")

        assert new == []

    @pytest.mark.parametrize("media_type", [LINES, "Application/X-NDJSON; charset=utf-8"])
    def test_each_line_has_a_line_of_answer(self, site: Site, channel: httpx.Client, media_type: str) -> None:
        """Blank lines are passed over, either kind of line end is fine, and so is none at the end."""
        customer = new_customer()
        lines = [_line(subject=customer) for _ in range(4)]
        body = (
            b"\n \r\n" + lines[0] + b"\n\n" + lines[1].replace(b"\n", b"\r\n") + lines[2] + lines[3].rstrip()
        )
        with recorded(site) as new:
            answer = post(channel, body, media_type)

        items = answered_lines(answer)
        assert [item["status"] for item in items] == ["accepted"] * 4
        assert [item["index"] for item in items] == [0, 1, 2, 3]
        assert [item["position"] for item in items] == [stored.position for stored in new]
        assert [item["id"] for item in items] == [json.loads(line)["id"] for line in lines]

    def test_no_lines_have_no_answer(self, channel: httpx.Client) -> None:
        """An empty load is a load."""
        for body in (b"", b"\n\n"):
            assert answered_lines(post(channel, body, LINES)) == []

    def test_bad_lines_are_told_and_the_others_taken(self, site: Site, channel: httpx.Client) -> None:
        """Every way to be wrong is an item with a problem; what comes after is read all the same."""
        customer = new_customer()
        good = [_line(subject=customer) for _ in range(2)]
        long = _line(subject=customer, data={"touchpoint": "x" * 70_000, "action": "y"})
        very_long = b'{"id": "' + b"x" * 300_000 + b'"}\n'
        bad = [
            b"{\n",
            b"\xff\xfe\n",
            b"[]\n",
            b'{"a":1,"a":2}\n',
            b"{}\n",
            long,
            very_long,
            b"[" * 1000 + b"\n",
        ]
        with recorded(site) as new:
            answer = post(channel, good[0] + b"".join(bad) + good[1], LINES)

        items = answered_lines(answer)
        assert [item["status"] for item in items] == ["accepted", *["rejected"] * 8, "accepted"]
        assert [item["problem"]["code"] for item in items[1:-1]] == [
            "malformed-json",
            "malformed-json",
            "invalid-event",
            "malformed-json",
            "invalid-event",
            "event-too-large",
            "event-too-large",
            "malformed-json",
        ]
        assert len(new) == 2

    def test_a_line_too_long_at_the_end(self, channel: httpx.Client) -> None:
        """Nothing follows that could end it, and it is told nevertheless."""
        answer = post(channel, _line(subject=new_customer()) + b"x" * 200_000, LINES)

        assert [item["status"] for item in answered_lines(answer)] == ["accepted", "rejected"]

    def test_all_or_none(self, site: Site, channel: httpx.Client) -> None:
        """Lines that are asked to be one are one, wherever the network cuts them."""
        lines = [cloudevent(subject=new_customer()) for _ in range(300)]
        with recorded(site) as new:
            answer = post_lines(channel, [*lines, {}], atomic=True)

        assert [item["status"] for item in answered_lines(answer)] == ["aborted"] * 300 + ["rejected"]
        assert new == []

    def test_another_sources_events_are_refused_one_by_one(self, site: Site) -> None:
        """A key that is bound to a source takes its own events out of a mixed load."""
        client = site.client("events:write", source="/channels/mobile")
        events = [cloudevent(source=source, subject=new_customer()) for source in ("/channels/mobile", "/x")]
        with recorded(site) as new:
            items = answered_lines(post_lines(client, events))

        assert [item["status"] for item in items] == ["accepted", "rejected"]
        assert items[1]["problem"]["code"] == "source-not-yours"
        assert len(new) == 1


class TestStreaming:
    def test_a_slow_sender_is_answered_line_by_line(self, site: Site, channel: httpx.Client) -> None:
        """The answer to a line comes before the next line is sent: nobody waits for the end of a load."""
        key = channel.headers["authorization"]
        customer = new_customer()
        head = request_head(
            "POST", "/v1/events", Authorization=key, Content_Type=LINES, Transfer_Encoding="chunked"
        )
        with connected(site) as connection, connection.makefile("rb") as answer:
            connection.sendall(head)
            for version in range(1, 6):
                line = _line(subject=customer)
                connection.sendall(chunk(line[:20]))
                connection.sendall(chunk(line[20:]))
                item = json.loads(next(read for read in answer if read.startswith(b"{")))
                assert (item["status"], item["index"], item["version"]) == ("accepted", version - 1, version)
            connection.sendall(chunk(b""))
            assert answer.readline() == b"\r\n"
            assert answer.readline() == b"0\r\n"

    def test_a_client_may_send_all_before_it_reads(self, site: Site, channel: httpx.Client) -> None:
        """Several megabytes of answers wait until somebody reads them; neither side waits for the other."""
        customer = new_customer()
        events = [cloudevent(subject=customer) for _ in range(1500)]
        bad = b'{"specversion":"1.0","type":"' + b"x" * 90 + b'"}\n'
        body = b"".join(orjson.dumps(event) + b"\n" for event in events) + bad * 6000
        with recorded(site) as new:
            answer = post(channel, body, LINES)

        assert len(answer.content) > 4_000_000
        items = answered_lines(answer)
        assert [item["index"] for item in items] == list(range(7500))
        assert [item["position"] for item in items[:1500]] == [stored.position for stored in new]
        assert {item["status"] for item in items[1500:]} == {"rejected"}

    def test_a_sender_that_leaves_keeps_what_was_taken(self, site: Site, channel: httpx.Client) -> None:
        """What is in the log stays there once; sending all again is safe."""
        customer = new_customer()
        lines = [_line(subject=customer) for _ in range(3)]

        def broken() -> Iterator[bytes]:
            yield b"".join(lines[:2])
            deadline = 1000
            while site.service.log.head() < before + 2 and deadline:
                site.service.log.wait_for_append(site.service.log.head(), 0.02)
                deadline -= 1
            raise ConnectionAbortedError

        before = site.service.log.head()
        with recorded(site) as new:
            with pytest.raises(ConnectionAbortedError):
                channel.post("/v1/events", content=broken(), headers={"Content-Type": LINES})
            again = answered_lines(post(channel, b"".join(lines), LINES))

        assert [item["status"] for item in again] == ["duplicate", "duplicate", "accepted"]
        assert [stored.version for stored in new] == [1, 2, 3]

    def test_what_cannot_be_read_at_all_is_refused_at_once(self, channel: httpx.Client) -> None:
        """Before the answer begins, its status can still say so."""
        headers = {"Content-Encoding": "gzip"}

        assert_problem(post(channel, b"\x1f\x8b", LINES, headers=headers), "unsupported-encoding")
