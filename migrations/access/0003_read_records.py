"""Records of who read personal data: append-only, each chained to the one before it."""

import sqlalchemy as sa
from alembic import op

revision = "access_0003"
down_revision = "access_0002"
branch_labels = None
depends_on = None

_REFUSED = "BEGIN SELECT RAISE(ABORT, 'read_records is append-only'); END"
_NO_REPLACE = """
CREATE TRIGGER read_records_no_replace BEFORE INSERT ON read_records
WHEN EXISTS (SELECT 1 FROM read_records WHERE number = NEW.number)
"""
_REFUSE = """
CREATE FUNCTION refuse_change_of_reads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "read_records",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("stream_id", sa.Text),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("link", sa.LargeBinary, nullable=False),
    )
    op.create_index("read_records_of_customer", "read_records", ["stream_id", "number"])
    op.create_index("read_records_of_caller", "read_records", ["caller", "number"])
    op.create_index("read_records_at", "read_records", ["at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE)
        op.execute(
            "CREATE TRIGGER read_records_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON read_records "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_reads()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER read_records_no_{verb.lower()} BEFORE {verb} ON read_records {_REFUSED}")
    # INSERT OR REPLACE deletes without the trigger for deletions.
    op.execute(f"{_NO_REPLACE} {_REFUSED}")


def downgrade() -> None:
    raise NotImplementedError("the records of who read what are immutable: go back to a backup instead")
