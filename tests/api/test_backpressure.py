"""Batches wait while the read models are behind, so that readers need not; nothing else does."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from api import backpressure
from tests.api.posting import post, post_batch, post_lines
from tests.conftest import DATABASES
from tests.databases import migrated_settings
from tests.facts import cloudevent
from tests.journey.writing import SOON, until
from tests.sites import Site, serving

LEAST = 1e-6
"""A lag that every event has at once that the read models do not show."""


@pytest.fixture(params=DATABASES)
def behind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Give a service whose read models are there, and lack an event; nobody keeps them but the test."""
    told = {"roles": frozenset({"api"}), "max_batch_lag": LEAST, "page_events": 1, "pages_per_pass": 1}
    with migrated_settings(request.param, tmp_path / "data", **told) as settings, serving(settings) as site:
        site.service.engine.prepare()
        site.service.engine.catch_up()
        assert post(site.client("events:write"), cloudevent()).status_code == 201
        yield site


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """Give threads that post meanwhile."""
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let batches wait as they do, in twentieths of a second in place of seconds."""
    monkeypatch.setattr(backpressure, "_LONGEST", 0.05)
    monkeypatch.setattr(backpressure, "_LOOK", 0.001)


@pytest.fixture
def operator(behind: Site) -> httpx.Client:
    """Give whoever asks how the service stands."""
    return behind.client("ops:admin")


def figures(operator: httpx.Client) -> tuple[float, float]:
    """Return how many batches wait, and for how many seconds batches have waited, as operators are told."""
    told = operator.get("/metrics").text
    samples = {
        each.name: each.value for family in text_string_to_metric_families(told) for each in family.samples
    }
    return samples["journey_batches_held"], samples["journey_batches_held_seconds_total"]


WAYS: dict[str, Callable[[httpx.Client], httpx.Response]] = {
    "batch": lambda client: post_batch(client, [cloudevent(), cloudevent()]),
    "lines": lambda client: post_lines(client, [cloudevent(), cloudevent()]),
    "atomic lines": lambda client: post_lines(client, [cloudevent(), cloudevent()], atomic="true"),
}


class TestHeld:
    @pytest.mark.parametrize("way", WAYS)
    def test_until_the_read_models_have_caught_up(
        self,
        behind: Site,
        operator: httpx.Client,
        aside: ThreadPoolExecutor,
        monkeypatch: pytest.MonkeyPatch,
        way: str,
    ) -> None:
        """Nothing of a batch is written before, and all of it then; single events pass meanwhile."""
        monkeypatch.setattr(backpressure, "_LONGEST", SOON)
        client, head = behind.client("events:write"), behind.service.log.head()
        posting: Future[httpx.Response] = aside.submit(WAYS[way], client)
        until(lambda: figures(operator)[0] == 1, "the batch waits")

        assert behind.service.log.head() == head
        assert post(behind.client("events:write"), cloudevent()).status_code == 201

        behind.service.engine.catch_up()
        assert posting.result(SOON).status_code == 200
        assert behind.service.log.head() == head + 3
        waiting, seconds = figures(operator)
        assert (waiting, seconds > 0) == (0, True)

    @pytest.mark.usefixtures("hurried")
    def test_no_longer_than_it_may(self, behind: Site, operator: httpx.Client) -> None:
        """Read models that nobody keeps are waited for once, and again only when they have moved."""
        client = behind.client("events:write")
        waited = []
        for _ in range(3):
            assert post_batch(client, [cloudevent()]).json()["accepted"] == 1
            waited.append(figures(operator)[1])
        behind.service.engine.catch_up()
        assert post(client, cloudevent()).status_code == 201
        assert post_batch(client, [cloudevent()]).json()["accepted"] == 1
        waited.append(figures(operator)[1])

        assert 0 < waited[0] == waited[1] == waited[2] < waited[3]

    @pytest.mark.usefixtures("hurried")
    def test_read_models_that_move_too_slowly(
        self, behind: Site, operator: httpx.Client, aside: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A batch goes on after a while all the same; the next one waits too, as somebody keeps them."""
        monkeypatch.setattr(backpressure, "_LONGEST", 1.0)
        client, other = behind.client("events:write"), behind.client("events:write")
        for _ in range(2):
            before = figures(operator)[1]
            posting = aside.submit(post_batch, client, [cloudevent()])
            while not posting.done():
                assert post(other, cloudevent()).status_code == 201
                assert post(other, cloudevent()).status_code == 201
                behind.service.engine.step()
            assert posting.result().json()["accepted"] == 1
            assert figures(operator)[1] > before

    @pytest.mark.usefixtures("hurried")
    def test_a_projection_that_is_left_behind(self, behind: Site, operator: httpx.Client) -> None:
        """One that nobody keeps is waited for once, however the others move: its new logic may be coming."""
        client = behind.client("events:write")
        views = behind.service.engine._views  # noqa: SLF001  # its build is made one of another logic
        with views.begin() as connection:
            connection.execute(sa.text("UPDATE projection_builds SET version = 99 WHERE name = 'timeline'"))
        behind.service.engine.catch_up()
        waited = []
        for _ in range(3):
            assert post_batch(client, [cloudevent()]).json()["accepted"] == 1
            behind.service.engine.catch_up()
            waited.append(figures(operator)[1])

        assert 0 < waited[0] == waited[1] == waited[2]


class TestNotHeld:
    def test_what_writes_nothing(self, behind: Site, operator: httpx.Client) -> None:
        """Whoever only asks whether events would be taken is told at once."""
        assert post_batch(behind.client("events:write"), [cloudevent()], validate_only="true").is_success
        assert figures(operator) == (0, 0)

    @pytest.mark.parametrize("most", [0.0, 60.0])
    @pytest.mark.parametrize("database", DATABASES)
    def test_as_the_operator_wishes(self, tmp_path: Path, database: str, most: float) -> None:
        """Below the lag that is set, or with none, batches go ahead."""
        roles = frozenset({"api"})
        with (
            migrated_settings(database, tmp_path / "data", roles=roles, max_batch_lag=most) as settings,
            serving(settings) as site,
        ):
            site.service.engine.prepare()
            client = site.client("events:write")
            assert post(client, cloudevent()).status_code == 201
            assert post_batch(client, [cloudevent()]).json()["accepted"] == 1
            assert figures(site.client("ops:admin")) == (0, 0)

    def test_where_there_are_no_read_models(self, tmp_path: Path) -> None:
        """A service to which nobody has added projections yet takes batches as ever."""
        roles = frozenset({"api"})
        with (
            migrated_settings("sqlite", tmp_path / "data", roles=roles, max_batch_lag=LEAST) as settings,
            serving(settings) as site,
        ):
            client = site.client("events:write")
            assert post(client, cloudevent()).status_code == 201
            assert post_batch(client, [cloudevent()]).json()["accepted"] == 1
            assert site.service.backpressure.seconds == 0
