"""The blind index that customers are found by: digests that can be deleted and made anew at any time."""

import sqlalchemy as sa
from alembic import op

revision = "views_0004"
down_revision = "views_0003"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "search_terms",
        sa.Column("stream_id", KEY, primary_key=True),
        sa.Column("field", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("current", sa.Boolean, nullable=False),
    )
    op.create_index("search_terms_by_digest", "search_terms", ["digest", "field"])
    op.create_table(
        "search_checkpoint",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("mark", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("search_checkpoint")
    op.drop_table("search_terms")
