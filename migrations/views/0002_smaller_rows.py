"""Rows that cost less to keep; every read model is made anew from the log."""

import sqlalchemy as sa
from alembic import op

revision = "views_0002"
down_revision = "views_0001"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

READ_MODELS = ("current_state", "review_progress", "timeline")
BOOKKEEPING = ("projections", "projection_builds", "parked_streams")


def upgrade() -> None:
    _forget()
    op.create_table(
        "current_state",
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("stream_id", KEY, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_table(
        "closed_cases",
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("number", KEY, primary_key=True),
        sa.Column("stream_id", KEY, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("case_state", sa.Text, nullable=False),
        sa.Column("product", sa.Text),
    )
    op.create_index("closed_cases_of_customer", "closed_cases", ["build", "stream_id"])
    _create_review_progress(before=False)
    op.create_table(
        "timeline",
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stream_id", KEY, nullable=False),
        sa.Column("occurred_at", KEY, nullable=False),
        sa.Column("recorded_at", KEY, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("case_number", KEY),
        sa.Column("says_en", sa.Text, nullable=False),
        sa.Column("says_zh", sa.Text, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
    )
    op.create_index("timeline_of_customer", "timeline", ["build", "stream_id", "occurred_at", "position"])


def downgrade() -> None:
    _forget()
    op.drop_table("closed_cases")
    op.create_table(
        "current_state",
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("stream_id", KEY, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("body_en", sa.Text, nullable=False),
        sa.Column("body_zh", sa.Text, nullable=False),
    )
    _create_review_progress(before=True)
    op.create_table(
        "timeline",
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stream_id", KEY, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("occurred_at", KEY, nullable=False),
        sa.Column("recorded_at", KEY, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("case_number", KEY),
        sa.Column("deviation", sa.Text),
        sa.Column("body_en", sa.Text, nullable=False),
        sa.Column("body_zh", sa.Text, nullable=False),
    )
    op.create_index("timeline_of_customer", "timeline", ["build", "stream_id", "occurred_at", "position"])


def _forget() -> None:
    """Drop what was made of the log, and with it where each projection had got to."""
    for table in READ_MODELS:
        op.drop_table(table)
    for table in BOOKKEEPING:
        op.execute(f"DELETE FROM {table}")  # noqa: S608  # our own names


def _create_review_progress(*, before: bool) -> None:
    further = [sa.Column("version", sa.BigInteger, nullable=False)] if before else []
    bodies = [sa.Column(name, sa.Text, nullable=False) for name in ("body_en", "body_zh") if before]
    op.create_table(
        "review_progress",
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("number", KEY, primary_key=True),
        sa.Column("stream_id", KEY, nullable=False),
        sa.Column("product", KEY),
        sa.Column("case_state", KEY),
        sa.Column("updated_at", KEY, nullable=False),
        *further,
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *bodies,
    )
    op.create_index("review_progress_of_customer", "review_progress", ["build", "stream_id", "number"])
    op.create_index("review_progress_in_state", "review_progress", ["build", "case_state", "number"])
