"""A bank for stories: the running service with a clock that the story sets, and its callers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from journey.reacting import parking, table
from journey.settings import Settings
from journey.storage import storage_of
from projections.verification import Checked, Difference, verify
from tests.api.posting import post
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.sites import Site, serving

OPENING = datetime(2026, 11, 2, 1, tzinfo=UTC)
"""Nine o'clock on a Monday morning in Shanghai."""
ARRANGEMENTS = """
[departments.customer-service]
handlers = ["customer-service"]
[departments.cards]
handlers = ["li.na", "chen.bo"]
seniors = ["sun.yu"]
[teams.front-desk]
members = ["mei", "jun"]
[teams.technical]
members = ["gao"]
[teams.private-bank]
members = ["fang"]
[complaints]
department = "customer-service"
categories = { card-fees = "cards" }
escalate_to = "president"
recontact_days = 3
attempts = 2
[consultations]
team = "front-desk"
segments = { private = "private-bank" }
call_back = "front-desk"
[tickets]
common = "front-desk"
complex = "technical"
category = "after-sales"
[applications]
team = "front-desk"
[feedback]
every_days = 30
handlers = ["care-desk"]
"""
"""What this bank has arranged: who handles, answers and follows up."""


class Case:
    """One case of a customer, as channels and staff see it."""

    def __init__(self, bank: "Bank", plural: str, customer: str, number: str) -> None:
        self.bank, self.plural, self.customer, self.number = bank, plural, customer, number

    def happens(self, type_: str, **data: Any) -> None:
        """Let something happen to it now."""
        self.bank.tell(self.customer, type_, data, case=self.number)

    def refuses(self, type_: str, **data: Any) -> list[str]:
        """Let something be refused; return the fields that it was refused for."""
        answer = self.bank.post(self.customer, type_, data, case=self.number)
        assert answer.is_client_error, answer.text
        return [error["pointer"] for error in answer.json()["errors"]]

    def now(self) -> dict[str, Any]:
        """Tell how it stands."""
        return self.bank.get(f"{self.plural}/{self.number}")

    @property
    def state(self) -> str:
        """Its state, as it is told to whoever asks."""
        state: str = self.now()["state"]
        return state

    def deadline(self) -> tuple[str, str]:
        """Tell how its time limit stands, and on which day it ends."""
        told = self.bank.get(f"{self.plural}/{self.number}/deadlines")
        return told["status"], told["due_at"][:10]


class Bank:
    """The service with every role, and whoever calls it."""

    def __init__(self, settings: Settings) -> None:
        self.today = OPENING
        self.site: Site
        self._settings, self._open, self._seen = settings, ExitStack(), 0

    def open(self) -> None:
        """Begin to serve."""
        self.site = self._open.enter_context(serving(self._settings, clock=lambda: self.today))
        self._channel = self.site.client("events:write")
        self._staff = self.site.client("status:read", "journeys:read", "cases:work")
        self._operator = self.site.client("ops:admin", "journeys:read")

    def close(self) -> None:
        """Serve no more."""
        self._open.close()

    def passes(self, **much: float) -> None:
        """Let time pass."""
        self.today += timedelta(**much)

    def passes_until(self, moment: str, **but: float) -> None:
        """Let time pass until so much before a moment."""
        self.today = datetime.fromisoformat(moment) - timedelta(**but)

    def later(self, **much: float) -> str:
        """Return the moment when so much time will have passed."""
        return (self.today + timedelta(**much)).isoformat()

    def post(self, customer: str, type_: str, data: dict[str, Any], **more: Any) -> httpx.Response:
        """Post what happens to a customer now."""
        attributes = {"subject": customer, "time": self.today.isoformat(), "channel": "phone", **more}
        return post(self._channel, cloudevent(type_, data, **attributes))

    def tell(self, customer: str, type_: str, data: dict[str, Any], **more: Any) -> str:
        """Tell the service what happens to a customer now; return the case that it happens to."""
        answer = self.post(customer, type_, data, **more)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return str(answer.json().get("case"))

    def opens(self, customer: str, type_: str, data: dict[str, Any], *, channel: str = "phone") -> Case:
        """Let a customer begin a case."""
        number = self.tell(customer, type_, data, channel=channel)
        return Case(self, f"{type_.partition('.')[0]}s", customer, number)

    def case(self, plural: str, customer: str) -> Case:
        """Return the latest case that a customer has of a kind."""
        items = self.get(plural, customer=customer)["items"]
        latest = max(items, key=lambda each: (each["opened_at"], each["position"]))
        return Case(self, plural, customer, latest["number"])

    def announces(self, **data: Any) -> Case:
        """Let the institution promise an improvement, which is given its number."""
        answer = post(
            self._channel,
            cloudevent(
                "improvement.announced", data, subject=None, channel=None, time=self.today.isoformat()
            ),
        )
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return Case(self, "improvements", answer.json()["customer"], answer.json()["case"])

    def improvement(self) -> Case:
        """Return the improvement that there is, whatever its state."""
        known = [
            *self.get("improvements")["items"],
            *self.get("improvements", turn="nobody")["items"],
        ]
        [number] = [each["number"] for each in known]
        return Case(self, "improvements", f"improvement:{number}", number)

    def names(self, path: str, **filters: Any) -> list[str]:
        """Return whose cases a work list has, in its order."""
        return [each["customer"] for each in self.get(path, **filters)["items"]]

    def counts(self, **filters: Any) -> dict[str, tuple[int, int, int, int]]:
        """Count open cases by group: all, overdue, soon to be, escalated."""
        return {
            each["value"]: (each["open"], each["overdue"], each["soon"], each["escalated"])
            for each in self.get("work/counts", **filters)["items"]
        }

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Ask for something when the service has done all that there was to do."""
        self.settles()
        answer = self._staff.get(f"/v1/{path}", params=query)
        assert answer.is_success, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def did(self) -> list[str]:
        """Return in short what the service did by itself since this was asked last."""
        self.settles()
        before, self._seen = self._seen, self.site.service.log.head()
        return [_short(each) for each in self.log(before) if each["source"].startswith("/policies/")]

    def did_from_day_to_day(self, days: int) -> dict[int, list[str]]:
        """Let days pass one by one; return in short what the service did on which of them."""
        done: dict[int, list[str]] = {}
        for day in range(1, days + 1):
            self.passes(days=1)
            done[day] = self.did()
        return {day: did for day, did in done.items() if did}

    def log(self, after: int = 0) -> Iterator[dict[str, Any]]:
        """Read the log, page by page."""
        address: str | None = f"/v1/events?after={after}&limit=500"
        while address:
            page = self._operator.get(address)
            assert page.is_success, page.text
            yield from page.json()["items"]
            address = page.json()["next"]

    def settles(self) -> None:
        """Wait until policies have met all that happened and is due, and every projection shows it."""
        deadline = monotonic() + 60
        while not self._rests():
            assert monotonic() < deadline, "the service does not come to rest"
            self.site.service.log.wait_for_append(self.site.service.log.head(), 0.02)

    def _rests(self) -> bool:
        views, log = self.site.service.views, self.site.service.log
        reached, moment = table.known_checkpoint(views).position, table.first_moment(views)
        # Policies append before they note their next moment: the log is looked at last.
        if (moment is not None and moment <= self.today) or reached != log.head():
            return False
        known = self._operator.get("/v1/projections").json()["items"]
        building = {build["status"] for each in known for build in each["builds"]} & {"building"}
        return not building and all(each["position"] == reached for each in known)

    def rebuilds(self) -> None:
        """Let every projection be built again from the log, beside the one that is read."""
        for name in self.site.service.projections:
            assert self._operator.post(f"/v1/projections/{name}/rebuild").is_success
        self.settles()

    def begins_again(self) -> None:
        """Open once more with policies that ask about the whole log, as if nobody ever had."""
        self.close()
        views = storage_of(self._settings).engine("views", writer=True)
        with views.begin() as connection:
            for each in (table.CUSTOMERS, parking.PARKED):
                connection.execute(each.delete())
            connection.execute(table.CHECKPOINT.update().values(position=0, asked_until=0, turns="{}"))
        views.dispose()
        self.open()

    def differences(self) -> list[Difference]:
        """Return what the read models do not tell as the log does."""
        service = self.site.service
        with service.views.connect() as connection:
            known = service.projections.values()
            return [each for one in known for each in verify(service.log, connection, one, Checked())]

    def parked(self) -> dict[str, int]:
        """Return projections and policies that have failed, with for how many customers."""
        answer = self.site.anonymous().get("/readyz").json()
        return {**answer["parked"], **answer["policies"]["parked"]}


def _short(event: dict[str, Any]) -> str:
    data = event["data"]
    match event["type"]:
        case "notification.requested":
            return f"message {data['template']} ({data['language']})"
        case "work.scheduled":
            return f"work {data['item']} for {data.get('resource') or data['team']}"
        case type_:
            return str(type_)


@contextmanager
def bank(kind: str, directory: Path) -> Iterator[Bank]:
    """Open the bank on an empty database of a kind, by the rules of mainland China."""
    arrangements = directory / "bank.toml"
    arrangements.write_text(ARRANGEMENTS, encoding="utf-8")
    every: Any = {"roles": {"api", "project", "react"}, "rule_set": "cn", "policies": arrangements}
    with database_settings(kind, directory / "data", **every) as settings:
        opened = Bank(settings)
        opened.open()
        try:
            yield opened
        finally:
            opened.close()
