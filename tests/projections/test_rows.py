"""Rows in bulk: what a database says of them is told alike, whichever way they went there."""

from dataclasses import replace

import psycopg
import pytest
import sqlalchemy as sa

from projections import rows
from projections.faults import is_of_values
from tests.projections.keeping import Count, Kept, counting

NEW = replace(counting(), from_row=None)
"""A projection whose rows are all new ones."""
REFUSALS = (sa.exc.SQLAlchemyError, UnicodeError, OverflowError)
"""By the database, by its driver, or on the way to it."""


def write(kept: Kept, *counts: Count) -> None:
    """Write new rows in a transaction."""
    with kept.views.begin() as connection:
        rows.write(NEW, connection, kept.live(NEW), [vars(count) for count in counts])


def test_new_rows_are_written_as_they_are(kept: Kept) -> None:
    """Signs that mean something to the way they go there among them, and nothing at all."""
    kept.engine(NEW)
    texts = [None, "", "\\N", "\\.", "tab\tline\nreturn\r", "back\\slash", "中文😀", '{"a": "\\u0001\x01"}']
    counts = [Count(f"c\\{place}\t", place, note=text) for place, text in enumerate(texts)]

    write(kept, *counts)

    assert kept.rows(NEW) == {count.stream_id: vars(count) for count in counts}


@pytest.mark.parametrize("value", [2**70, object(), "\ud800", "\x00"], ids=["large", "none", "half", "nul"])
def test_values_that_no_row_can_have_are_to_blame(kept: Kept, value: object) -> None:
    """And none of the rows that were to be written with them is there."""
    kept.engine(NEW)
    if kept.storage.embedded and value == "\x00":
        pytest.skip("SQLite keeps it")
    refused = {**vars(Count("c-2")), "total" if isinstance(value, int) else "note": value}

    with pytest.raises(REFUSALS) as raised, kept.views.begin() as connection:
        rows.write(NEW, connection, kept.live(NEW), [vars(Count("c-1")), refused])

    assert is_of_values(raised.value)
    assert kept.rows(NEW) == {}


def test_a_row_that_is_there_already_is_refused(kept: Kept) -> None:
    """It was to be a new one."""
    kept.engine(NEW)
    write(kept, Count("c-1"))

    with pytest.raises(sa.exc.IntegrityError) as raised:
        write(kept, Count("c-2"), Count("c-1"))

    assert is_of_values(raised.value)
    assert kept.rows(NEW) == {"c-1": vars(Count("c-1"))}


def test_no_value_is_to_blame_for_a_lost_connection(kept: Kept) -> None:
    """Otherwise a restart of the database would park customers."""
    if kept.storage.embedded:
        pytest.skip("no connection to lose")
    kept.engine(NEW)
    build = kept.live(NEW)

    with kept.views.connect() as connection:
        backend = connection.scalar(sa.select(sa.func.pg_backend_pid()))
        with psycopg.connect(str(kept.settings.database), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
        with pytest.raises(sa.exc.OperationalError) as raised:
            rows.write(NEW, connection, build, [vars(Count("c-1"))])
        connection.invalidate()

    assert not is_of_values(raised.value)
