"""Sealed personal data is opened in answers, for those who may read it, and nowhere else."""

import zlib
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from api.service import utc_now
from journey.storage import Part, storage_of
from journey.touchpoints.touchpoint import CLASSES
from tests.facts import cloudevent
from tests.sites import Site

NAME = "陈晓燕-CANARY"
REASON = 'said "CANARY" and left'


@pytest.fixture
def customer(site: Site, channel: httpx.Client, request: pytest.FixtureRequest) -> str:
    """Give a customer with a profile and a withdrawn application, seen by every projection."""
    who = f"R{zlib.crc32(request.node.nodeid.encode())}"
    sent = [
        cloudevent("customer.registered", {"name": NAME, "birth_year": 1980, "segment": "mass"}, subject=who),
        cloudevent("application.started", {"product": "personal-loan"}, subject=who, case=f"APP-{who}"),
        cloudevent("application.withdrawn", {"reason": REASON}, subject=who, case=f"APP-{who}"),
        cloudevent("offer.declined", {"offer": "o1", "reason": REASON}, subject=who, case=f"APP-{who}"),
    ]
    for each in sent:
        answer = channel.post("/v1/events?lifecycle=record", json=each)
        assert answer.status_code in (200, 201), answer.text
    site.caught_up()
    return who


class TestOpened:
    def test_everywhere(self, analyst: httpx.Client, customer: str) -> None:
        """State, journey and log tell personal data to those who may read them, as it was sent."""
        state = analyst.get(f"/v1/customers/{customer}").json()
        items = analyst.get(f"/v1/customers/{customer}/timeline").json()["items"]
        withdrawn = next(each for each in items if each["type"] == "application.withdrawn")

        assert state["profile"]["name"] == NAME
        assert state["profile"]["birth_year"] == 1980
        assert withdrawn["data"] == {"reason": REASON}
        assert REASON in analyst.get("/v1/events?limit=500").text.replace("\\", "")

    def test_length_is_right(self, analyst: httpx.Client, customer: str) -> None:
        """The length that an answer tells is that of its opened text."""
        answer = analyst.get(f"/v1/customers/{customer}/timeline")

        assert int(answer.headers["content-length"]) == len(answer.content)

    def test_streams(self, analyst: httpx.Client, customer: str) -> None:
        """Streams open what they send, too."""
        with analyst.stream("GET", f"/v1/customers/{customer}/stream") as stream:
            told = next(line for line in stream.iter_lines() if line.startswith("data:"))

        assert NAME in told


class TestClosed:
    def test_nothing_is_stored_legibly(self, site: Site, customer: str) -> None:
        """Neither the log nor a read model holds what is personal."""
        del customer
        storage = storage_of(site.service.settings)
        parts: tuple[Part, ...] = ("log", "views")
        for part in parts:
            engine = storage.engine(part, writer=False)
            with engine.connect() as connection:
                for table in sa.inspect(engine).get_table_names():
                    rows = connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()  # noqa: S608  # our own names
                    held = str([[_text(value) for value in row] for row in rows])
                    assert "CANARY" not in held, table
            engine.dispose()

    def test_erased(self, site: Site, analyst: httpx.Client, customer: str) -> None:
        """What was sealed with a key that is gone is told as erased, which no text can be."""
        assert analyst.get(f"/v1/customers/{customer}").json()["profile"]["name"] == NAME
        site.service.privacy.desk.destroyer.destroy(customer, CLASSES, utc_now())
        site.service.keyring.forget(customer)
        profile = analyst.get(f"/v1/customers/{customer}").json()["profile"]

        assert profile["name"] == profile["birth_year"] == {"erased": True}
        assert profile["segment"] == "mass"


class TestSent:
    @pytest.mark.parametrize(
        ("further", "pointer"),
        [
            ({"data": {"name": "cjs1.AAAA.BBBB"}}, "#/data/name"),
            ({"data": {"attributes": {"x": "see cjs1.AAAA"}}}, "#/data/attributes/x"),
            ({"id": "cjs1.AAAA.BBBB"}, "#/id"),
            ({"subject": "cjs1.AAAA.BBBB"}, "#/subject"),
            ({"correlationid": "cjs1.AAAA.BBBB"}, "#/correlationid"),
        ],
    )
    def test_what_looks_sealed_is_refused(
        self, channel: httpx.Client, further: dict[str, Any], pointer: str
    ) -> None:
        """Nobody can have somebody else's sealed data opened by sending it."""
        answer = channel.post("/v1/events", json=cloudevent("customer.registered", **{"data": {}} | further))

        assert answer.status_code == 422
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def _text(value: Any) -> Any:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else value
