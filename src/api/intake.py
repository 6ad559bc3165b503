"""The events of one request on their way to the writer, and what became of each."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api import problems
from api.binary_mode import put_together
from api.bodies import batch_too_large, event_too_large, read_body, too_many_events
from api.caller import Caller
from api.cloudevents import read_event, too_large
from api.event_attributes import Reading
from api.field_errors import FieldError, fault_errors
from api.languages import Tag, negotiate
from api.outcomes import Item, item
from api.problems import Problem
from api.service import Service, service_of
from api.threads import in_thread
from journey.appender import Appended, Outcome, Submission
from journey.errors import JourneyError
from journey.events import Event, Version
from journey.journey import LifecycleMode
from journey.strict_json import StrictJSONError, parse
from journey.words import Words

# How many events of a batch go to the writer at once, so that a large batch does not hold up single events.
_PIECE = 1_000
# After how many events that were read others get their turn.
_BREATH = 50
_VERSION = re.compile(r'"([0-9]{1,15})"')


@dataclass(frozen=True, slots=True)
class Options:
    """How a request wants its events to be treated."""

    mode: LifecycleMode
    atomic: bool
    validate_only: bool

    @property
    def together(self) -> bool:
        """Whether its events must be decided in one go: all or none, or each upon those before it."""
        return self.atomic or self.validate_only


class Intake:
    """Reads the events of one request, submits them, and tells what became of each."""

    def __init__(self, request: Request, caller: Caller, options: Options) -> None:
        self.tag: Tag = negotiate(request.headers.get("accept-language"))
        self.service: Service = service_of(request)
        self._request = request
        self._caller = caller
        self._options = options
        self._halted: JourneyError | None = None

    async def structured(self) -> Appended:
        """Take one event in structured mode."""
        expected = expected_version(self._request)
        return await self._single(self._read(self._parsed(await self._event_body())), expected)

    async def binary(self) -> Appended:
        """Take one event in binary mode."""
        expected = expected_version(self._request)
        body = await self._event_body()
        # Its data stand one level deeper in the event.
        data = self._parsed(body, deeper=-1, at="#/data") if body.strip() else None
        value, unreadable = put_together(self._request.headers, data)
        return await self._single(self._read(value, unreadable), expected)

    async def batch(self) -> list[Item]:
        """Take a batch, each event on its own unless all or none was asked for."""
        body = await self._batch_body()
        values = await in_thread(lambda: self._parsed(body, deeper=1))
        if not isinstance(values, list):
            detail = Words("A batch is a JSON array of events.", "批次须为由事件组成的 JSON 数组。")
            raise Problem("invalid-event", errors=(FieldError("#", detail),))
        return await self._whole(values)

    async def batch_of_lines(self) -> list[Item]:
        """Take lines as one batch, within the limits of a batch."""
        lines = (line for line in (await self._batch_body()).split(b"\n") if line.strip())
        return await self._whole([self._line(line) for line in lines])

    async def lines(self, lines: Sequence[bytes | None], first: int) -> list[Item]:
        """Take some of any number of lines; None stands for one that was too long to keep."""
        return await self._items([self._line(line) for line in lines], first)

    async def _event_body(self) -> bytes:
        limit = self.service.settings.max_event_bytes
        return await read_body(self._request, limit, event_too_large(limit))

    async def _batch_body(self) -> bytes:
        limit = self.service.settings.max_batch_bytes
        return await read_body(self._request, limit, batch_too_large(limit))

    async def _single(self, event: Event, expected: Version | None) -> Appended:
        (outcome,) = await self._submit([event], expected)
        if isinstance(outcome, JourneyError):
            raise outcome
        return outcome

    async def _whole(self, values: Sequence[Any]) -> list[Item]:
        if len(values) > self.service.settings.max_batch_events:
            raise too_many_events(self.service.settings.max_batch_events)
        return await self._items(values, 0)

    async def _items(self, values: Sequence[Any], first: int) -> list[Item]:
        """Read, decide and append some events; return what became of each, numbered from `first`."""
        results: dict[int, Item] = {}
        good: list[tuple[int, Event]] = []
        for place, value in enumerate(values, first):
            if place % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            try:
                good.append((place, self._read(value)))
            except Problem as problem:
                id_ = value.get("id") if isinstance(value, dict) else None
                results[place] = self._refused(place, id_, problem)
        if self._options.atomic and results:
            aborted = Problem("batch-aborted")
            results |= {place: self._refused(place, event.id, aborted) for place, event in good}
            good = []
        size = len(good) if self._options.together else _PIECE
        for start in range(0, len(good), size or 1):
            piece = good[start : start + size]
            outcomes = await self._outcomes([event for _, event in piece])
            for (place, event), outcome in zip(piece, outcomes, strict=True):
                if isinstance(outcome, JourneyError):
                    results[place] = self._refused(place, event.id, problems.of(outcome))
                else:
                    results[place] = item(place, outcome)
        return [results[place] for place in sorted(results)]

    def _line(self, line: bytes | None) -> Any:
        limit = self.service.settings.max_event_bytes
        if line is None or len(line) > limit:
            return event_too_large(limit)
        try:
            return self._parsed(line)
        except Problem as problem:
            return problem

    def _parsed(self, body: bytes, deeper: int = 0, at: str = "#") -> Any:
        try:
            return parse(body, max_depth=self.service.settings.max_depth + deeper)
        except StrictJSONError as error:
            found = fault_errors(error.faults)
            placed = [FieldError(at + each.pointer[1:], each.detail) for each in found]
            raise Problem("malformed-json", errors=placed) from error

    def _read(self, value: Any, unreadable: Sequence[FieldError] = ()) -> Event:
        if isinstance(value, Problem):
            raise value
        settings = self.service.settings
        if too_large(value, settings):
            raise event_too_large(settings.max_event_bytes)
        event = read_event(value, Reading(settings, self.service.clock()), unreadable)
        if self._caller.source is not None and event.source != self._caller.source:
            raise Problem("source-not-yours", extra={"source": self._caller.source})
        return event

    def _refused(self, index: int, id_: Any, problem: Problem) -> Item:
        return item(index, problem, id_=id_ if isinstance(id_, str) else None, tag=self.tag)

    async def _outcomes(self, events: Sequence[Event]) -> list[Outcome]:
        """Submit events of a batch; a writer that takes no more refuses these and all that follow.

        Later events may build on these: taken without them, they would be refused or kept as deviations.
        """
        if self._halted is None:
            try:
                outcomes = await self._submit(events, None)
            except JourneyError as error:
                self._halted = error
            else:
                failed = (each for each in outcomes if isinstance(each, JourneyError))
                self._halted = next((each for each in failed if problems.of(each).retryable), None)
                return outcomes
        return [self._halted for _ in events]

    async def _submit(self, events: Sequence[Event], expected: Version | None) -> list[Outcome]:
        submission = Submission(
            events=events,
            mode=self._options.mode,
            expected_version=expected,
            atomic=self._options.atomic,
            validate_only=self._options.validate_only,
        )
        return await self.service.appender.submit(submission)


def expected_version(request: Request) -> Version | None:
    """Read `If-Match: "17"`; raise `precondition-malformed` for anything but one strong tag."""
    tag = request.headers.get("if-match")
    if tag is None:
        return None
    version = _VERSION.fullmatch(tag.strip())
    if version is None:
        raise Problem("precondition-malformed")
    return Version(int(version[1]))


def refuse_precondition(request: Request) -> None:
    """Raise `precondition-malformed` for several events: they may concern several streams."""
    if "if-match" in request.headers:
        detail = Words(
            "If-Match goes with a single event; a batch may concern several customers.",
            "If-Match 仅适用于单个事件，批次可能涉及多个客户。",
        )
        raise Problem("precondition-malformed", detail)
