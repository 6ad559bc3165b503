"""Clients that are slow, or silent, or leave: they cost themselves, and nobody else."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import orjson
import pytest

from tests.api.posting import LINES, STRUCTURED, new_customer, post, recorded
from tests.api.wire import chunk, connected, request_head, status_of
from tests.facts import cloudevent
from tests.sites import Site


@pytest.fixture
def hanging(site: Site, channel: httpx.Client) -> Iterator[list[socket.socket]]:
    """Give connections that have sent a part of something and now say nothing."""
    key = channel.headers["authorization"]
    whole = request_head(
        "POST", "/v1/events", Authorization=key, Content_Type=STRUCTURED, Content_Length="500"
    )
    lines = request_head(
        "POST", "/v1/events", Authorization=key, Content_Type=LINES, Transfer_Encoding="chunked"
    )
    beginnings = [b"", b"P", whole[:40], whole, whole + b'{"specversion"', lines, lines + chunk(b'{"id":')]
    with ExitStack() as stack:
        opened = [stack.enter_context(connected(site)) for _ in range(5) for _ in beginnings]
        for connection, beginning in zip(opened, beginnings * 5, strict=True):
            connection.sendall(beginning)
        yield opened


class TestSlowClients:
    def test_others_are_served(self, site: Site, channel: httpx.Client, hanging: list[socket.socket]) -> None:
        """Dozens of half requests keep nobody waiting."""
        started = time.monotonic()
        with recorded(site) as new:
            answers = [post(channel, cloudevent(subject=new_customer())) for _ in range(10)]

        assert [answer.status_code for answer in answers] == [201] * 10
        assert len(new) == 10
        assert len(hanging) == 35
        assert time.monotonic() - started < 10

    def test_a_request_that_comes_byte_by_byte(self, site: Site, channel: httpx.Client) -> None:
        """It is one event when it is whole, and none before."""
        body = orjson.dumps(cloudevent(subject=new_customer()))
        head = request_head(
            "POST",
            "/v1/events",
            Authorization=channel.headers["authorization"],
            Content_Type=STRUCTURED,
            Content_Length=str(len(body)),
        )
        whole = head + body
        with recorded(site) as new, connected(site) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for place in range(len(whole) - 1):
                connection.sendall(whole[place : place + 1])
            assert site.service.log.read_all(site.service.log.head()) == []
            assert channel.get("/healthz").status_code == 200
            connection.sendall(whole[-1:])
            assert status_of(connection) == 201

        assert len(new) == 1

    def test_half_an_event_is_none(self, site: Site, channel: httpx.Client) -> None:
        """A sender that leaves before the end has sent nothing."""
        body = orjson.dumps(cloudevent(subject=new_customer()))
        head = request_head(
            "POST",
            "/v1/events",
            Authorization=channel.headers["authorization"],
            Content_Type=STRUCTURED,
            Content_Length=str(len(body) + 1),
        )
        with recorded(site) as new:
            with connected(site) as connection:
                connection.sendall(head + body)
            assert post(channel, cloudevent(subject=new_customer())).status_code == 201

        assert len(new) == 1

    def test_a_reader_that_does_not_read(self, site: Site, channel: httpx.Client) -> None:
        """Megabytes of answers for somebody who takes none: others are served, and he may come back."""
        bad = b'{"specversion":"1.0","type":"' + b"x" * 90 + b'"}\n'
        head = request_head(
            "POST",
            "/v1/events",
            Authorization=channel.headers["authorization"],
            Content_Type=LINES,
            Transfer_Encoding="chunked",
        )
        with connected(site) as connection:
            connection.sendall(head)
            for _ in range(5):
                connection.sendall(chunk(bad * 1000))
            connection.sendall(chunk(b""))
            assert post(channel, cloudevent(subject=new_customer())).status_code == 201
            with connection.makefile("rb") as answer:
                assert sum(line.startswith(b'{"index"') for line in _until_end(answer)) == 5000


def _until_end(answer: Iterator[bytes]) -> Iterator[bytes]:
    for line in answer:
        if line == b"0\r\n":
            return
        yield line
