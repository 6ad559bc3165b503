"""Each opening of personal data is recorded before it is told; what cannot be recorded is not told."""

import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import structlog
from typer.testing import CliRunner

from api.cli import app as cli
from journey.reads.table import READ_RECORDS, Chain, Wanted, check_chain
from journey.settings import Settings
from journey.storage import storage_of
from tests.api.calling import Running, running_app
from tests.api.posting import assert_problem
from tests.facts import cloudevent
from tests.processes import place
from tests.provider import token, trusting
from tests.sites import Site

NAME = "陈晓燕-CANARY"
PROFILE = {"name": NAME, "phone": "13800138000", "segment": "mass"}


def recorded(site: Any, customer: str) -> list[dict[str, Any]]:
    """Return what is recorded of a customer, the newest first."""
    page = site.service.recorder.records.page(Wanted(customer=customer), None, 500)
    return [each.told() for each in page]


def registered(site: Site, channel: httpx.Client, customer: str, **further: Any) -> str:
    """Append a profile and wait until it is seen."""
    event = cloudevent("customer.registered", {**PROFILE, **further}, subject=customer)
    assert channel.post("/v1/events", json=event).status_code == 201
    site.caught_up()
    return customer


@pytest.fixture
def customer(site: Site, channel: httpx.Client, request: pytest.FixtureRequest) -> str:
    """Give a customer with a profile of their own for each test."""
    return registered(site, channel, f"W{zlib.crc32(request.node.nodeid.encode())}")


class TestRecords:
    def test_who_why_whose_what(self, site: Site, analyst: httpx.Client, customer: str) -> None:
        """A record names caller, purpose, customer, fields and operation, and holds no value."""
        answer = analyst.get(f"/v1/customers/{customer}", headers={"Journey-Purpose": "complaint-4711"})
        assert answer.json()["profile"]["name"] == NAME
        (said,) = recorded(site, customer)

        assert said["kind"] == "read"
        assert said["caller"] == analyst.headers["authorization"].split()[1][:11]
        assert said["scopes"] == ["journeys:read"]
        assert said["purpose"] == "complaint-4711"
        assert said["operation"] == "get_customer"
        assert said["fields"] == ["customer.registered.name", "customer.registered.phone"]
        assert said["own"] is False
        assert "CANARY" not in str(said)

    def test_without_a_purpose(self, site: Site, analyst: httpx.Client, customer: str) -> None:
        """The operation's name stands for it."""
        analyst.get(f"/v1/customers/{customer}/timeline")

        assert [said["purpose"] for said in recorded(site, customer)] == ["get_timeline"]

    @pytest.mark.parametrize("purpose", ["to call Ms Chen", "x" * 65, "-"])
    def test_a_purpose_is_a_code(
        self, site: Site, analyst: httpx.Client, customer: str, purpose: str
    ) -> None:
        """Sentences, which may name somebody, are refused, and nothing is told."""
        for address in ("", "/stream"):
            answer = analyst.get(f"/v1/customers/{customer}{address}", headers={"Journey-Purpose": purpose})
            assert_problem(answer, "invalid-parameter", "#/header/Journey-Purpose")
            assert NAME not in answer.text
        assert recorded(site, customer) == []

    def test_each_customer_of_an_answer(self, site: Site, channel: httpx.Client, customer: str) -> None:
        """An answer about several customers makes a record of each, under one request."""
        other = registered(site, channel, f"{customer}-other")
        after = site.service.log.head() - 2
        site.client("journeys:read").get(f"/v1/events?after={after}")
        (one,), (two,) = recorded(site, customer), recorded(site, other)

        assert one["request"] == two["request"]
        assert one["operation"] == two["operation"] == "get_events"

    def test_answers_without_personal_data(self, site: Site, operator: httpx.Client, customer: str) -> None:
        """What opens nothing is not recorded: what is known already, and what is sealed to the caller."""
        first = operator.get(f"/v1/customers/{customer}")
        same = operator.get(f"/v1/customers/{customer}", headers={"If-None-Match": first.headers["etag"]})
        assert same.status_code == 304
        assert len(recorded(site, customer)) == 1
        operator.get("/v1/event-types")
        assert len(recorded(site, customer)) == 1

    def test_streams(self, site: Site, channel: httpx.Client, analyst: httpx.Client, customer: str) -> None:
        """A connection makes one record of the journey so far, and one of each look at the news."""
        changed = cloudevent("customer.profile_changed", {"name": NAME}, subject=customer)
        assert channel.post("/v1/events", json=changed).status_code == 201
        site.caught_up()
        with analyst.stream("GET", f"/v1/customers/{customer}/stream") as stream:
            lines = (line for line in stream.iter_lines() if line.startswith("data:"))
            assert NAME in next(lines)
            assert NAME in next(lines)
            (so_far,) = recorded(site, customer)
            again = {**changed, "id": f"{changed['id']}-again"}
            assert channel.post("/v1/events", json=again).status_code == 201
            assert NAME in next(lines)
        news, begun = recorded(site, customer)

        assert begun == so_far
        assert begun["fields"] == [f"customer.{each}" for each in _TOLD]
        assert news["fields"] == ["customer.profile_changed.name"]
        assert news["request"] == begun["request"]

    def test_many_at_once(self, site: Site, channel: httpx.Client, customer: str) -> None:
        """Readers at once each have their record, in one whole chain."""
        del channel
        clients = [site.client("journeys:read") for _ in range(8)]
        with ThreadPoolExecutor(8) as threads:
            list(
                threads.map(
                    lambda client: [client.get(f"/v1/customers/{customer}") for _ in range(5)], clients
                )
            )

        assert len(recorded(site, customer)) == 40
        assert _chain(site).fault is None


_TOLD = ["profile_changed.name", "registered.name", "registered.phone"]


class TestOwn:
    def test_once_an_hour(self, tmp_path: Path) -> None:
        """Customers' readings of their own data are one record each hour and operation."""
        settings = _settings(tmp_path)
        with running_app(settings) as app:
            _append(app, "customer-1")
            own = token("status:read", sub="customer-1")
            for _ in range(3):
                assert app.call("GET /v1/customers/customer-1", own).json()["profile"]["name"] == NAME
            app.call("GET /v1/customers/customer-1/timeline", own)
            told = recorded(app, "customer-1")

        assert [(said["operation"], said["own"]) for said in told] == [
            ("get_timeline", True),
            ("get_customer", True),
        ]


class TestBulk:
    def test_unusually_many(self, tmp_path: Path) -> None:
        """Who opens the data of more customers than usual is logged and recorded, once an hour."""
        with running_app(_settings(tmp_path, bulk_reading_customers=3)) as app:
            for number in range(6):
                _append(app, f"customer-{number}")
            staff, other = token("journeys:read", sub="li.na"), token("journeys:read", sub="wang.wei")
            with structlog.testing.capture_logs() as logged:
                for _ in range(2):
                    for number in range(3):
                        app.call(f"GET /v1/customers/customer-{number}", staff)
                        app.call(f"GET /v1/customers/customer-{number}", other)
                assert logged == []
                for number in range(6):
                    app.call(f"GET /v1/customers/customer-{number}", staff)
            bulk = app.service.recorder.records.page(Wanted(kind="bulk"), None, 10)

        assert [line["event"] for line in logged] == ["bulk_reading"]
        assert (logged[0]["caller"], logged[0]["customers"]) == ("token:li.na", 4)
        assert [(each.caller, each.told()["customers"]) for each in bulk] == [("token:li.na", 4)]

    def test_over_a_restart(self, tmp_path: Path) -> None:
        """What was read before counts on: who ends the service in between is noticed all the same."""
        settings = _settings(tmp_path, bulk_reading_customers=3)
        staff = token("journeys:read", sub="li.na")
        for run in range(3):
            with running_app(settings) as app:
                for number in range(2):
                    _append(app, f"customer-{run}{number}")
                    app.call(f"GET /v1/customers/customer-{run}{number}", staff)
                bulk = app.service.recorder.records.page(Wanted(kind="bulk"), None, 10)
            assert len(bulk) == (run > 0)


class TestUnrecorded:
    def test_nothing_personal_is_told(self, site: Site, analyst: httpx.Client, customer: str) -> None:
        """Where records cannot be written, answers with personal data are refused and others go on."""
        with _refusing(site):
            refused = analyst.get(f"/v1/customers/{customer}")
            assert_problem(refused, "reads-unrecorded")
            assert refused.status_code == 503
            assert NAME not in refused.text
            assert analyst.get("/v1/event-types").status_code == 200
        assert analyst.get(f"/v1/customers/{customer}").json()["profile"]["name"] == NAME
        assert len(recorded(site, customer)) == 1


class TestChain:
    @pytest.mark.parametrize("harm", ["UPDATE read_records SET caller = 'me'", "DELETE FROM read_records"])
    def test_the_table_refuses(self, site: Site, analyst: httpx.Client, customer: str, harm: str) -> None:
        """Records can be neither changed nor removed."""
        analyst.get(f"/v1/customers/{customer}")
        engine = storage_of(site.service.settings).engine("access", writer=True)
        with pytest.raises(sa.exc.DatabaseError, match="append-only"), engine.begin() as connection:
            connection.execute(sa.text(harm))
        engine.dispose()

    @pytest.mark.parametrize(
        ("harm", "reason"),
        [
            (
                sa.update(READ_RECORDS).where(READ_RECORDS.c.number == 2).values(caller="me"),
                "columns changed",
            ),
            (sa.update(READ_RECORDS).where(READ_RECORDS.c.number == 2).values(record=b"{}"), "changed"),
            (sa.delete(READ_RECORDS).where(READ_RECORDS.c.number == 2), "removed"),
        ],
    )
    def test_what_was_done_past_the_table_is_found(
        self, tmp_path: Path, harm: sa.Update | sa.Delete, reason: str
    ) -> None:
        """Who gets around the triggers breaks the chain at the place."""
        with running_app(_settings(tmp_path)) as app:
            _append(app, "customer-1")
            for _ in range(3):
                app.call("GET /v1/customers/customer-1", token("journeys:read", sub="li.na"))
            assert _chain(app).records == 3
            engine = storage_of(app.service.settings).engine("access", writer=True)
            with engine.begin() as connection:
                for verb in ("update", "delete"):
                    connection.execute(sa.text(f"DROP TRIGGER read_records_no_{verb}"))
                connection.execute(harm)
            engine.dispose()
            chain = _chain(app)
            verified = CliRunner().invoke(cli, ["verify", *place(app.service.settings)])

        assert chain.records == 1
        assert chain.fault == (2, reason)
        assert verified.exit_code == 1
        assert f"number 2 is not what was recorded ({reason})" in verified.output


def _settings(directory: Path, **further: Any) -> Settings:
    return Settings(data=directory / "data", roles=frozenset({"api"}), **trusting(directory), **further)


def _append(app: Running, customer: str) -> None:
    event = cloudevent("customer.registered", PROFILE, subject=customer)
    writer = token("events:write", sub="setting-up", source=event["source"])
    assert app.call("POST /v1/events", writer, event).status == 201
    app.service.engine.prepare()
    app.service.engine.catch_up()


@contextmanager
def _refusing(site: Site) -> Iterator[None]:
    """Let no reading be recorded while the block runs."""
    engine = storage_of(site.service.settings).engine("access", writer=True)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE read_records RENAME TO elsewhere"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO read_records"))
        engine.dispose()


def _chain(site: Any) -> Chain:
    engine = storage_of(site.service.settings).engine("access", writer=False)
    with engine.connect() as connection:
        found = check_chain(connection)
    engine.dispose()
    return found
