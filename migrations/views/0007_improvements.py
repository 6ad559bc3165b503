"""One row an improvement, and one for each case that it answers."""

import sqlalchemy as sa
from alembic import op

revision = "views_0007"
down_revision = "views_0006"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "improvements",
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("number", KEY, primary_key=True),
        sa.Column("stream_id", KEY, nullable=False),
        sa.Column("case_state", KEY),
        sa.Column("turn", KEY, nullable=False),
        *(sa.Column(name, KEY) for name in ("team", "handler", "step", "channel", "product", "category")),
        *(sa.Column(name, KEY, nullable=False) for name in ("opened_at", "since", "due_at", "warn_at")),
        sa.Column("escalated", sa.Integer, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("improvements_due", "improvements", ["build", "turn", "due_at", "number"])
    op.create_table(
        "improved_cases",
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("key", KEY, primary_key=True),
        sa.Column("stream_id", KEY, nullable=False),
        sa.Column("case_number", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
    )
    op.create_index("improved_cases_of_case", "improved_cases", ["build", "case_number", "number"])
    op.create_index("improved_cases_of_improvement", "improved_cases", ["build", "number", "case_number"])


def downgrade() -> None:
    for table in ("projections", "projection_builds", "parked_streams", "projection_parts"):
        op.execute(f"DELETE FROM {table} WHERE name = 'improvements'")  # noqa: S608  # our own names
    op.drop_table("improved_cases")
    op.drop_table("improvements")
