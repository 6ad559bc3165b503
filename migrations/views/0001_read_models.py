"""The read models of applications, customers and timelines, and where each projection has got to."""

import sqlalchemy as sa
from alembic import op

revision = "views_0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

TABLES = (
    "projections",
    "projection_builds",
    "parked_streams",
    "current_state",
    "review_progress",
    "timeline",
)


def upgrade() -> None:
    _create_bookkeeping()
    _create_current_state()
    _create_review_progress()
    _create_timeline()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_bookkeeping() -> None:
    op.create_table(
        "projections",
        sa.Column("name", KEY, primary_key=True),
        sa.Column("live_build", sa.Integer, nullable=False),
        sa.Column("previous_build", sa.Integer, nullable=False),
    )
    op.create_table(
        "projection_builds",
        sa.Column("name", KEY, primary_key=True),
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.Text),
        sa.Column("target", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
    )
    op.create_table(
        "parked_streams",
        sa.Column("name", KEY, primary_key=True),
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("stream_id", KEY, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("parked_at", sa.Text, nullable=False),
    )


def _create_current_state() -> None:
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


def _create_review_progress() -> None:
    op.create_table(
        "review_progress",
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("number", KEY, primary_key=True),
        sa.Column("stream_id", KEY, nullable=False),
        sa.Column("product", KEY),
        sa.Column("case_state", KEY),
        sa.Column("updated_at", KEY, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("body_en", sa.Text, nullable=False),
        sa.Column("body_zh", sa.Text, nullable=False),
    )
    op.create_index("review_progress_of_customer", "review_progress", ["build", "stream_id", "number"])
    op.create_index("review_progress_in_state", "review_progress", ["build", "case_state", "number"])


def _create_timeline() -> None:
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
