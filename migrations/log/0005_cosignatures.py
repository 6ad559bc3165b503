"""What witnesses have said of checkpoints, by their own keys; append-only."""

from alembic import op

revision = "log_0005"
down_revision = "log_0004"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE tree_cosignatures (
    size bigint NOT NULL,
    witness text NOT NULL,
    line text NOT NULL,
    PRIMARY KEY (size, witness)
)
"""


def upgrade() -> None:
    op.execute(TABLE)
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            "CREATE TRIGGER tree_cosignatures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON tree_cosignatures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'tree_cosignatures is append-only'); END"
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER tree_cosignatures_no_{verb.lower()} BEFORE {verb} ON tree_cosignatures {refuse}"
        )
    # INSERT OR REPLACE deletes without the trigger for deletions.
    exists = "EXISTS (SELECT 1 FROM tree_cosignatures WHERE (size, witness) = (NEW.size, NEW.witness))"
    insert = f"BEFORE INSERT ON tree_cosignatures WHEN {exists} {refuse}"
    op.execute(f"CREATE TRIGGER tree_cosignatures_no_replace {insert}")


def downgrade() -> None:
    raise NotImplementedError("what witnesses said is not taken back: go back to a backup instead")
