"""The lifecycles of cases, collected from the catalogue: what may follow what."""

from collections.abc import Mapping
from typing import get_args

from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import CaseKind

CASE_KINDS: tuple[CaseKind, ...] = get_args(CaseKind)


def _lifecycle(kind: CaseKind) -> dict[str | None, dict[str, str | None]]:
    rows: dict[str | None, dict[str, str | None]] = {}
    for touchpoint in TOUCHPOINTS.values():
        if touchpoint.case == kind:
            for move in touchpoint.moves:
                rows.setdefault(move.source, {})[touchpoint.type] = move.target
                if move.target is not None:
                    rows.setdefault(move.target, {})
    return rows


LIFECYCLES: Mapping[CaseKind, Mapping[str | None, Mapping[str, str | None]]] = {
    kind: _lifecycle(kind) for kind in CASE_KINDS
}
"""By kind of case: state before → event type → state after.

The state None before means that there is no case yet; None after means that the state stays.
"""

STATES: Mapping[CaseKind, tuple[str, ...]] = {
    kind: tuple(state for state in rows if state is not None) for kind, rows in LIFECYCLES.items()
}
"""The states of each kind of case."""

_CLOSED: Mapping[CaseKind, frozenset[str]] = {
    "consultation": frozenset({"resolved", "abandoned"}),
    "application": frozenset({"withdrawn", "delivered", "failed", "rejected"}),
    "complaint": frozenset({"closed", "merged", "withdrawn"}),
    "ticket": frozenset({"closed", "converted"}),
    "survey": frozenset({"submitted", "expired", "closed"}),
    "improvement": frozenset({"verified"}),
}

_TARGETS: Mapping[CaseKind, Mapping[str, str | None]] = {
    kind: {type_: target for row in rows.values() for type_, target in row.items()}
    for kind, rows in LIFECYCLES.items()
}


def lawful_types(kind: CaseKind, state: str | None) -> list[str]:
    """List the event types that may come next, sorted; those that open a case where `state` is None."""
    return sorted(LIFECYCLES[kind].get(state, {}))


def is_lawful(kind: CaseKind, state: str | None, type_: str) -> bool:
    """Tell whether an event of `type_` may happen to a case in `state`."""
    return type_ in LIFECYCLES[kind].get(state, {})


def next_state(kind: CaseKind, state: str | None, type_: str) -> str | None:
    """Return the state after an event, also after one that is unlawful and recorded nevertheless.

    Every type has one right side, so the answer does not depend on whether the event was lawful. The state
    stays for a type that says so, and for one that moves no case of this kind.
    """
    target = _TARGETS[kind].get(type_)
    return state if target is None else target


def is_closed(kind: CaseKind, state: str | None) -> bool:
    """Tell whether the customer has nothing more to expect of a case in `state` unless it is opened again."""
    return state in _CLOSED[kind]
