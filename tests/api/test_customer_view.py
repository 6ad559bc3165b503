"""Customers are told what is theirs to know: what staff keep to themselves reaches them by no way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from journey.settings import Settings
from journey.touchpoints import STAFF_ONLY, TOUCHPOINTS
from journey.touchpoints.touchpoint import Touchpoint
from tests.api.calling import Answer, Running, running_app
from tests.facts import cloudevent
from tests.provider import token, trusting

FIXTURES = Path(__file__).parents[1] / "journey" / "fixtures" / "events"
TYPES = [
    name
    for name, declared in sorted(TOUCHPOINTS.items(), key=lambda each: not each[1].opens_case())
    if not declared.reserved and not name.startswith("improvement.")
]
"""Every type that a channel may tell of a customer, those first that open a case."""
CUSTOMER = "customer-1"
PLACES = (f"customers/{CUSTOMER}", f"customers/{CUSTOMER}/timeline?limit=500", "applications")


def _secret(type_: str, field: str) -> str:
    return f"SECRET-{type_}-{field}"


def _payload(type_: str) -> dict[str, Any]:
    """Return the example of a type, with a mark in every field that is for staff only."""
    declared = TOUCHPOINTS[type_]
    data: dict[str, Any] = orjson.loads((FIXTURES / f"{type_}.v{declared.schema_version}.json").read_bytes())
    for field in declared.staff_only_fields():
        for value in (_secret(type_, field), {"code": _secret(type_, field)}):
            if _fits(declared, changed := {**data, field: value}):
                data = changed
                break
        else:
            assert declared.staff_only, f"{type_} needs a mark for {field}"
    return data


def _fits(declared: type[Touchpoint], data: dict[str, Any]) -> bool:
    try:
        declared.model_validate_json(orjson.dumps(data))
    except ValidationError:
        return False
    return True


class Told:
    """A customer to whom everything has happened, and what was told of it after each event."""

    def __init__(self, app: Running) -> None:
        self.app, self.cases = app, dict[str, str]()
        self.staff, self.customer = (
            token(*scopes, sub=CUSTOMER) for scopes in (["journeys:read"], ["status:read"])
        )
        self.sent: dict[str, dict[str, Any]] = {}
        self.on_the_way = dict.fromkeys((self.staff, self.customer), b"")
        channel = app.service.keys.create(["events:write"], app.service.clock(), lifecycle="record")
        app.service.engine.prepare()
        for type_ in TYPES:
            self._happen(type_, channel)

    def _happen(self, type_: str, channel: str) -> None:
        kind = TOUCHPOINTS[type_].case
        case = self.cases.get(kind) if kind and not TOUCHPOINTS[type_].opens_case() else None
        self.sent[type_] = _payload(type_)
        event = cloudevent(
            type_, self.sent[type_], subject=CUSTOMER, case=case, authid=_secret(type_, "authid")
        )
        answer = self.app.call("POST /v1/events", channel, event)
        assert answer.status == 201, answer.content
        if kind:
            self.cases[kind] = answer.json()["case"]
        self.last = answer.json()["position"]
        self.app.service.engine.catch_up()
        for shown in self.on_the_way:
            places = [f"{kind}s/{number}" for kind, number in self.cases.items()]
            for place in (PLACES[0], *places):
                self.on_the_way[shown] += self.ask(place, shown).content

    def ask(self, place: str, shown: str, **more: str) -> Answer:
        """Ask for what stands at a place."""
        answer = self.app.call(f"GET /v1/{place}", shown, **more)
        assert answer.status == 200, answer.content
        return answer


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Give that customer, on SQLite."""
    directory = tmp_path_factory.mktemp("told")
    further: dict[str, Any] = {**trusting(directory), "customer_requests_per_second": 0}
    settings = Settings(data=directory / "data", roles=frozenset({"api"}), **further)
    with running_app(settings) as app:
        yield Told(app)


class TestSecrets:
    def test_reach_staff(self, told: Told) -> None:
        """Each of them: else the next test would prove nothing."""
        timeline = told.ask(PLACES[1], told.staff).content
        for type_, data in told.sent.items():
            for field in TOUCHPOINTS[type_].staff_only_fields():
                if "SECRET" in str(data.get(field)):
                    assert _secret(type_, field).encode() in timeline
            assert _secret(type_, "authid").encode() in timeline
        assert b"SECRET-review.started-reviewer" in told.on_the_way[told.staff]
        assert b"SECRET-review.step_completed-note" in told.on_the_way[told.staff]
        assert b"SECRET-customer.registered-risk_level" in told.on_the_way[told.staff]
        assert b"SECRET-complaint.assigned-handler" in told.on_the_way[told.staff]
        assert b"SECRET-consultation.transferred-reason" in told.on_the_way[told.staff]
        assert b"SECRET-feedback.follow_up_opened-because" in told.on_the_way[told.staff]

    def test_reach_no_customer(self, told: Told) -> None:
        """Not by state, status, list or journey, in no language, at no time on the way."""
        assert b"SECRET" not in told.on_the_way[told.customer]
        for place in PLACES:
            for language in ("en", "zh-CN"):
                assert b"SECRET" not in told.ask(place, told.customer, accept_language=language).content

    def test_reach_no_customer_who_follows(self, told: Told) -> None:
        """A stream tells what the answer does."""
        journey = f"customers/{CUSTOMER}/stream"
        items = told.ask(PLACES[1], told.customer).json()["items"]
        shown = max(item["position"] for item in items)

        assert b"SECRET" in told.ask(journey, told.staff, until=f"id: {told.last}").content
        assert b"SECRET" not in told.ask(journey, told.customer, until=f"id: {shown}").content
        for kind, number in told.cases.items():
            status = f"{kind}s/{number}/stream"
            assert b"SECRET" not in told.ask(status, told.customer, until="id: ").content


class TestWhatIsTold:
    def test_the_journey_has_every_other_event_with_every_other_field(self, told: Told) -> None:
        """Nothing else is left out."""
        items = told.ask(PLACES[1], told.customer).json()["items"]

        assert sorted(item["type"] for item in items) == sorted(set(TYPES) - set(STAFF_ONLY))
        for item in items:
            sent, shown = told.sent[item["type"]], TOUCHPOINTS[item["type"]].customer_fields()
            assert item["data"] == {name: value for name, value in sent.items() if name in shown}
            assert (item["by"], item["deviation"]) == (None, None)

    def test_pages_are_full(self, told: Told) -> None:
        """What is left out leaves no gap in a page, and a filter does not bring it back."""
        items = told.ask(f"{PLACES[1][:-3]}7", told.customer).json()["items"]
        assert len(items) == 7
        for type_ in STAFF_ONLY:
            assert told.ask(f"{PLACES[1]}&type={type_}", told.customer).json()["items"] == []
            shown = told.ask(f"{PLACES[1]}&type={type_}", told.staff).json()["items"]
            assert len(shown) == (type_ in TYPES)  # what only the service writes has not happened here

    def test_answers_to_customers_have_tags_of_their_own(self, told: Told) -> None:
        """Nobody takes staff's answer for theirs; and a tag that is still right spares the answer."""
        for place in (PLACES[0], *(f"{kind}s/{number}" for kind, number in told.cases.items())):
            staff, customer = (told.ask(place, shown) for shown in (told.staff, told.customer))
            assert staff.headers["etag"] != customer.headers["etag"]
            assert "deviations" in staff.json()
            assert "deviations" not in customer.json()
            for shown, answer, status in (
                (told.customer, customer, 304),
                (told.staff, staff, 304),
                (told.staff, customer, 200),
                (told.customer, staff, 200),
            ):
                again = told.app.call(f"GET /v1/{place}", shown, if_none_match=answer.headers["etag"])
                assert again.status == status

    def test_the_profile_is_theirs_but_for_what_others_make_of_them(self, told: Told) -> None:
        """What they told the institution they may see."""
        profiles = [told.ask(PLACES[0], shown).json()["profile"] for shown in (told.staff, told.customer)]

        assert profiles[0].keys() - profiles[1].keys() == {"risk_level", "income_band", "attributes"}
        assert profiles[1]["name"] == profiles[0]["name"]
