"""A projection as a value: from events to the rows of a read model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from journey.events import RecordedEvent
from journey.touchpoints.touchpoint import Audience
from journey.words import Language

State = TypeVar("State")
Row = Mapping[str, Any]
"""One row of a read model, without `build`, which the engine adds."""
Key = str | int


@dataclass(frozen=True, kw_only=True)
class Archive(Generic[State]):
    """Rows beside a row, for what of its state grows without bound: an event needs one of them at most."""

    table: sa.Table
    """The rows; its primary key is `build` and `key`, and it has the column `stream_id`."""
    key: str
    """The name of the key column."""
    needed: Callable[[State, RecordedEvent], Key | None]
    """The row that must be at hand before an event; None where the state tells all."""
    with_row: Callable[[State, Row], State]
    """The state with a row at hand."""
    rows_of: Callable[[State], Mapping[Key, Row | None]]
    """The rows at hand after events; None for one that is to go."""
    put_away: Callable[[State], State]
    """The state with no row at hand."""


@dataclass(frozen=True, kw_only=True)
class Projection(Generic[State]):
    """One read model: which rows an event touches, and how they change.

    `evolve` is pure: the same events give the same rows, in batches of any size. A row belongs to one
    customer and is made of that customer's events only, so that a failing event parks that customer and
    nobody else, and customers may be loaded in any order.
    """

    name: str
    """Permanent: checkpoints are kept under it."""
    version: int
    """The version of the logic; raise it with every change of what `evolve`, `to_row` or `answer` gives."""
    table: sa.Table
    """The rows; its primary key is `build` and `key`, and it has the columns `stream_id` and `position`."""
    key: str
    """The name of the key column."""
    handles: frozenset[str] | None = None
    """The types of the events that touch rows; None for all."""
    key_of: Callable[[RecordedEvent], Key | None]
    """The row that an event of those types touches; None where it touches none after all."""
    evolve: Callable[[State | None, RecordedEvent], State | None]
    """The state of a row after an event; None deletes the row. It leaves the state before as it is."""
    to_row: Callable[[State], Row]
    """The columns of a state, all but `build`."""
    from_row: Callable[[Row], State] | None
    """The state that a row was written from; None where no row is ever touched twice."""
    archive: Archive[State] | None = None
    """What of the state lies in rows of its own, so that its row does not grow with the past."""
    answer: Callable[[str, Language, Audience], bytes] | None = None
    """What an audience is told of a row whose column `state` holds this text; None where rows have none."""
