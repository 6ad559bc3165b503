"""Journeys as bytes, so that a long stream need not be read from its beginning.

A snapshot holds what today's rules make of the events before it. Rules that make something else of them have
another `LOGIC`, and then take no notice of the snapshots of before: the events say it all again.
"""

from typing import Any

import orjson
from immutables import Map

from journey.cases import Case
from journey.events import Version
from journey.journey import Journey

LOGIC = 1
"""To be raised with every change of what `after` makes of events, or of what a `Case` holds."""


def to_snapshot(journey: Journey) -> bytes:
    """Write a journey: the same bytes for equal journeys."""
    cases = {number: [*case[:-1], sorted(case.materials)] for number, case in journey.cases.items()}
    return orjson.dumps([LOGIC, journey.version, cases], option=orjson.OPT_SORT_KEYS)


def from_snapshot(snapshot: bytes) -> Journey | None:
    """Read a journey; None where today's rules did not write it, or where it cannot be read."""
    try:
        logic, version, cases = orjson.loads(snapshot)
        if logic != LOGIC or not isinstance(version, int):
            return None
        return Journey(Version(version), Map({number: _case(case) for number, case in cases.items()}))
    except (ValueError, TypeError, AttributeError):
        return None


def _case(fields: Any) -> Case:
    kind, state, may_resubmit, product, process, materials = fields
    return Case(kind, state, may_resubmit, product, process, frozenset(materials))
