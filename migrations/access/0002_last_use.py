"""Keys tell in which hour they were last used."""

import sqlalchemy as sa
from alembic import op

revision = "access_0002"
down_revision = "access_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("last_used_at", sa.Text))


def downgrade() -> None:
    op.drop_column("api_keys", "last_used_at")
