"""Look-ups of rows with how fresh they are: of one moment, shared by all who ask, honest about the parked."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import URL

from journey.errors import ProjectionUnavailable, ViewsUnavailable
from journey.events import RecordedEvent
from journey.processes import load_definitions
from projections import checkpoints
from projections.lookups import Lookups, Views
from projections.postgres_views import PostgresViews
from projections.projection import Projection
from projections.reading import Found, Wanted
from projections.registry import projections
from tests.facts import event, submitted, visit
from tests.loops import wait_for
from tests.projections.keeping import Kept, counting
from tests.projections.looking import look, looking, noted
from tests.projections.test_parking import poison, stumble

RECORDED = datetime(2026, 11, 20, 13, 30, 0, 123456, tzinfo=UTC)
COUNTING = counting(to_row=noted)
FRAGILE = counting(refuse=stumble, to_row=noted)


class TestFinding:
    def test_gives_a_text_with_whose_it_is_and_how_fresh(self, kept: Kept) -> None:
        """The text of the column that was wanted."""
        [_, position] = kept.record(visit("C1"), visit("C1"))
        kept.engine(COUNTING).catch_up()

        found = look(kept, COUNTING)

        assert (found.stream_id, found.position, found.text) == ("C1", position, "2")
        assert found.freshness.position == position
        assert (found.unseen_since, found.parked_at) == (None, None)

    def test_leaves_a_text_out_that_is_known_still(self, kept: Kept) -> None:
        """Another position of the row is news."""
        [position] = kept.record(visit("C1"))
        kept.engine(COUNTING).catch_up()

        assert look(kept, COUNTING, known=position).text is None
        assert look(kept, COUNTING, known=position).position == position
        assert look(kept, COUNTING, known=position - 1).text == "1"

    def test_tells_when_the_oldest_event_was_recorded_that_the_rows_do_not_show(self, kept: Kept) -> None:
        """Of all customers: the row that was wanted may be the one that changed."""
        kept.record(visit("C1"))
        kept.engine(COUNTING).catch_up()
        kept.record(visit("C2"), recorded_at=RECORDED)
        kept.record(visit("C3"))

        assert look(kept, COUNTING).unseen_since == RECORDED

    def test_tells_an_absence_with_the_position_up_to_which_it_holds(self, kept: Kept) -> None:
        """Who was waiting for a row can wait on."""
        [position] = kept.record(visit("C1"))
        kept.engine(COUNTING).catch_up()

        found = look(kept, COUNTING, "C2")

        assert (found.stream_id, found.position, found.text, found.parked_at) == (None, None, None, None)
        assert found.freshness.position == position

    def test_is_refused_while_there_are_no_rows_at_all(self, kept: Kept) -> None:
        """Also when somebody is about to begin the first build."""
        with kept.views.begin() as connection:
            checkpoints.lock(connection, "counting")
        with pytest.raises(ProjectionUnavailable):
            look(kept, COUNTING)

    @pytest.mark.parametrize("key", ["", "'", "%s", "$1", "王小明", "a\\b", '"', "C1 "])
    def test_takes_a_key_as_it_is(self, kept: Kept, key: str) -> None:
        """Whatever stands in an address is compared, and nothing else."""
        kept.record(visit("C1"))
        kept.engine(COUNTING).catch_up()

        assert look(kept, COUNTING, key).stream_id is None


class TestParked:
    def test_shows_a_parked_customers_row_with_the_event_where_it_stops(self, kept: Kept) -> None:
        """The freshness is the projection's; the row's is the customer's."""
        [_, stuck, last] = kept.record(visit("C1"), poison("C1"), visit("C2"))
        kept.engine(FRAGILE).catch_up()

        found = look(kept, FRAGILE)

        assert (found.text, found.parked_at, found.freshness.position) == ("1", stuck, last)
        assert look(kept, FRAGILE, "C2").parked_at is None

    def test_tells_of_a_customer_who_was_parked_before_having_a_row(self, kept: Kept) -> None:
        """Absent and parked is not the same as unknown."""
        [stuck] = kept.record(poison("C1"))
        kept.engine(FRAGILE).catch_up()

        found = look(kept, FRAGILE)

        assert (found.stream_id, found.parked_at) == (None, stuck)

    def test_does_not_confuse_parked_customers_of_other_builds_and_projections(self, kept: Kept) -> None:
        """Each build of each projection has its own."""
        other = counting("other", to_row=noted)
        kept.record(visit("C1"), poison("C1"))
        kept.engine(FRAGILE, other).catch_up()
        kept.engine(counting(version=2, to_row=noted), other).catch_up()

        assert look(kept, other).parked_at is None
        found = look(kept, COUNTING)
        assert found.freshness.version == 2
        assert found.parked_at is None

    def test_knows_the_customer_of_a_row_that_has_a_key_of_its_own(self, kept: Kept) -> None:
        """An application is found by its number; parked is its customer."""
        review = projections(load_definitions())[1]

        def key_of(told: RecordedEvent) -> str | None:
            stumble(told)
            key = review.key_of(told)
            return None if key is None else str(key)

        fragile = type(review)(**{**vars(review), "key_of": key_of})
        kept.record(submitted("C1", case="APP-1"), submitted("C2", case="APP-2"), submitted("C3", case="C1"))
        [stuck] = kept.record(
            event("application.withdrawn", {"reason": "no"}, customer="C1", case="APP-1", channel="phone")
        )
        kept.engine(fragile).catch_up()

        assert look(kept, fragile, "APP-1").parked_at == stuck
        assert look(kept, fragile, "APP-2").parked_at is None
        assert look(kept, fragile, "C1").parked_at is None


class _Noting:
    """Views that remember what each look was asked for, and may fail."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self.looks: list[list[str]] = []
        self.failure: Exception | None = None

    async def look(self, projection: Projection[Any], wanted: Sequence[Wanted]) -> list[Found]:
        self.looks.append([each.key for each in wanted])
        if self.failure is not None:
            raise self.failure
        return await self._views.look(projection, wanted)

    async def close(self) -> None:
        await self._views.close()


class TestTogether:
    def test_who_asks_in_one_moment_shares_a_look(self, kept: Kept) -> None:
        """Each gets their own, in whatever order the database tells them; the same key twice is no matter."""
        positions = kept.record(*(visit(f"C{number}") for number in range(20)))
        kept.engine(COUNTING).catch_up()
        keys = [f"C{number}" for number in (7, 3, 3, 19, 0, 99, 12)]

        async def asked() -> tuple[list[Found], int, _Noting]:
            async with looking(kept, COUNTING) as lookups:
                noting = _Noting(lookups._views)  # noqa: SLF001  # to see what they are asked
                together = Lookups(noting, [COUNTING])
                answers = [together.find("counting", Wanted(key, "note")) for key in keys]
                fresh = together.freshness("counting")
                return list(await asyncio.gather(*answers)), (await fresh).position, noting

        found, position, noting = wait_for(asked())

        assert [one.stream_id for one in found] == [key if key != "C99" else None for key in keys]
        assert noting.looks == [keys, []]
        assert position == positions[-1]

    def test_who_leaves_takes_nobody_along(self, kept: Kept) -> None:
        """Somebody who no longer waits, of many who do."""
        kept.record(visit("C1"))
        kept.engine(COUNTING).catch_up()

        async def asked() -> Found:
            async with looking(kept, COUNTING) as lookups:
                leaving, staying = (lookups.find("counting", Wanted("C1", "note")) for _ in range(2))
                leaving.cancel()
                return await staying

        assert wait_for(asked()).text == "1"

    def test_a_failure_is_everybodys_and_is_over_with_the_next_look(self, kept: Kept) -> None:
        """Nobody waits for ever, and nobody is told of a failure that others had."""
        kept.record(visit("C1"))
        kept.engine(COUNTING).catch_up()

        async def asked() -> list[Any]:
            async with looking(kept, COUNTING) as lookups:
                noting = _Noting(lookups._views)  # noqa: SLF001  # as above
                together = Lookups(noting, [COUNTING])
                noting.failure = ViewsUnavailable()
                both = [together.find("counting", Wanted("C1", "note")) for _ in range(2)]
                failed = await asyncio.gather(*both, return_exceptions=True)
                noting.failure = None
                return [*failed, await together.find("counting", Wanted("C1", "note"))]

        first, second, later = wait_for(asked())
        assert isinstance(first, ViewsUnavailable)
        assert isinstance(second, ViewsUnavailable)
        assert later.text == "1"


class TestLostConnections:
    def test_a_lost_connection_is_replaced(self, kept: Kept) -> None:
        """The next look finds a new one, without anybody being told."""
        if kept.storage.embedded:
            pytest.skip("a file has no connections to lose")
        kept.record(visit("C1"))
        kept.engine(COUNTING).catch_up()

        async def asked() -> Found:
            async with looking(kept, COUNTING) as lookups:
                await lookups.freshness("counting")
                with kept.views.connect() as connection:
                    connection.exec_driver_sql(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE application_name = 'journey-views' AND datname = current_database()"
                    )
                return await lookups.find("counting", Wanted("C1", "note"))

        assert wait_for(asked()).text == "1"

    def test_a_server_that_is_not_there_is_told(self) -> None:
        """In our own words, for the caller is told to come again."""
        url = URL.create("postgresql", host="127.0.0.1", port=9, database="none")

        async def asked() -> None:
            await PostgresViews(url).look(COUNTING, [])

        with pytest.raises(ViewsUnavailable):
            wait_for(asked())
