"""The indexes of handlers and teams leave out cases that have none."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "views_0010"
down_revision = "views_0009"
branch_labels = None
depends_on = None

INDEXES = [(table, by) for table in ("case_progress", "review_progress") for by in ("handler", "team")]


def upgrade() -> None:
    for table, by in INDEXES:
        taken = sa.text(f"{by} IS NOT NULL")
        _index_anew(table, by, sqlite_where=taken, postgresql_where=taken)


def downgrade() -> None:
    for table, by in INDEXES:
        _index_anew(table, by)


def _index_anew(table: str, by: str, **where: Any) -> None:
    op.drop_index(f"{table}_of_{by}", table)
    op.create_index(f"{table}_of_{by}", table, ["build", by, "due_at", "number"], **where)
