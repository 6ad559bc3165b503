"""A commit may bring the keys of customers that its events are sealed with, all in one transaction."""

from alembic import op

revision = "log_0004"
down_revision = "log_0003"
branch_labels = None
depends_on = None

# The number that keeps epochs of keys from ending meanwhile is the one of `journey.sealing.data_keys`.
APPEND = """
CREATE FUNCTION append_events_with_keys(
    key_streams text[], retentions text[], key_versions integer[], wrapped bytea[], wrapped_in integer,
    stream_ids text[], versions bigint[], types text[], states bytea[], links bytea[],
    sources text[], ids text[], digests bytea[],
    case_numbers text[], case_streams text[]
) RETURNS bigint[]
LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1785423225);
    IF (SELECT max(epoch) FROM epochs) IS DISTINCT FROM wrapped_in THEN
        RAISE integrity_constraint_violation USING MESSAGE = 'the epoch that wraps the keys has ended';
    END IF;
    INSERT INTO data_keys (stream_id, retention, version, epoch, wrapped)
        SELECT u.s, u.r, u.v, wrapped_in, u.w
        FROM unnest(key_streams, retentions, key_versions, wrapped) AS u (s, r, v, w);
    RETURN append_events(
        stream_ids, versions, types, states, links, sources, ids, digests, case_numbers, case_streams
    );
END
$body$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(APPEND)


def downgrade() -> None:
    raise NotImplementedError("the log is immutable: go back to a backup instead")
