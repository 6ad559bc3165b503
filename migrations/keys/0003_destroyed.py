"""Finding the keys that were destroyed does not take a look at all others."""

import sqlalchemy as sa
from alembic import op

revision = "keys_0003"
down_revision = "keys_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    gone = sa.text("destroyed_at IS NOT NULL")
    op.create_index(
        "data_keys_destroyed",
        "data_keys",
        ["epoch", "destroyed_at"],
        sqlite_where=gone,
        postgresql_where=gone,
    )


def downgrade() -> None:
    op.drop_index("data_keys_destroyed", "data_keys")
