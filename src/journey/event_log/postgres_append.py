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

_SEPARATORS = [*map(chr, range(31, 0, -1))]
"""What may stand before each value: no id that is sent has control characters, and JSON has them escaped."""
_KEYS = "$1::text[], $2::text[], $3::integer[], $4::bytea[], $5::integer"


def _columns(first: int) -> str:
    """Return what `append_events` takes, from ten parameters and the separator behind them."""
    separator = f"${first + 10}::text"
    parts = [f"(string_to_array(${first + place}::text, {separator}))[2:]" for place in range(10)]
    parts[1] += "::bigint[]"
    for place, read in (
        (3, "convert_to(part, 'UTF8')"),
        (4, "decode(part, 'hex')"),
        (7, "decode(part, 'hex')"),
    ):
        parts[place] = f"ARRAY(SELECT {read} FROM unnest({parts[place]}) AS part)"  # noqa: S608  # ours
    return ", ".join(parts)


APPEND = f"SELECT append_events({_columns(1)})"
APPEND_WITH_KEYS = f"SELECT append_events_with_keys({_KEYS}, {_columns(6)})"


def values(entries: Sequence[Entry], links: Sequence[bytes]) -> tuple[str, ...]:
    """Return entries, with their links, as `APPEND` takes them; raise `Unstorable` where it cannot."""
    opened = [entry for entry in entries if entry.new_case is not None]
    columns = (
        [entry.stream_id for entry in entries],
        [str(entry.version) for entry in entries],
        [entry.type for entry in entries],
        [entry.state.decode() for entry in entries],
        [link.hex() for link in links],
        [entry.key[0] for entry in entries],
        [entry.key[1] for entry in entries],
        [entry.digest.hex() for entry in entries],
        [entry.new_case or "" for entry in opened],
        [entry.stream_id for entry in opened],
    )
    for separator in _SEPARATORS:
        # It stands before each value, not between them: one value that is empty is not none at all.
        joined = [separator + separator.join(column) if column else "" for column in columns]
        if all(text.count(separator) == len(column) for text, column in zip(joined, columns, strict=True)):
            return *joined, separator
    raise Unstorable


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
