"""Keys of customers' personal data, each wrapped by the key of an epoch."""

import sqlalchemy as sa
from alembic import op

revision = "keys_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "epochs",
        sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
    )
    op.create_table(
        "data_keys",
        sa.Column("stream_id", sa.Text, primary_key=True),
        sa.Column("retention", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("wrapped", sa.LargeBinary),
        sa.Column("destroyed_at", sa.Text),
        sa.CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="gone_or_there"),
    )


def downgrade() -> None:
    raise NotImplementedError("without these keys no personal data can be read: go back to a backup instead")
