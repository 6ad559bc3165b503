"""The events that policies want, as the writer takes them: their ids derive from what they are wanted for."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from journey.errors import PersonalDataErased
from journey.events import Event, RecordedEvent
from journey.policies.case import correlation
from journey.policies.customer import Customer
from journey.policies.policy import Appointment, Policy, Wanted
from journey.reads.records import POLICIES, Reading
from journey.sealing.keyring import Keyring
from journey.sealing.sealed_text import ERASED, Sealed, taken_apart, unseal
from journey.touchpoints import PERSONAL_FIELDS, read_touchpoint
from journey.touchpoints.touchpoint import SEALED

SOURCE = POLICIES
"""What the sources of all these events begin with."""
Record = Callable[[Sequence[Reading]], Awaitable[None]]
"""Records readings of personal data; returns when that is durable."""


class Ground(NamedTuple):
    """What an event is wanted for."""

    stream_id: str
    derived_from: tuple[str, ...]
    """What makes it one and the same ground, however often it is met."""
    causation: str | None
    """The id of the event that it goes back to."""
    correlation: str | None
    at: datetime
    """When what is wanted happens, if that is now."""


def ground_of(cause: RecordedEvent, now: datetime) -> Ground:
    """Return an event as the ground for others, which never happen before it."""
    derived_from = ("event", cause.source, cause.id)
    at = max(now, cause.occurred_at)
    return Ground(cause.stream_id, derived_from, cause.id, correlation(cause), at)


def ground_at(appointment: Appointment, customer: Customer, stream_id: str, now: datetime) -> Ground:
    """Return a moment that has come as the ground for an event."""
    case = customer.case(appointment.wanted.case)
    causation, together = (case.last, case.correlation) if case is not None else (None, None)
    return Ground(stream_id, ("moment", stream_id), causation, together, now)


async def events_for(
    policy: Policy, wanted: list[Wanted], ground: Ground, keyring: Keyring, record: Record
) -> list[Event]:
    """Return what a policy wants as events, with what they pass on opened, when that is recorded as read.

    Raises `PersonalDataErased` where what is passed on is gone, and `ReadsUnrecorded`.
    """
    return [await _event(policy, each, ground, keyring, record) for each in wanted]


async def _event(policy: Policy, wanted: Wanted, ground: Ground, keyring: Keyring, record: Record) -> Event:
    type_ = wanted.touchpoint.type
    told = wanted.touchpoint.model_dump(mode="json", by_alias=True, exclude_none=True)
    data, id_ = await opened_data(type_, told, keyring), _id(policy.name, wanted.key, ground.derived_from)
    if passed_on := _sealed(type_, told):
        await record([_reading(policy, type_, id_, list(passed_on.values()))])
    attributes = {"causationid": ground.causation, "correlationid": ground.correlation}
    return Event(
        source=SOURCE + policy.name,
        id=id_,
        stream_id=ground.stream_id,
        touchpoint=read_touchpoint(type_, data),
        data=data,
        time=ground.at.isoformat(),
        occurred_at=ground.at,
        case=wanted.case,
        channel="system",
        attributes={name: value for name, value in attributes.items() if value is not None},
    )


def _id(policy: str, key: str, derived_from: tuple[str, ...]) -> str:
    """Derive an id: the same for the same ground, and no other policy's or ground's."""
    return hashlib.sha256(orjson.dumps([policy, key, *derived_from])).hexdigest()[:32]


async def opened_data(type_: str, data: dict[str, Any], keyring: Keyring) -> Mapping[str, Any]:
    """Open what was passed on sealed: it is sealed anew for its new place when it is written."""
    sealed = _sealed(type_, data)
    if not sealed:
        return data
    await keyring.load({each.name for each in sealed.values()})
    opened = {
        field: unseal(each, keyring.tenant, keyring.version(each.name, each.version))
        for field, each in sealed.items()
    }
    if any(value is ERASED for value in opened.values()):
        raise PersonalDataErased
    return {**data, **opened}


def _sealed(type_: str, data: Mapping[str, Any]) -> dict[str, Sealed]:
    """Return what an event passes on as it lies in the log, by field."""
    return {
        field: _taken_apart(data[field])
        for field in PERSONAL_FIELDS.get(type_, {})
        if isinstance(data.get(field), str) and data[field].startswith(SEALED)
    }


def _reading(policy: Policy, type_: str, id_: str, opened: Sequence[Sealed]) -> Reading:
    """Say that a policy has opened what it passes on, and for which event."""
    return Reading(
        caller=SOURCE + policy.name,
        scopes=(),
        own=False,
        purpose=type_,
        stream_id=opened[0].place.stream_id,
        fields=tuple(sorted(f"{each.place.type}.{each.place.field.partition('/')[0]}" for each in opened)),
        operation="react",
        request=id_,
    )


def _taken_apart(value: str) -> Sealed:
    content, _, place = value.removeprefix(SEALED).encode().partition(b".")
    return taken_apart(content, place)
