"""Every operation, for every kind of caller, about what is theirs and what is not: as the table says."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Literal

import pytest
from fastapi.routing import iter_route_contexts

from api.admission import admitted
from api.app import create_app
from api.keys import SCOPES
from api.openapi import describe
from api.policies import POLICIES, Policy
from journey import case_numbers
from journey.settings import Settings
from journey.storage import storage_of
from projections.metadata import PARKED
from tests.api.calling import Answer, Running, running_app
from tests.facts import cloudevent
from tests.provider import key, signed, token, trusting

Side = Literal["own", "foreign"]

OWNERS: dict[Side, tuple[str, str]] = {
    "own": ("customer-1", "/channels/one"),
    "foreign": ("customer-2", "/channels/two"),
}
"""Whose customer and source an object is: those of the callers below, or another's."""

STRANGERS: dict[str, Callable[[], str | None]] = {
    "nobody": lambda: None,
    "expired": lambda: _everything(exp=1),
    "wrong audience": lambda: _everything(aud="another-service"),
    "wrong algorithm": lambda: signed({"sub": "customer-1"}, {"alg": "RS512", "kid": "rsa"}, key("rsa")),
    "other tenant": lambda: _everything(tenant="another-bank"),
    "other issuer": lambda: _everything(iss="https://id.evil"),
    "other key": lambda: _everything(name="rsa-of-somebody"),
    "unknown key": lambda: "cj_00000000_AAAA",
}
CALLERS: dict[str, dict[str, Any]] = {
    "customer": {"scope": "status:read", "sub": "customer-1"},
    "customer who may write": {
        "scope": "status:read events:write",
        "sub": "customer-1",
        "source": "/channels/one",
    },
    "channel": {"scope": "events:write", "sub": "app", "source": "/channels/one"},
    "analyst": {"scope": "journeys:read analytics:read", "sub": "li.na"},
    "staff": {"scope": "cases:work status:read", "sub": "wang.wei"},
    "privacy officer": {"scope": "privacy:manage", "sub": "zhao.min"},
    "operator": {"scope": "ops:admin", "sub": "ops"},
    "nobody's scopes": {"scope": "email profile", "sub": "customer-1"},
}
OPEN = {"GET /healthz", "GET /readyz", "GET /problems", "GET /problems/{code}"}


def _everything(**more: Any) -> str:
    """Return a token that allows everything, but for what is wrong with it."""
    return token(*SCOPES, sub="customer-1", source="/channels/one", **more)


OPENING: dict[str, tuple[str, dict[str, Any]]] = {
    "application": (
        "application.submitted",
        {"product": "personal-loan", "amount": 100000, "currency": "CNY", "materials": []},
    ),
    "consultation": ("consultation.requested", {"topic": "rates", "category": "common"}),
    "complaint": (
        "complaint.registered",
        {"category": "fees", "severity": "low", "description": "d", "contact": "c"},
    ),
    "ticket": ("ticket.opened", {"class": "common", "product": "card", "problem": "p", "contact": "c"}),
    "survey": ("feedback.submitted", {"csat": 5}),
    "improvement": (
        "improvement.announced",
        {"area": {}, "plan": "p", "expected_by": "2027-01-31", "expected_effect": "e"},
    ),
}
"""By kind of case: the event that opens one."""


def _kind(policy: Policy) -> str:
    """Return the kind of case that an operation is about, where it is about one."""
    return next((kind for kind in OPENING if f"/{kind}s/" in policy.operation), "application")


class Bank:
    """A running app with a case of each kind of each of two customers."""

    def __init__(self, app: Running) -> None:
        self.app = app
        app.service.engine.prepare()
        self.numbers: dict[tuple[Side, str], str] = {}
        for side, (customer, source) in OWNERS.items():
            shown = token("events:write", sub="setting-up", source=source)
            for kind, (type_, data) in OPENING.items():
                whose = None if kind == "improvement" else customer
                event = cloudevent(type_, data, subject=whose, source=source)
                self.numbers[side, kind] = app.call("POST /v1/events", shown, event).json()["case"]
        for customer, source in OWNERS.values():
            shown = token("events:write", sub="setting-up", source=source)
            app.call("POST /v1/events", shown, cloudevent(subject=f"{customer}-private", source=source))
        app.service.engine.catch_up()
        integrator = app.service.integrator
        assert integrator is not None
        integrator.catch_up()
        self._park(OWNERS["foreign"][0])

    def _park(self, customer: str) -> None:
        """Let every projection have failed at an event of a customer: answers to whom may know tell that."""
        views = storage_of(self.app.service.settings).engine("views", writer=True)
        row = {"stream_id": customer, "position": 2, "type": "x", "error": "x", "parked_at": "x"}
        with views.begin() as connection:
            for name in self.app.service.projections:
                connection.execute(PARKED.insert().values(name=name, build=1, **row))
        views.dispose()

    def ask(self, policy: Policy, side: Side, shown: str | None) -> Answer:
        """Ask for what is one's own, or another's."""
        customer, source = OWNERS[side]
        body: Any = None
        if policy.endpoint == "post_events":
            body = cloudevent(subject=customer, source=source)
        elif policy.endpoint == "search_customers":
            body = {"name": "Anna"}
        elif policy.operation.startswith("POST /v1/customers/"):
            # What is restricted or erased is nobody's whom other rows need.
            customer, body = f"{customer}-private", {"request_id": "R1", "basis": "PIPL Art. 47"}
        places = {
            "{customer}": customer,
            "{number}": self.numbers[side, _kind(policy)],
            "{type}": "review.started",
            "{product}": "personal-loan",
            "{name}": "timeline",
            "{code}": "not-found",
        }
        operation = policy.operation
        for place, value in places.items():
            operation = operation.replace(place, value)
        if policy.endpoint == "list_applications":
            operation += f"?customer={customer}"
        if policy.endpoint == "get_inclusion":
            operation += f"?position={list(OWNERS).index(side) * len(OPENING) + 1}"
        if policy.endpoint == "get_consistency":
            operation += "?old=1"
        return self.app.call(operation, shown, body)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Give a bank on SQLite that trusts the provider, with no limit to failures."""
    directory = tmp_path_factory.mktemp("bank")
    further: dict[str, Any] = {
        "failures_per_second": 0,
        "requests_per_second": 0,
        "customer_requests_per_second": 0,
    }
    settings = Settings(data=directory / "data", roles=frozenset({"api"}), **trusting(directory), **further)
    with running_app(settings) as app:
        yield Bank(app)


def _is_admitted(policy: Policy, caller: dict[str, Any]) -> bool:
    scopes = set(caller["scope"].split())
    if "status:read" in scopes and not scopes - {"status:read", "events:write"}:
        return policy.customers
    return bool(scopes & set(policy.scopes))


def _expected(policy: Policy, caller: dict[str, Any], side: Side) -> tuple[int, ...]:
    """Return the statuses of which the table demands one."""
    if not policy.scopes:
        return (200,)
    if not _is_admitted(policy, caller):
        return (403,)
    if policy.endpoint == "get_inclusion":
        # What a channel told is its own; who may read journeys or runs the service may have proof of all.
        return (200,) if side == "own" or "source" not in caller else (404,)
    if policy.whose == "the source's":
        return (201,) if side == "own" else (403,)
    is_customer = not set(caller["scope"].split()) - {"status:read", "events:write"}
    if policy.whose == "the customer's" and is_customer and side == "foreign":
        return (200,) if policy.endpoint == "list_applications" else (404,)
    # A cosignature is taken whoever brings it, but not without a witness's signature.
    return (422,) if policy.endpoint == "post_cosignatures" else (200, 202, 409)


def _is_parked(bank: Bank) -> bool:
    answer = bank.ask(POLICIES["get_customer"], "foreign", token(**CALLERS["analyst"]))
    return "journey-parked" in answer.headers


def _of_a_customer(policy: Policy) -> bool:
    return policy.customers and policy.whose == "the customer's" and "{" in policy.operation


def _head(answer: Answer) -> dict[str, str]:
    return {n: value for n, value in answer.headers.items() if n not in ("content-length", "journey-lag")}


class TestTable:
    def test_every_route_has_its_row(self) -> None:
        """A route that nobody has decided on fails here."""
        app = create_app(Settings(database="postgresql://nowhere/nothing"))
        contexts = list(iter_route_contexts(app.routes))

        routes = {(c.name, f"{method} {c.path_format}") for c in contexts for method in c.methods or ()}
        assert routes == {(row.endpoint, row.operation) for row in POLICIES.values()}
        described = {
            f"{method.upper()} {path}"
            for path, operations in describe(app)["paths"].items()
            for method in operations
        }
        assert described | OPEN | {"GET /openapi.json"} == {row.operation for row in POLICIES.values()}

    def test_every_route_asks_the_table(self) -> None:
        """But for those that are open, and these are few."""
        app = create_app(Settings(database="postgresql://nowhere/nothing"))

        def asks(dependant: Any) -> bool:
            return dependant.call is admitted or any(map(asks, dependant.dependencies))

        unasked = {c.name for c in iter_route_contexts(app.routes) if not asks(c.dependant)}
        assert unasked == {row.endpoint for row in POLICIES.values() if not row.scopes}
        assert {row.operation for row in POLICIES.values() if not row.scopes} == OPEN

    def test_customers_write_nothing_and_run_nothing(self) -> None:
        """They read what is theirs, and what belongs to nobody."""
        for row in POLICIES.values():
            if row.customers:
                assert row.operation.startswith("GET ")
                assert row.whose != "the source's"
                assert "ops:admin" not in row.scopes or row.scopes == SCOPES


class TestEveryOperation:
    @pytest.mark.parametrize("side", OWNERS)
    @pytest.mark.parametrize("stranger", STRANGERS)
    @pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
    def test_for_whom_nobody_knows(self, bank: Bank, policy: Policy, stranger: str, side: Side) -> None:
        """Only what is open is answered, whatever the token would allow if it were good."""
        answer = bank.ask(policy, side, STRANGERS[stranger]())

        if not policy.scopes:
            assert answer.status == 200
            return
        assert answer.status == 401
        assert answer.json()["code"] == "unauthorized"
        assert answer.headers["www-authenticate"].startswith("Bearer ")

    @pytest.mark.parametrize("side", OWNERS)
    @pytest.mark.parametrize("caller", CALLERS)
    @pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
    def test_for_each_kind_of_caller(self, bank: Bank, policy: Policy, caller: str, side: Side) -> None:
        """As the table says, and nothing of others."""
        answer = bank.ask(policy, side, token(**CALLERS[caller]))

        assert answer.status in _expected(policy, CALLERS[caller], side), answer.content
        if answer.status == 403 and not _is_admitted(policy, CALLERS[caller]):
            assert answer.json()["scopes"] == list(policy.scopes)
            needed = f'Bearer error="insufficient_scope", scope="{" ".join(policy.scopes)}"'
            assert answer.headers["www-authenticate"] == needed
        if caller.startswith("customer") and policy.whose == "the customer's":
            assert b"customer-2" not in answer.content.replace(b'"instance":"/v1/customers/customer-2', b"")

    @pytest.mark.parametrize("scope", SCOPES)
    @pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
    def test_for_a_key_of_each_scope(self, bank: Bank, policy: Policy, scope: Any) -> None:
        """A key has no subject: its scope is for all customers, or none."""
        shown = bank.app.service.keys.create([scope], bank.app.service.clock(), source="/channels/one")

        admitted = not policy.scopes or scope in policy.scopes
        assert (bank.ask(policy, "own", shown).status == 403) != admitted
        assert bank.ask(policy, "own", shown[:-1]).status == (401 if policy.scopes else 200)


class TestOthers:
    @pytest.mark.parametrize("endpoint", [row.endpoint for row in POLICIES.values() if _of_a_customer(row)])
    def test_what_is_anothers_looks_like_what_is_not_there(self, bank: Bank, endpoint: str) -> None:
        """The answers differ in nothing but the address, and how far the projections lag."""
        shown, asked = token(**CALLERS["customer"]), POLICIES[endpoint].operation
        kind: Any = _kind(POLICIES[endpoint])
        number = case_numbers.number(kind, "/channels/one", "never", date(2026, 11, 20))
        foreign = bank.ask(POLICIES[endpoint], "foreign", shown)
        absent = bank.app.call(asked.format(customer="customer-9", number=number), shown)

        assert _is_parked(bank)
        assert foreign.status == absent.status == 404
        told = [{**answer.json(), "instance": None} for answer in (foreign, absent)]
        assert told[0] == told[1]
        assert _head(foreign) == _head(absent)

    def test_a_list_is_of_ones_own(self, bank: Bank) -> None:
        """Whatever the filter names."""
        shown = token(**CALLERS["customer"])
        for query, numbers in (("", [bank.numbers["own", "application"]]), ("?customer=customer-2", [])):
            items = bank.app.call(f"GET /v1/applications{query}", shown).json()["items"]
            assert [item["number"] for item in items] == numbers

    def test_a_channel_writes_only_as_its_own_source(self, bank: Bank) -> None:
        """Also in a batch: its own events are taken, the others refused, each by itself."""
        events = [cloudevent(source=source, subject="customer-3") for _, source in OWNERS.values()]
        answer = bank.app.call(
            "POST /v1/events",
            token(**CALLERS["channel"]),
            events,
            content_type="application/cloudevents-batch+json",
        )
        assert answer.status == 207
        assert [item["status"] for item in answer.json()["items"]] == ["accepted", "rejected"]
