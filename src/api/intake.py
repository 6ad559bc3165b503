"""The events of one request on their way to the writer, and what became of each."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from fastapi import Request

from api import problems
from api.binary_mode import put_together
from api.bodies import batch_body, event_too_large, read_body, too_many_events
from api.caller import Caller
from api.cloudevents import read_event
from api.event_attributes import Reading
from api.field_errors import FieldError, fault_errors
from api.heads import head_of
from api.languages import Tag, negotiate
from api.outcomes import Item, item
from api.problems import Problem
from api.service import Service, service_of
from api.threads import in_thread
from journey.appender import Appended, Outcome, Submission
from journey.errors import JourneyError
from journey.events import Event, Version
from journey.journey import LifecycleMode
from journey.strict_json import Measured, StrictJSONError, encode, parse_measured
from journey.words import Words

# How many events of a batch go to the writer at once, so that a large batch does not hold up single events.
_PIECE = 1_000
# After how many events that were read others get their turn.
_BREATH = 50
_VERSION = re.compile(r'"([0-9]{1,15})"')


class Options(NamedTuple):
    """How a request wants its events to be treated."""

    mode: LifecycleMode
    atomic: bool
    validate_only: bool

    @property
    def together(self) -> bool:
        """Whether its events must be decided in one go: all or none, or each upon those before it."""
        return self.atomic or self.validate_only


class Unread(NamedTuple):
    """What stands in the place of an event, and why it is none."""

    id: str | None
    problem: Problem


class Intake:
    """Reads the events of one request, submits them, and tells what became of each."""

    def __init__(self, request: Request, caller: Caller, options: Options) -> None:
        self.service: Service = service_of(request)
        self._settings = self.service.settings
        self._request = request
        self._caller = caller
        self._options = options
        self._halted: JourneyError | None = None

    async def structured(self) -> Appended:
        """Take one event in structured mode."""
        expected = expected_version(self._request)
        body = await read_body(self._request, self._settings.max_event_bytes, event_too_large)
        return _taken(await self._submit([self._event(self._parsed(body).value)], expected))

    async def binary(self) -> Appended:
        """Take one event in binary mode."""
        expected = expected_version(self._request)
        body = await read_body(self._request, self._settings.max_event_bytes, event_too_large)
        # Its data stand one level deeper in the event.
        data = self._parsed(body, deeper=-1, at="#/data").value if body.strip() else None
        value, unreadable = put_together(self._request.headers, data)
        # Together with its attributes it may be larger than its body.
        if len(encode(value)) > self._settings.max_event_bytes:
            raise event_too_large(self._settings.max_event_bytes)
        return _taken(await self._submit([self._event(value, unreadable=unreadable)], expected))

    async def batch(self) -> list[Item]:
        """Take a batch, each event on its own unless all or none was asked for."""
        async with batch_body(self._request, self.service.room, self._settings) as body:
            await self.ease()
            return await self._batch_of(body)

    async def _batch_of(self, body: bytes) -> list[Item]:
        measured = await in_thread(lambda: self._parsed(body, deeper=1))
        if not isinstance(measured.value, list):
            detail = Words("A batch is a JSON array of events.", "批次须为由事件组成的 JSON 数组。")
            raise Problem("invalid-event", errors=(FieldError("#", detail),))
        self._refuse_too_many(len(measured.value))
        limit = self._settings.max_event_bytes
        values = zip(measured.value, measured.sizes, strict=True)
        return await self.append(
            await self._read(event_too_large(limit) if size > limit else value for value, size in values), 0
        )

    async def batch_of_lines(self) -> list[Item]:
        """Take lines as one batch, within the limits of a batch."""
        async with batch_body(self._request, self.service.room, self._settings) as body:
            await self.ease()
            lines = [line for line in body.split(b"\n") if line.strip()]
            self._refuse_too_many(len(lines))
            return await self.append(await self.read_lines(lines), 0)

    async def ease(self) -> None:
        """Wait until the read models are not far behind, before many events are written."""
        if not self._options.validate_only:
            await self.service.backpressure.ease()

    async def read_lines(self, lines: Iterable[bytes | None]) -> list[Event | Unread]:
        """Read some lines, an event each; None stands for one that was too long to keep."""
        return await self._read(self._line(line) for line in lines)

    async def append(self, events: Sequence[Event | Unread], first: int) -> list[Item]:
        """Decide and append what was read; return what became of each, numbered from `first`."""
        if self._options.atomic and any(type(event) is Unread for event in events):
            aborted = Problem("batch-aborted")
            events = [event if type(event) is Unread else Unread(event.id, aborted) for event in events]
        good = [event for event in events if not isinstance(event, Unread)]
        size = len(good) if self._options.together else _PIECE
        outcomes: list[Outcome] = []
        for start in range(0, len(good), size or 1):
            outcomes += await self._outcomes(good[start : start + size])
        became = iter(outcomes)
        return [
            self._item(place, event.id, event.problem if isinstance(event, Unread) else next(became))
            for place, event in enumerate(events, first)
        ]

    def _refuse_too_many(self, events: int) -> None:
        if events > self._settings.max_batch_events:
            raise too_many_events(self._settings.max_batch_events)

    async def _read(self, values: Iterable[Any]) -> list[Event | Unread]:
        """Read events one by one; a problem among them stands for a value that was none."""
        read: list[Event | Unread] = []
        reading = Reading(self._settings, self.service.clock())
        for value in values:
            if len(read) % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            try:
                read.append(self._event(value, reading))
            except Problem as problem:
                id_ = value.get("id") if isinstance(value, dict) else None
                read.append(Unread(id_ if isinstance(id_, str) else None, problem))
        return read

    def _line(self, line: bytes | None) -> Any:
        limit = self._settings.max_event_bytes
        if line is None or len(line) > limit:
            return event_too_large(limit)
        try:
            return self._parsed(line).value
        except Problem as problem:
            return problem

    def _parsed(self, body: bytes, deeper: int = 0, at: str = "#") -> Measured:
        try:
            return parse_measured(body, max_depth=self._settings.max_depth + deeper)
        except StrictJSONError as error:
            found = fault_errors(error.faults)
            placed = [FieldError(at + each.pointer[1:], each.detail) for each in found]
            raise Problem("malformed-json", errors=placed) from error

    def _event(
        self, value: Any, reading: Reading | None = None, unreadable: Sequence[FieldError] = ()
    ) -> Event:
        if isinstance(value, Problem):
            raise value
        reading = reading or Reading(self._settings, self.service.clock())
        event = read_event(value, reading, unreadable)
        if self._caller.source is not None and event.source != self._caller.source:
            raise Problem("source-not-yours", extra={"source": self._caller.source})
        return event

    def _item(self, index: int, id_: str | None, became: Outcome | Problem) -> Item:
        if isinstance(became, Appended):
            return item(index, became)
        problem = problems.of(became) if isinstance(became, JourneyError) else became
        return item(index, problem, id_=id_, tag=self._tag)

    @cached_property
    def _tag(self) -> Tag:
        return negotiate(self._request.headers.get("accept-language"))

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

    def _submit(self, events: Sequence[Event], expected: Version | None) -> "asyncio.Future[list[Outcome]]":
        mode, atomic, validate_only = self._options
        return self.service.appender.submit(Submission(events, mode, expected, atomic, validate_only))


def _taken(outcomes: Sequence[Outcome]) -> Appended:
    """Return the outcome of a single event; raise it where it is a refusal."""
    (outcome,) = outcomes
    if isinstance(outcome, JourneyError):
        raise outcome
    return outcome


def expected_version(request: Request) -> Version | None:
    """Read `If-Match: "17"`; raise `precondition-malformed` for anything but one strong tag."""
    tag = head_of(request).get(b"if-match")
    if tag is None:
        return None
    version = _VERSION.fullmatch(tag.strip().decode("latin-1"))
    if version is None:
        raise Problem("precondition-malformed")
    return Version(int(version[1]))


def refuse_precondition(request: Request) -> None:
    """Raise `precondition-malformed` for several events: they may concern several streams."""
    if b"if-match" in head_of(request):
        detail = Words(
            "If-Match goes with a single event; a batch may concern several customers.",
            "If-Match 仅适用于单个事件，批次可能涉及多个客户。",
        )
        raise Problem("precondition-malformed", detail)
