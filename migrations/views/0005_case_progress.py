"""One row a case of every kind; cases and applications with what work lists filter and order by."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "views_0005"
down_revision = "views_0004"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MAYBE = ("team", "handler", "step", "channel", "category")
ALWAYS = {"turn": "nobody", "opened_at": "", "since": "", "due_at": "", "warn_at": ""}
"""What stands in the rows of applications until they are made anew."""
ORDERS = {
    "in_state": ["case_state", "since", "number"],
    "due": ["turn", "due_at", "number"],
    "of_handler": ["handler", "due_at", "number"],
    "of_team": ["team", "due_at", "number"],
}


def upgrade() -> None:
    op.create_table(
        "case_progress",
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("key", KEY, primary_key=True),
        sa.Column("stream_id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("case_state", KEY),
        sa.Column("product", KEY),
        *(sa.Column(name, KEY) for name in MAYBE),
        *(sa.Column(name, KEY, nullable=False) for name in ALWAYS),
        sa.Column("escalated", sa.Integer, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("case_progress_of_customer", "case_progress", ["build", "stream_id", "kind", "number"])
    for name, columns in ORDERS.items():
        by_kind = ["kind"] if name in ("in_state", "due") else []
        op.create_index(f"case_progress_{name}", "case_progress", ["build", *by_kind, *columns])
    # Readers see the rows that there are until the new ones have caught up.
    for column in _added():
        op.add_column("review_progress", column)
    op.drop_index("review_progress_in_state", "review_progress")
    for name, columns in ORDERS.items():
        op.create_index(f"review_progress_{name}", "review_progress", ["build", *columns])


def downgrade() -> None:
    for name in ORDERS:
        op.drop_index(f"review_progress_{name}", "review_progress")
    op.create_index("review_progress_in_state", "review_progress", ["build", "case_state", "number"])
    for column in _added():
        op.drop_column("review_progress", column.name)
    for table in ("projections", "projection_builds", "parked_streams", "projection_parts"):
        op.execute(f"DELETE FROM {table} WHERE name = 'case_progress'")  # noqa: S608  # our own names
    op.drop_table("case_progress")


def _added() -> list[sa.Column[Any]]:
    return [
        *(sa.Column(name, KEY) for name in MAYBE),
        *(sa.Column(name, KEY, nullable=False, server_default=value) for name, value in ALWAYS.items()),
        sa.Column("escalated", sa.Integer, nullable=False, server_default="0"),
    ]
