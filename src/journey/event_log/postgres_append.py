"""The one statement of a commit on PostgreSQL, and its values: each column of the entries as one text.

The driver looks at each member of an array several times before it writes it, and so takes as long for the
columns of an entry as the entry takes to be sealed. A text it writes as it is, and the database takes it
apart.
"""

from collections.abc import Collection, Sequence
from typing import Any

from journey.errors import Unstorable
from journey.event_log.rows import Entry
from journey.sealing.data_keys import WrappedKey

_SEPARATOR = "\x1f"
"""ASCII's separator of units. No id has control characters, and JSON writes them otherwise."""
_KEYS = "$1::text[], $2::text[], $3::integer[], $4::bytea[], $5::integer"


def _columns(first: int) -> str:
    """Return what `append_events` takes, from ten parameters."""
    parts = [f"string_to_array(${first + place}::text, E'\\x1f')" for place in range(10)]
    parts[1] += "::bigint[]"
    for place, read in (
        (3, "convert_to(part, 'UTF8')"),
        (4, "decode(part, 'hex')"),
        (7, "decode(part, 'hex')"),
    ):
        parts[place] = f"ARRAY(SELECT {read} FROM unnest({parts[place]}) AS part)"  # noqa: S608  # ours
    return ", ".join(parts)


APPEND = f"SELECT append_events({_columns(1)})"  # as above
APPEND_WITH_KEYS = f"SELECT append_events_with_keys({_KEYS}, {_columns(6)})"  # as above


def values(entries: Sequence[Entry], links: Sequence[bytes]) -> tuple[str, ...]:
    """Return entries, with their links, as `APPEND` takes them; raise `Unstorable` where it cannot."""
    opened = [entry for entry in entries if entry.new_case is not None]
    return (
        _joined([entry.stream_id for entry in entries]),
        _joined([str(entry.version) for entry in entries]),
        _joined([entry.type for entry in entries]),
        _joined([entry.state.decode() for entry in entries]),
        _joined([link.hex() for link in links]),
        _joined([entry.key[0] for entry in entries]),
        _joined([entry.key[1] for entry in entries]),
        _joined([entry.digest.hex() for entry in entries]),
        _joined([entry.new_case or "" for entry in opened]),
        _joined([entry.stream_id for entry in opened]),
    )


def key_values(keys: Collection[WrappedKey]) -> tuple[Any, ...]:
    """Return keys as `APPEND_WITH_KEYS` takes them, in one order: two writers may bring the same."""
    ordered = sorted(keys)
    return (
        [key.name.stream_id for key in ordered],
        [key.name.retention for key in ordered],
        [key.version for key in ordered],
        [key.wrapped for key in ordered],
        ordered[0].epoch,
    )


def _joined(column: Sequence[str]) -> str:
    joined = _SEPARATOR.join(column)
    if joined.count(_SEPARATOR) >= max(len(column), 1):
        raise Unstorable
    return joined
