"""The reactor: how far the log was followed, how each customer stands, and whom a defect has parked."""

import sqlalchemy as sa
from alembic import op

revision = "views_0006"
down_revision = "views_0005"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "policy_checkpoint",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("began_after", sa.BigInteger, nullable=False),
        sa.Column("asked_until", sa.BigInteger, nullable=False),
        sa.Column("folding", sa.Text, nullable=False),
        sa.Column("looking", sa.Text, nullable=False),
        sa.Column("turns", sa.Text, nullable=False),
    )
    op.create_table(
        "policy_customers",
        sa.Column("stream_id", KEY, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("next_at", sa.BigInteger),
    )
    op.create_index("policy_customers_by_moment", "policy_customers", ["next_at"])
    op.create_table(
        "policy_parked",
        sa.Column("stream_id", KEY, primary_key=True),
        sa.Column("policy", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("parked_at", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("policy_parked")
    op.drop_table("policy_customers")
    op.drop_table("policy_checkpoint")
