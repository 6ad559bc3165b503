"""Keys over their lives: made, used, changed, ended; and what a copy of the database gives away."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from api.heads import Shown
from api.keys import ApiKey
from api.known_keys import KnownKeys
from journey.settings import Settings
from journey.storage import storage_of

START = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
DAY = timedelta(days=1)


class Kept:
    """Keys of a database, and a clock that is set by hand."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine, self.now = engine, START
        self.keys = KnownKeys(engine, lambda: self.now)

    def find(self, key: str) -> ApiKey | None:
        """Look a key up."""
        return self.keys.find(key)

    def listed(self, key: str) -> ApiKey:
        """Return the line of a key in the list."""
        [found] = [each for each in self.keys.list() if key.startswith(f"{each.prefix}_")]
        return found


@pytest.fixture
def kept(settings: Settings) -> Iterator[Kept]:
    """Give a database of keys, once on SQLite and once on PostgreSQL."""
    engine = storage_of(settings).engine("access", writer=True)
    yield Kept(engine)
    engine.dispose()


class TestRotation:
    def test_the_other_key_allows_the_same(self, kept: Kept) -> None:
        """Scopes, source, mode and note; nothing else is the same."""
        first = kept.keys.create(
            ["events:write"], START, source="/channels/x", lifecycle="record", label="the app"
        )
        kept.now += DAY
        second = kept.keys.rotate(first[:11], kept.now, DAY)

        assert second is not None
        before, after = kept.listed(first), kept.listed(second)
        for name in ("scopes", "source", "lifecycle", "label"):
            assert getattr(before, name) == getattr(after, name)
        assert before.prefix != after.prefix
        assert (after.created_at, after.revoked_at) == (kept.now.isoformat(), None)

    def test_both_work_until_the_overlap_is_over(self, kept: Kept) -> None:
        """And not a second longer."""
        first = kept.keys.create(["ops:admin"], START)
        second = kept.keys.rotate(first[:11], START, DAY)
        assert second is not None

        kept.now = START + DAY - timedelta(seconds=1)
        assert kept.find(first) is not None
        assert kept.find(second) is not None
        kept.now = START + DAY
        assert kept.find(first) is None
        assert kept.keys.remembered(Shown(first)) is None
        assert kept.find(second) is not None

    def test_an_end_is_not_put_off(self, kept: Kept) -> None:
        """A key that ends sooner than the overlap still does; one that has ended has no successor."""
        key = kept.keys.create(["ops:admin"], START)
        kept.keys.rotate(key[:11], START, DAY)
        kept.keys.rotate(key[:11], START, 7 * DAY)
        assert kept.listed(key).revoked_at == (START + DAY).isoformat()

        assert kept.keys.rotate(key[:11], START, timedelta()) is not None
        assert kept.keys.rotate(key[:11], START, DAY) is None
        assert kept.keys.rotate("cj_00000000", START, DAY) is None
        assert len(kept.keys.list()) == 4

    def test_a_key_that_is_being_changed_can_be_ended_at_once(self, kept: Kept) -> None:
        """Once: there is nothing to end twice."""
        key = kept.keys.create(["ops:admin"], START)
        kept.keys.rotate(key[:11], START, DAY)

        assert kept.keys.revoke(key[:11], START)
        assert not kept.keys.revoke(key[:11], START)
        assert kept.find(key) is None


class TestUse:
    def test_is_told_by_the_hour_and_written_once_in_it(self, kept: Kept) -> None:
        """Requests cost no writes; a wrong secret is no use."""
        key = kept.keys.create(["ops:admin"], START)
        writes: list[str] = []

        def noted(*arguments: object) -> None:
            if str(arguments[2]).startswith("UPDATE"):
                writes.append(str(arguments[2]))

        sa.event.listen(kept.engine, "before_cursor_execute", noted)
        assert kept.find(key[:-1]) is None
        assert kept.listed(key).last_used_at is None
        for minute in range(0, 90, 10):
            kept.now = START + timedelta(minutes=minute)
            assert kept.find(key) is not None

        assert kept.listed(key).last_used_at == "2026-11-20T13:00:00+00:00"
        assert len(writes) == 2

    def test_is_allowed_where_it_cannot_be_written_down(self, kept: Kept) -> None:
        """Nobody is kept out because of a list."""
        key = kept.keys.create(["ops:admin"], START)

        def fail(*arguments: object) -> None:
            if str(arguments[2]).startswith("UPDATE"):
                raise sa.exc.OperationalError("UPDATE", {}, Exception("read-only"))

        sa.event.listen(kept.engine, "before_cursor_execute", fail)
        assert kept.find(key) is not None


class TestSecrets:
    def test_are_not_in_the_database(self, kept: Kept) -> None:
        """Only their hashes are: a copy of it opens nothing."""
        keys = [kept.keys.create(["ops:admin"], START, label="a note")]
        keys.append(kept.keys.rotate(keys[0][:11], START, DAY) or "")
        for key in keys:
            assert kept.find(key) is not None
        with kept.engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT * FROM api_keys")).all()

        values = [value for row in rows for value in row]
        whole = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
        for key in keys:
            assert key[:11].encode() in whole
            assert key[12:].encode() not in whole
            assert len(key[12:]) == 32
