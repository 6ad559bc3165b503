"""The event log: events, their keys, the owners of case numbers; append-only by trigger.

The columns of `stored_events` have the names that the recorders of `eventsourcing` read and write.
"""

from alembic import op

revision = "log_0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = {
    "stored_events": "rowid = NEW.rowid OR (originator_id, originator_version) "
    "= (NEW.originator_id, NEW.originator_version)",
    "event_keys": "(source, id) = (NEW.source, NEW.id)",
    "cases": "number = NEW.number",
}
"""The tables that nothing leaves, and what makes two of their rows the same."""

SQLITE = """
CREATE TABLE stored_events (
    rowid INTEGER PRIMARY KEY,  -- declared, so that VACUUM never renumbers positions
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    CONSTRAINT stored_events_version UNIQUE (originator_id, originator_version)
);
CREATE TABLE event_keys (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (source, id)
) WITHOUT ROWID;
CREATE TABLE cases (
    number TEXT NOT NULL PRIMARY KEY,
    stream_id TEXT NOT NULL
) WITHOUT ROWID;
"""

POSTGRESQL = """
CREATE TABLE stored_events (
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigserial NOT NULL,
    CONSTRAINT stored_events_version PRIMARY KEY (originator_id, originator_version),
    CONSTRAINT stored_events_position UNIQUE (notification_id)
) WITH (autovacuum_vacuum_scale_factor = 0.5, autovacuum_analyze_scale_factor = 0.01);
CREATE TABLE event_keys (
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT event_keys_key PRIMARY KEY (source, id)
);
CREATE TABLE cases (
    number text COLLATE "C" NOT NULL CONSTRAINT cases_number PRIMARY KEY,
    stream_id text COLLATE "C" NOT NULL
);
"""

# One call is one statement and so one transaction. The lock makes the order of positions the order of
# commits: whoever gets positions has committed before the next writer gets any, so no reader that follows
# positions ever passes one that appears later. The notification is one per commit, not one per event.
APPEND = """
CREATE FUNCTION append_events(
    stream_ids text[], versions bigint[], types text[], states bytea[],
    sources text[], ids text[], digests bytea[],
    case_numbers text[], case_streams text[]
) RETURNS TABLE (stream_id text, version bigint, position_ bigint)
LANGUAGE plpgsql AS $body$
BEGIN
    LOCK TABLE stored_events IN EXCLUSIVE MODE;
    INSERT INTO event_keys (source, id, stream_id, version, digest)
        SELECT * FROM unnest(sources, ids, stream_ids, versions, digests);
    INSERT INTO cases (number, stream_id)
        SELECT * FROM unnest(case_numbers, case_streams);
    NOTIFY stored_events;
    RETURN QUERY
        INSERT INTO stored_events AS e (originator_id, originator_version, topic, state)
        SELECT u.s, u.v, u.t, u.b
        FROM unnest(stream_ids, versions, types, states) WITH ORDINALITY AS u (s, v, t, b, place)
        ORDER BY u.place
        RETURNING e.originator_id, e.originator_version, e.notification_id;
END
$body$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _run(SQLITE)
        for table, same in TABLES.items():
            refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE"):
                op.execute(f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {refuse}")
            # INSERT OR REPLACE deletes without the trigger for deletions.
            exists = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  # names of this module
            op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {exists} {refuse}")
        return
    _run(POSTGRESQL)
    op.execute(APPEND)
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$ "
        "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $body$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    raise NotImplementedError("the log is immutable: go back to a backup instead")


def _run(script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            op.execute(statement)
