"""What the reactor's tables are made of: their metadata, texts as keys, and moments as numbers."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

METADATA = sa.MetaData()
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is compared by its bytes, the same on every database."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def number_of(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(number: int) -> datetime:
    """Return the moment that so many microseconds since 1970 are."""
    return _EPOCH + number * _MICROSECOND
