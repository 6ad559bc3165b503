"""What erasure keeps beside the keys: whose answers have changed, and what is to be done."""

import sqlalchemy as sa
from alembic import op

revision = "keys_0002"
down_revision = "keys_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "privacy_marks",
        sa.Column("stream_id", sa.Text, primary_key=True),
        sa.Column("change", sa.BigInteger, nullable=False, unique=True),
        sa.Column("restricted", sa.Boolean, nullable=False),
        sa.Column("gone", sa.Integer, nullable=False),
    )
    op.create_table(
        "privacy_work",
        sa.Column("stream_id", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.Text, nullable=False, index=True),
    )
    op.create_table(
        "privacy_checkpoint",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("privacy_checkpoint")
    op.drop_table("privacy_work")
    op.drop_table("privacy_marks")
