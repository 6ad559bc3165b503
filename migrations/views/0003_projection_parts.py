"""The parts in which builds are loaded customer by customer."""

import sqlalchemy as sa
from alembic import op

revision = "views_0003"
down_revision = "views_0002"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "projection_parts",
        sa.Column("name", KEY, primary_key=True),
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("after", KEY, nullable=False),
        sa.Column("until", KEY),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("loaded", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("projection_parts")
