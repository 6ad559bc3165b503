"""Sending batches, and counting what became of them."""

import io
import re
from typing import Any

import httpx
import orjson
import pytest
from rich.console import Console

from api.cli.batches import Batch
from api.cli.client import Client, ClientError
from api.cli.exporting import pages
from api.cli.importing import report
from api.cli.sending import Totals, send, sent


class Service(httpx.BaseTransport):
    """A small service: it takes each event once, refuses `bad`, marks `odd`, and wants `b` behind `a`."""

    def __init__(self, *, forgetful: bool = False, full: int = 0) -> None:
        """Begin with an empty log; leave out the last answer if forgetful; be full for so many `a`."""
        self._full = full
        self.log: list[dict[str, Any]] = []
        self.requests: list[httpx.Request] = []
        self._forgetful = forgetful

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Take events, or give a page of them."""
        self.requests.append(request)
        if request.method == "GET":
            after, limit = int(request.url.params["after"]), int(request.url.params["limit"])
            items = [each for each in self.log if each["position"] > after][:limit]
            return httpx.Response(200, json={"items": items, "next": str(after) if items else None})
        results = [self._take(orjson.loads(line)) for line in request.read().splitlines()]
        if self._forgetful:
            results.pop()
        return httpx.Response(200, content=b"\n".join(orjson.dumps(result) for result in results))

    def _take(self, event: dict[str, Any]) -> dict[str, Any]:
        if event["type"] == "bad":
            problem = {"title": "Refused", "detail": "It is bad.", "retryable": False}
            return {"id": event["id"], "status": "rejected", "problem": problem}
        if event["type"] == "a" and self._full > 0:
            self._full -= 1
            return {"id": event["id"], "status": "rejected", "problem": {"title": "Full"}, "retryable": True}
        if event["type"] == "b" and not any(known["type"] == "a" for known in self.log):
            return {"id": event["id"], "status": "rejected", "problem": {"title": "Too early"}}
        if any(known["id"] == event["id"] for known in self.log):
            return {"id": event["id"], "status": "duplicate"}
        # Positions have gaps, as the log's have.
        self.log.append({**event, "position": 3 * len(self.log) + 1})
        return {"id": event["id"], "status": "accepted", "deviation": event["type"] == "odd"}


def batch(*types: str, first: int = 0) -> Batch:
    """Return a batch of events of these types, with ids that count on from `first`."""
    events = [{"id": str(number), "type": type_} for number, type_ in enumerate(types, start=first)]
    lines = [orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events]
    return Batch(records=len(lines), events=lines, types=list(types))


def totals_of(service: Service, *batches: Batch) -> Totals:
    """Return the totals after sending the batches."""
    with Client("http://journey.test", transport=service) as client:
        return [totals for _, totals in sent(client, batches, "record")][-1]


class TestSending:
    def test_order(self) -> None:
        """Batches arrive one after the other, in their order, as NDJSON."""
        service = Service()

        totals_of(service, batch("a", "b"), batch("c", first=2), batch("d", first=3))

        assert [event["id"] for event in service.log] == ["0", "1", "2", "3"]
        assert {request.headers["Content-Type"] for request in service.requests} == {"application/x-ndjson"}
        assert {request.url.query for request in service.requests} == {b"lifecycle=record"}

    def test_counting(self) -> None:
        """Every answer is counted, deviations by their type, and refusals are kept to be shown."""
        totals = totals_of(Service(), batch("a", "odd", "bad"), batch("odd", "a", first=1))

        assert totals.statuses == {"accepted": 2 + 1, "rejected": 1, "duplicate": 1}
        assert totals.deviations == {"odd": 1}
        assert totals.refused == 1
        assert totals.rejections == ["2 (bad), rejected: Refused: It is bad."]
        assert totals.worth_repeating == 0

    def test_second_run(self) -> None:
        """A second run appends nothing."""
        service = Service()
        totals_of(service, batch("a", "b"))

        assert totals_of(service, batch("a", "b")).statuses == {"duplicate": 2}
        assert len(service.log) == 2

    def test_nothing_to_send(self) -> None:
        """A batch in which nothing became an event is counted and not sent."""
        service = Service()
        empty = Batch(records=15, broken=["row 1: no id"] * 12)
        empty.unmapped["PHANTOM"] = 3

        totals = totals_of(service, empty)

        assert (totals.read, totals.broken, totals.unmapped.total()) == (15, 12, 3)
        assert len(totals.complaints) == 10
        assert service.requests == []

    def test_no_room(self) -> None:
        """What the service had no room for is sent again in order, with what was refused behind it."""
        service = Service(full=2)
        pauses: list[float] = []
        with Client("http://journey.test", transport=service, pause=pauses.append) as client:
            results = send(client, batch("odd", "a", "bad", "b"))

        assert [event["type"] for event in service.log] == ["odd", "a", "b"]
        assert [result["status"] for result in results] == ["accepted", "accepted", "rejected", "accepted"]
        assert pauses == [0.5, 1.0]

    def test_no_room_for_long(self) -> None:
        """What the service never has room for is told as worth another run."""
        with Client("http://journey.test", transport=Service(full=99), pause=lambda _: None) as client:
            [(_, totals)] = sent(client, [batch("a", "odd")])

        assert (totals.refused, totals.worth_repeating, totals.statuses["accepted"]) == (1, 1, 1)

    def test_incomplete_answer(self) -> None:
        """An answer that leaves events out is an error, not a silent loss."""
        with pytest.raises(ClientError, match="answered 1 of 2 events"):
            totals_of(Service(forgetful=True), batch("a", "b"))


def test_report() -> None:
    """The report shows the numbers and the service's words, and takes none of them for markup."""
    totals = totals_of(Service(), batch("a", "odd", "bad"))
    totals.unmapped["[red]PHANTOM"] = 2000
    out = io.StringIO()

    report(totals, 2.0, Console(file=out, width=100))

    shown = out.getvalue()
    assert "2,000 x [red]PHANTOM" in shown
    assert "1 x odd" in shown
    assert "2 (bad), rejected: Refused: It is bad." in shown
    assert re.search(r"records read +3\b", shown)


class TestExport:
    @pytest.mark.parametrize("after", [0, 1, 2, 1500])
    def test_pages(self, after: int) -> None:
        """Each event after the position comes once, in the order of the log, over any number of pages."""
        service = Service()
        totals_of(service, batch(*["a"] * 1200))
        with Client("http://journey.test", transport=service) as client:
            got = [event["position"] for page in pages(client, after) for event in page]

        assert got == [event["position"] for event in service.log if event["position"] > after]
