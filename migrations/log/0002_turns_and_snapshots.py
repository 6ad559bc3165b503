"""Snapshots of long journeys; on PostgreSQL a lock of its own for the turn to append."""

from alembic import op

revision = "log_0002"
down_revision = "log_0001"
branch_labels = None
depends_on = None

SNAPSHOTS = """
CREATE TABLE journey_snapshots (
    stream_id {text} NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    state {bytes} NOT NULL
)
"""

# The turn to append is an advisory lock. A lock on the events themselves would also shut out VACUUM, and wait
# for it: a second without appends, each time that it runs. And a writer can hold this one for longer than a
# commit, by the same number, where others are faster time and again.
#
# One call is one statement and so one transaction. The turn makes the order of positions the order of
# commits: whoever gets positions has committed before the next writer gets any, so no reader that follows
# positions ever passes one that appears later. The notification is one per commit, not one per event.
# The positions come back in the order of the entries.
APPEND = """
CREATE FUNCTION append_events(
    stream_ids text[], versions bigint[], types text[], states bytea[],
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
        INSERT INTO stored_events (originator_id, originator_version, topic, state)
        SELECT u.s, u.v, u.t, u.b
        FROM unnest(stream_ids, versions, types, states) WITH ORDINALITY AS u (s, v, t, b, place)
        ORDER BY u.place
        RETURNING notification_id
    )
    SELECT array_agg(notification_id ORDER BY notification_id) INTO positions FROM written;
    NOTIFY stored_events;
    RETURN positions;
END
$body$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(SNAPSHOTS.format(text="TEXT", bytes="BLOB") + " WITHOUT ROWID")
        return
    op.execute(SNAPSHOTS.format(text='text COLLATE "C"', bytes="bytea"))
    op.execute("DROP FUNCTION append_events")
    op.execute(APPEND)


def downgrade() -> None:
    raise NotImplementedError("the log is immutable: go back to a backup instead")
