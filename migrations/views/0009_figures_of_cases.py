"""What cases are measured by stands in columns: scores, waits, and how long decisions took."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "views_0009"
down_revision = "views_0008"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
# All may be unknown, of each case most are; the next version of the projections fills them in.
COLUMNS: Mapping[str, Sequence[tuple[str, Any]]] = {
    "case_progress": (
        ("about", KEY),
        *((name, sa.Integer) for name in ("csat", "nps", "ces")),
        ("waited_ms", sa.BigInteger),
        *((name, sa.Integer) for name in ("first_contact", "satisfied")),
    ),
    "review_progress": (("decided_ms", sa.BigInteger), ("on_time", sa.Integer)),
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, type_ in columns:
            op.add_column(table, sa.Column(name, type_))


def downgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, _ in columns:
            op.drop_column(table, name)
