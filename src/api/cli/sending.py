"""Sending batches of events one after the other, and counting what became of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from api.cli.batches import MOST_COMPLAINTS, Batch
from api.cli.client import ATTEMPTS, Client, ClientError
from api.cli.refusals import told
from api.cli.speech import said

Lifecycle = Literal["strict", "record"]

_TAKEN = frozenset({"accepted", "duplicate"})

MOST_REJECTIONS = 5
"""How many rejections are kept to be shown; the others are counted."""


@dataclass(kw_only=True)
class Totals:
    """What became of the records of an import so far."""

    read: int = 0
    """How many records were read."""
    sent: int = 0
    """How many events were sent."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Events by the service's answer: accepted, duplicate, conflict, rejected."""
    deviations: Counter[str] = field(default_factory=Counter)
    """Events by type that their case's lifecycle did not allow."""
    unmapped: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    complaints: list[str] = field(default_factory=list)
    """Why the first few records could not become events."""
    rejections: list[str] = field(default_factory=list)
    """What the service said of the first few events that it refused."""
    worth_repeating: int = 0
    """How many of the refused events may be taken on a second run."""
    position: int = 0
    """The last position in the log that an event was answered with."""

    @property
    def refused(self) -> int:
        """How many events the service did not take."""
        return self.sent - self.statuses["accepted"] - self.statuses["duplicate"]

    def add(self, batch: Batch, results: list[dict[str, Any]]) -> None:
        """Count a batch and the service's answer to it."""
        self.read += batch.records
        self.sent += len(batch.events)
        self.unmapped += batch.unmapped
        self.broken += len(batch.broken)
        self.complaints += batch.broken[: MOST_COMPLAINTS - len(self.complaints)]
        for type_, result in zip(batch.types, results, strict=True):
            self.statuses[str(result["status"])] += 1
            self.position = max(self.position, result.get("position") or 0)
            if result.get("deviation"):
                self.deviations[type_] += 1
            if result["status"] not in _TAKEN:
                self._refuse(type_, result)

    def _refuse(self, type_: str, result: dict[str, Any]) -> None:
        problem = result.get("problem") or {}
        self.worth_repeating += bool(result.get("retryable"))
        if len(self.rejections) < MOST_REJECTIONS:
            fields = "".join(
                f" [{each.get('pointer')}: {each.get('detail')}]" for each in problem.get("errors", ())
            )
            self.rejections.append(
                f"{result.get('id')} ({type_}), {result['status']}: {told(problem)}{fields}"
            )


def sent(
    client: Client, batches: Iterable[Batch], lifecycle: Lifecycle | None = None
) -> Iterator[tuple[Batch, Totals]]:
    """Send each batch when the one before is answered, and yield it with the totals so far.

    The next batch is prepared while one is on its way. Raises `ClientError`, and whatever preparing raises.
    """
    totals, ready = Totals(), iter(batches)
    with ThreadPoolExecutor(max_workers=1) as worker:
        upcoming = worker.submit(next, ready, None)
        while (batch := upcoming.result()) is not None:
            upcoming = worker.submit(next, ready, None)
            totals.add(batch, send(client, batch, lifecycle) if batch.events else [])
            yield batch, totals


def send(client: Client, batch: Batch, lifecycle: Lifecycle | None = None) -> list[dict[str, Any]]:
    """Send one batch and return the service's answer to each of its events, in their order.

    Events that the service had no room for are sent again, and with them what was refused behind them: it may
    have been refused only because they were missing.
    """
    results = _posted(client, batch.events, lifecycle)
    for attempt in range(1, ATTEMPTS):
        first = next((place for place, result in enumerate(results) if result.get("retryable")), None)
        if first is None:
            break
        client.pause(attempt)
        again = [place for place in range(first, len(results)) if results[place]["status"] not in _TAKEN]
        answers = _posted(client, [batch.events[place] for place in again], lifecycle)
        for place, answer in zip(again, answers, strict=True):
            results[place] = answer
    return results


def _posted(client: Client, events: Sequence[bytes], lifecycle: Lifecycle | None) -> list[dict[str, Any]]:
    response = client.request(
        "POST",
        "/v1/events",
        params={"lifecycle": lifecycle} if lifecycle else None,
        content=b"".join(events),
        headers={"Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson"},
    )
    results = [orjson.loads(line) for line in response.content.splitlines() if line.strip()]
    if len(results) != len(events):
        raise ClientError(
            said(
                f"The service answered {len(results)} of {len(events)} events. "
                "Run the same command again: what has arrived counts once.",
                f"服务只答复了 {len(events)} 条事件中的 {len(results)} 条。"
                "请重新运行同一命令；已送达的内容不会重复计入。",
            )
        )
    return results
