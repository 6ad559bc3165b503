"""Journeys as bytes, so that a long stream need not be read from its beginning.

A snapshot holds what today's rules make of the events before it. Rules that make something else of them have
another `LOGIC`, and then take no notice of the snapshots of before: the events say it all again. They do so
too where one is damaged, or in another's place: it begins with a digest of whose it is and of what it says.
"""

from hashlib import sha256
from operator import itemgetter
from typing import Any

import orjson
from immutables import Map

from journey.cases import Case
from journey.deadlines.facts import ClockFact
from journey.erasure.states import Privacy
from journey.events import Version
from journey.journey import Journey

LOGIC = 3
"""To be raised with every change of what `evolve` makes of events, or of what a `Case` holds."""


_DIGEST = sha256().digest_size


def to_snapshot(stream_id: str, journey: Journey) -> bytes:
    """Write a journey: the same bytes for equal journeys.

    Of many cases most have come to the same end: what they have in common is written once.
    """
    alike: dict[Case, list[str]] = {}
    for number, case in journey.cases.items():
        alike.setdefault(case, []).append(number)
    cases = [[*_told(case), sorted(numbers)] for case, numbers in alike.items()]
    known = journey.privacy
    privacy = known and [known.restricted, known.wanted, sorted(known.gone), sorted(known.erased)]
    told = orjson.dumps([LOGIC, journey.version, sorted(cases, key=itemgetter(-1)), privacy])
    return _digest(stream_id, told) + told


def _digest(stream_id: str, told: bytes) -> bytes:
    return sha256(orjson.dumps(stream_id) + told).digest()


def _told(case: Case) -> list[Any]:
    *plain, materials, clock = case
    return [*plain, sorted(materials), [each.as_json() for each in clock]]


def from_snapshot(stream_id: str, snapshot: bytes) -> Journey | None:
    """Read a journey; None where today's rules did not write it for this stream, or where it is damaged."""
    if snapshot[:_DIGEST] != _digest(stream_id, snapshot[_DIGEST:]):
        return None
    try:
        logic, version, alike, told = orjson.loads(snapshot[_DIGEST:])
        if logic != LOGIC or not isinstance(version, int):
            return None
        privacy = told and Privacy(told[0], told[1], frozenset(told[2]), frozenset(told[3]))
        cases: dict[str, Case] = {}
        for kind, state, may_resubmit, product, process, materials, clock, numbers in alike:
            facts = tuple(map(ClockFact.from_json, clock))
            case = Case(kind, state, may_resubmit, product, process, frozenset(materials), facts)
            cases |= dict.fromkeys(numbers, case)
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    return Journey(Version(version), Map(cases), privacy)
