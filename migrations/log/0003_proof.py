"""Proof: each event's link to those before it in its stream, and the tree over all events; append-only."""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "log_0003"
down_revision = "log_0002"
branch_labels = None
depends_on = None

TABLES = {
    "tree_batches": "first = NEW.first OR size = NEW.size OR position = NEW.position",
    "tree_parts": "(level, number) = (NEW.level, NEW.number)",
    "tree_statements": "number = NEW.number",
}
"""The tables that nothing leaves, and what makes two of their rows the same."""

TREE = """
CREATE TABLE tree_batches (
    first bigint NOT NULL PRIMARY KEY,
    size bigint NOT NULL UNIQUE,
    position bigint NOT NULL UNIQUE,
    leaves {bytes} NOT NULL,
    note text NOT NULL
);
CREATE TABLE tree_parts (
    level bigint NOT NULL,
    number bigint NOT NULL,
    hash {bytes} NOT NULL,
    PRIMARY KEY (level, number)
){tail};
CREATE TABLE tree_statements (
    number bigint NOT NULL PRIMARY KEY,
    note text NOT NULL
);
"""

# As before, with the links beside the events.
APPEND = """
CREATE FUNCTION append_events(
    stream_ids text[], versions bigint[], types text[], states bytea[], links bytea[],
    sources text[], ids text[], digests bytea[],
    case_numbers text[], case_streams text[]
) RETURNS bigint[]
LANGUAGE plpgsql AS $body$
DECLARE
    positions bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(7092448610431266147);
    INSERT INTO event_keys (source, id, stream_id, version, digest)
        SELECT * FROM unnest(sources, ids, stream_ids, versions, digests);
    IF cardinality(case_numbers) > 0 THEN
        INSERT INTO cases (number, stream_id) SELECT * FROM unnest(case_numbers, case_streams);
    END IF;
    WITH written AS (
        INSERT INTO stored_events (originator_id, originator_version, topic, state, link)
        SELECT u.s, u.v, u.t, u.b, u.l
        FROM unnest(stream_ids, versions, types, states, links) WITH ORDINALITY AS u (s, v, t, b, l, place)
        ORDER BY u.place
        RETURNING notification_id
    )
    SELECT array_agg(notification_id ORDER BY notification_id) INTO positions FROM written;
    NOTIFY stored_events;
    RETURN positions;
END
$body$
"""

_PAGE = 5_000
# Frozen here, as every migration is; the specification is docs/proof.md.
_HEADER = struct.Struct(">5sQIII")
_NO_LINK = bytes(32)


def upgrade() -> None:
    connection = op.get_bind()
    embedded = connection.dialect.name == "sqlite"
    if embedded:
        op.execute("ALTER TABLE stored_events ADD COLUMN link BLOB")
        op.execute("DROP TRIGGER stored_events_no_update")
    else:
        op.execute("ALTER TABLE stored_events ADD COLUMN link bytea")
        op.execute("ALTER TABLE stored_events DISABLE TRIGGER stored_events_append_only")
    _link(connection)
    if embedded:
        refuse = "BEGIN SELECT RAISE(ABORT, 'stored_events is append-only'); END"
        op.execute(f"CREATE TRIGGER stored_events_no_update BEFORE UPDATE ON stored_events {refuse}")
    else:
        op.execute("ALTER TABLE stored_events ENABLE TRIGGER stored_events_append_only")
        op.execute("DROP FUNCTION append_events")
        op.execute(APPEND)
    _make_tree(embedded=embedded)


def downgrade() -> None:
    raise NotImplementedError("the log is immutable: go back to a backup instead")


def _make_tree(*, embedded: bool) -> None:
    types = {"bytes": "BLOB", "tail": " WITHOUT ROWID"} if embedded else {"bytes": "bytea", "tail": ""}
    for statement in TREE.format(**types).split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table, same in TABLES.items():
        if not embedded:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {refuse}")
        # INSERT OR REPLACE deletes without the trigger for deletions.
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  # names of this module
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {exists} {refuse}")


def _link(connection: sa.Connection) -> None:
    """Give the events of the version before their links, stream by stream."""
    update = sa.text(
        "UPDATE stored_events SET link = :link "
        "WHERE originator_id = :stream AND originator_version = :version"
    )
    linked = _linked(connection)
    while page := list(islice(linked, _PAGE)):
        connection.execute(update, page)


def _linked(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    stream, link = "", _NO_LINK
    for row in _by_stream(connection):
        if row[0] != stream:
            stream, link = row[0], _NO_LINK
        link = hashlib.sha256(b"\x02" + link + _leaf(*row)).digest()
        yield {"stream": stream, "version": row[1], "link": link}


def _by_stream(connection: sa.Connection) -> Iterator[Sequence[Any]]:
    select = sa.text(
        "SELECT originator_id, originator_version, topic, state FROM stored_events "
        "WHERE (originator_id, originator_version) > (:stream, :version) "
        "ORDER BY originator_id, originator_version LIMIT :page"
    )
    stream, version = "", 0
    while rows := connection.execute(select, {"stream": stream, "version": version, "page": _PAGE}).all():
        yield from rows
        stream, version = rows[-1][:2]


def _leaf(stream: str, version: int, type_: str, state: bytes) -> bytes:
    named, typed = stream.encode(), type_.encode()
    header = _HEADER.pack(b"\x00cj/1", version, len(named), len(typed), len(state))
    return hashlib.sha256(header + named + typed + state).digest()
