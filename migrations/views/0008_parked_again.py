"""Who is parked for a policy is tried again: how often that was done, and when it is done next."""

import sqlalchemy as sa
from alembic import op

revision = "views_0008"
down_revision = "views_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The start that follows asks about everybody, and says when they are tried again.
    op.add_column("policy_parked", sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
    op.add_column("policy_parked", sa.Column("retry_at", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("policy_parked", "retry_at")
    op.drop_column("policy_parked", "attempts")
