"""`POST /v1/customers/search`: found however it is written, by the latest profile, and on record."""

import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from journey.reads.table import Wanted
from journey.sealing.data_keys import DATA_KEYS
from journey.searching.table import SEARCH_CHECKPOINT, SEARCH_TERMS, forget, holds
from journey.storage import storage_of
from tests.api.posting import assert_problem
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.sites import Site, serving


@pytest.fixture
def number(request: pytest.FixtureRequest) -> str:
    """Give digits that belong to one test."""
    return f"{zlib.crc32(request.node.nodeid.encode()) % 10**8:08}"


def told(site: Site, channel: httpx.Client, customer: str, kind: str = "registered", **profile: Any) -> str:
    """Append a profile and wait until it can be searched."""
    event = cloudevent(f"customer.{kind}", profile, subject=customer)
    assert channel.post("/v1/events", json=event).status_code == 201
    site.service.search_index.catch_up()
    return customer


def search(client: httpx.Client, **what: Any) -> list[tuple[str, dict[str, str]]]:
    """Return whom a search finds, with the fields matched."""
    answer = client.post("/v1/customers/search", json=what)
    assert answer.status_code == 200, answer.text
    return [(item["customer"], item["matched"]) for item in answer.json()["items"]]


class TestFound:
    def test_however_it_is_written(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client, number: str
    ) -> None:
        """Width, case, spaces, signs and the country's code make no difference."""
        profile = {"name": f"Ａnna 陈{number}", "phone": f"138{number}", "id_number": f"11010{number}002x"}
        who = told(site, channel, f"S{number}", **profile)
        written: list[dict[str, str]] = [
            {"phone": f"138 {number[:4]}-{number[4:]}"},
            {"phone": f"+86 138{number}"},
            {"phone": f"0086138{number}"},
            {"phone": f"86138{number}"},
            {"name": f"anna陈{number}"},
            {"id_number": f"11010{number} 002X"},
        ]
        for what in written:
            assert search(analyst, **what) == [(who, dict.fromkeys(what, "current"))]
        assert search(analyst, phone=f"+1 138{number}") == []

    def test_all_that_is_named_must_fit(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client, number: str
    ) -> None:
        """Who shares a name is told apart by the phone."""
        for last in "12":
            told(site, channel, f"S{number}-{last}", name=f"王{number}", phone=f"13{number}{last}")

        assert len(search(analyst, name=f"王{number}")) == 2
        both = {"name": "current", "phone": "current"}
        assert search(analyst, name=f"王{number}", phone=f"13{number}2") == [(f"S{number}-2", both)]
        assert search(analyst, name=f"李{number}", phone=f"13{number}2") == []

    def test_the_latest_profile_counts(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client, number: str
    ) -> None:
        """An old phone number finds nobody, unless it is asked for."""
        who = told(site, channel, f"S{number}", name=f"王{number}", phone=f"137{number}")
        told(site, channel, who, "profile_changed", phone=f"139{number}")

        assert search(analyst, phone=f"137{number}") == []
        assert search(analyst, phone=f"137{number}", former=True) == [(who, {"phone": "former"})]
        assert search(analyst, phone=f"139{number}") == [(who, {"phone": "current"})]
        assert search(analyst, name=f"王{number}") == [(who, {"name": "current"})]
        told(site, channel, who, "profile_changed", phone=f"137{number}")
        assert search(analyst, phone=f"137{number}") == [(who, {"phone": "current"})]


class TestOnRecord:
    def test_each_who_is_found(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client, number: str
    ) -> None:
        """A search is recorded with whom it found, by which field, and without the value."""
        who = told(site, channel, f"S{number}", phone=f"138{number}")
        analyst.post(
            "/v1/customers/search", json={"phone": f"138{number}"}, headers={"Journey-Purpose": "call-in"}
        )
        (record,) = site.service.recorder.records.page(Wanted(customer=who), None, 10)
        said = record.told()

        assert (said["operation"], said["purpose"]) == ("search_customers", "call-in")
        assert said["fields"] == ["search.phone"]
        assert f"138{number}" not in str(said)

    def test_nothing_legible_is_kept(self, site: Site, channel: httpx.Client, number: str) -> None:
        """The index holds digests, which depend on a key."""
        who = told(site, channel, f"S{number}", name=f"CANARY{number}", phone=f"138{number}")
        with site.service.views.connect() as connection:
            rows = connection.execute(sa.select(SEARCH_TERMS).where(SEARCH_TERMS.c.stream_id == who)).all()

        assert {row.field for row in rows} == {"name", "phone"}
        assert all(len(bytes(row.digest)) == 32 for row in rows)
        assert "CANARY" not in str(rows)


class TestForgotten:
    def test_nothing_comes_back(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client, number: str
    ) -> None:
        """Who is forgotten is not found, also after the index was made anew: the keys are gone."""
        who = told(site, channel, f"S{number}", name=f"王{number}", phone=f"138{number}")
        other = told(site, channel, f"S{number}-other", phone=f"136{number}")
        storage = storage_of(site.service.settings)
        keys, views = storage.engine("keys", writer=True), site.service.search_index._views  # noqa: SLF001  # the one writer
        with keys.begin() as connection:
            gone = sa.update(DATA_KEYS).where(DATA_KEYS.c.stream_id == who)
            connection.execute(gone.values(wrapped=None, destroyed_at="2026-11-22"))
        keys.dispose()
        assert search(analyst, phone=f"138{number}") != []
        forget(views, who)
        assert search(analyst, phone=f"138{number}") == []
        with views.begin() as connection:
            connection.execute(sa.update(SEARCH_CHECKPOINT).values(position=0))
        site.service.search_index.catch_up()

        assert not holds(views, who)
        assert search(analyst, phone=f"138{number}") == []
        assert search(analyst, phone=f"136{number}") == [(other, {"phone": "current"})]


class TestRefused:
    @pytest.mark.parametrize(
        ("body", "code", "pointer"),
        [
            (b"{", "malformed-json", "#"),
            (b"{}", "invalid-parameter", "#"),
            (b'{"former":true}', "invalid-parameter", "#"),
            (b'{"phone":13800138000}', "invalid-parameter", "#/phone"),
            (b'{"phone":""}', "invalid-parameter", "#/phone"),
            (b'{"email":"a@b"}', "invalid-parameter", "#/email"),
            (b"[]", "invalid-parameter", "#"),
        ],
    )
    def test_what_is_no_search(self, analyst: httpx.Client, body: bytes, code: Any, pointer: str) -> None:
        """What is wrong is named by its place; what was sent is not told back."""
        answer = analyst.post("/v1/customers/search", content=body)

        assert_problem(answer, code, pointer)
        assert "138" not in answer.text

    def test_who_may_not(self, channel: httpx.Client, site: Site) -> None:
        """Channels and those who manage privacy do not search."""
        for client in (channel, site.client("privacy:manage"), site.client("status:read")):
            assert_problem(client.post("/v1/customers/search", json={"name": "x"}), "insufficient-scope")


def test_by_itself(tmp_path: Path) -> None:
    """In a service that keeps projections new customers are found without anybody's help."""
    with database_settings("sqlite", tmp_path / "data") as settings, serving(settings) as site:
        event = cloudevent("customer.registered", {"phone": "13800138000"}, subject="S1")
        site.client("events:write").post("/v1/events", json=event)
        client, head = site.client("journeys:read"), site.caught_up()
        for _ in range(200):
            answer = client.post("/v1/customers/search", json={"phone": "13800138000"})
            if int(answer.headers["journey-position"]) >= head:
                break
            site.service.log.wait_for_append(site.service.log.head(), 0.05)

        assert [item["customer"] for item in answer.json()["items"]] == ["S1"]
