"""The reactor appends what policies want: once, upon the newest state, and of nobody's history."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from journey.appender import Submission
from journey.errors import ReadsUnrecorded
from journey.event_log import EventLog
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.listed import POLICIES
from journey.policies.policy import Appointment, Cause, Policy, Wanted
from journey.reacting import parking, table
from journey.reacting.facts import opened_data
from journey.reacting.reactor import Reactor
from journey.reads import table as reads
from journey.reads.records import Reading
from journey.settings import Settings
from journey.touchpoints.touchpoint import SEALED
from tests import loops
from tests.facts import NOON, event
from tests.journey.policies.happenings import assigned
from tests.journey.policies.specs import SHIPPED, arranged
from tests.journey.reacting.places import House, house
from tests.journey.writing import append, first

COMPLAINT = {"category": "fees", "severity": "normal", "description": "Too much", "contact": "13800000000"}
QUESTION = {"topic": "rates", "category": "mortgage"}
TICKET = {"class": "complaint", "product": "card", "problem": "It burns", "contact": "13911112222"}
_BEFORE_APPENDING = 2
ROUTED = [
    ("route-complaint", "complaint.assigned"),
    ("route-complaint", "work.scheduled"),
    ("notify-customer", "notification.requested"),
    ("notify-customer", "notification.requested"),
]


@pytest.fixture
def here(log: EventLog, settings: Settings) -> Iterator[House]:
    """Give a house where a reactor has begun, on SQLite and on PostgreSQL."""
    with house(log, settings) as found:
        found.react()
        yield found


def forget_everything(here: House) -> None:
    """Let reactors begin at the beginning of the log, as if none had been there."""
    with here.views.begin() as connection:
        for each in (table.CUSTOMERS, parking.PARKED):
            connection.execute(sa.delete(each))
        connection.execute(sa.update(table.CHECKPOINT).values(position=0, asked_until=0, turns="{}"))


class TestReacting:
    def test_routes_a_complaint(self, here: House) -> None:
        """It is assigned, its handler told, the customer notified; all say what they come of."""
        case = here.happens("complaint.registered", COMPLAINT)
        here.react()

        assert here.by_policies() == ROUTED
        registered, moved, told, *_, notified = here.all()
        assert {each.case for each in here.all()} == {case}
        assert moved.attributes == {"causationid": registered.id, "correlationid": registered.id}
        assert told.data == {
            "item": "complaint.handle",
            "resource": "customer-service",
            "team": "customer-service",
        }
        assert notified.attributes == {"causationid": moved.id, "correlationid": registered.id}
        assert [each.channel for each in here.all()[1:]] == ["system"] * 4

    def test_opens_the_complaint_that_a_ticket_is(self, here: House) -> None:
        """What is personal is opened, and sealed for its new place; all of it holds together."""
        here.happens("ticket.opened", TICKET, correlationid="story-7")
        here.react()

        ticket, complaint = here.all()[:2]
        assert (complaint.type, complaint.data["about"]) == ("complaint.registered", ticket.case)
        assert {each.attributes.get("correlationid") for each in here.all()} == {"story-7"}
        [converted] = [each for each in here.all() if each.type == "ticket.converted"]
        assert (converted.case, converted.data["complaint"]) == (ticket.case, complaint.case)
        assert converted.attributes["causationid"] == complaint.id
        for field in ("description", "contact"):
            assert str(complaint.data[field]).startswith(SEALED)
        assert complaint.data["contact"] != ticket.data["contact"]
        assert opened(here, complaint.data) == {
            "description": TICKET["problem"],
            "contact": TICKET["contact"],
        }

    def test_records_what_it_opens_to_pass_it_on(self, here: House) -> None:
        """Who, why, for which event; it is no bulk reading, whatever number of customers has tickets."""
        for number in range(5):
            here.happens("ticket.opened", TICKET, customer=f"C{number}")
        here.happens("complaint.registered", COMPLAINT, customer="C9")
        here.react()

        told = [each.told() for each in here.records.page(reads.Wanted(), None, 100)]
        assert {each["kind"] for each in told} == {"read"}
        assert sorted(each["customer"] for each in told) == [f"C{number}" for number in range(5)]
        [complaint] = [each for each in here.log.read_stream("C0") if each.type == "complaint.registered"]
        [one] = [each for each in told if each["customer"] == "C0"]
        assert (one["caller"], one["operation"]) == ("/policies/route-ticket", "react")
        assert (one["purpose"], one["request"]) == ("complaint.registered", complaint.id)
        assert one["fields"] == ["ticket.opened.contact", "ticket.opened.problem"]

    def test_passes_nothing_on_that_cannot_be_recorded(self, here: House) -> None:
        """It waits until it can be."""
        here.happens("ticket.opened", TICKET)
        broken = [True]

        async def record(readings: Sequence[Reading]) -> None:
            if broken[0]:
                raise ReadsUnrecorded
            await here.place.record(readings)

        reactor = here.reactor(place=here.place._replace(record=record))
        with pytest.raises(ReadsUnrecorded):
            here.react(reactor)
        assert here.by_policies() == []
        broken[0] = False
        here.react(reactor)
        assert ("route-ticket", "complaint.registered") in here.by_policies()

    def test_lets_handlers_take_turns_across_customers(self, here: House) -> None:
        """Nobody gets more than others."""
        cards = arranged(departments={"customer-service": {"handlers": ["li", "wang", "chen"]}})
        for number in range(7):
            here.happens("complaint.registered", COMPLAINT, customer=f"C{number}")
        here.react(here.reactor(cards))
        here.happens("complaint.registered", COMPLAINT, customer="C8")
        here.react(here.reactor(cards))

        handlers = [each.data["handler"] for each in here.all() if each.type == "complaint.assigned"]
        assert Counter(handlers) == {"li": 3, "wang": 3, "chen": 2}

    def test_leaves_off_what_is_switched_off(self, here: House) -> None:
        """The others go on."""
        here.happens("complaint.registered", COMPLAINT)
        here.react(here.reactor(arranged(switched_off=["route-complaint"])))

        assert here.by_policies() == [("notify-customer", "notification.requested")]

    def test_asks_again_where_the_stream_moved_on(self, here: House) -> None:
        """Somebody assigns by hand between asking and appending: nobody overrides that."""
        case = here.happens("complaint.registered", COMPLAINT)
        by_hand = assigned(case or "", handler="by-hand")

        readings = itertools.count(1)

        def clock() -> datetime:
            # The second time it is read right before the append; what is submitted first is written first.
            if next(readings) == _BEFORE_APPENDING:
                here.place.appender.submit(Submission([by_hand]))
            return NOON

        reactor = loops.call(lambda: Reactor(here.place, SHIPPED, POLICIES[1:2], clock))
        here.react(reactor)

        assert [each.data.get("handler") for each in here.all()] == [None, "by-hand"]
        assert reactor.counts.asked_again == 1

    def test_passes_what_the_rules_refuse(self, here: House) -> None:
        """Of a customer whose data may not be used no feedback is asked."""
        case = here.happens("consultation.requested", QUESTION)
        here.happens("consultation.answered", {"agent": "a"}, case=case)
        here.happens("consultation.resolved", {"outcome": "told", "first_contact": True}, case=case)
        here.happens("customer.restricted", {"request": "R1", "by": "zhao", "basis": "PIPL"})
        reactor = here.reactor()
        here.react(reactor)

        assert here.by_policies() == []
        assert reactor.counts.passed == 1

    def test_knows_nothing_personal(self, here: House) -> None:
        """States hold codes, moments and languages."""
        here.happens("customer.registered", {"name": "Zhao Min", "phone": "13800000000", "language": "en"})
        here.happens("complaint.registered", COMPLAINT)
        here.happens("ticket.opened", TICKET)
        here.react()

        with here.views.connect() as connection:
            state = connection.scalar(sa.select(table.CUSTOMERS.c.state)) or ""
        assert '"language":"en"' in state
        assert not any(each in state for each in (SEALED, "Zhao", "138000", "139111", "Too much", "burns"))


class TestOnce:
    def happen(self, here: House) -> None:
        """Let much happen to some customers."""
        for number in range(5):
            customer = f"C{number}"
            here.happens("complaint.registered", COMPLAINT, customer=customer)
            here.happens("ticket.opened", TICKET, customer=customer)
            case = here.happens("consultation.requested", QUESTION, customer=customer)
            here.happens("consultation.answered", {"agent": "a"}, customer=customer, case=case)
            resolved = {"outcome": "told", "first_contact": True}
            here.happens("consultation.resolved", resolved, customer=customer, case=case)

    def test_two_at_once_append_nothing_twice(self, here: House) -> None:
        """What each customer has is what one reactor would have given."""
        self.happen(here)
        here.react(here.reactor(), here.reactor(), here.reactor())

        per_customer = {
            stream_id: Counter(each.type for each in here.all() if each.stream_id == stream_id)
            for stream_id in {each.stream_id for each in here.all()}
        }
        assert len({tuple(sorted(each.items())) for each in per_customer.values()}) == 1
        assert per_customer["C1"]["complaint.assigned"] == 2
        assert per_customer["C1"]["feedback.invited"] == 1

    def test_a_replay_from_zero_appends_nothing(self, here: House) -> None:
        """Nobody remembers what was done, and the log does."""
        self.happen(here)
        here.react()
        here.pass_time(days=20)
        here.react()
        before = here.all()
        rows = self.rows(here)
        assert len(before) > len(self.rows(here)) * 10

        forget_everything(here)
        reactor = here.reactor()
        here.react(reactor)

        assert here.all() == before
        assert self.rows(here) == rows
        assert reactor.counts.known > 0

    def test_so_does_folding_customers_anew(self, here: House) -> None:
        """History begins earlier, so customers are folded from the log; nobody is asked again."""
        self.happen(here)
        here.react()
        before, rows = here.all(), self.rows(here)
        reactor = here.reactor(arranged(history_days=8))
        here.react(reactor)

        assert (here.all(), self.rows(here)) == (before, rows)
        assert reactor.counts.known == 0

    def rows(self, here: House) -> list[Any]:
        """Return how customers stand."""
        with here.views.connect() as connection:
            return list(connection.execute(sa.select(table.CUSTOMERS).order_by(table.CUSTOMERS.c.stream_id)))


class TestClock:
    def test_warns_and_escalates_once_each(self, here: House) -> None:
        """However often it looks."""
        here.happens("complaint.registered", COMPLAINT)
        here.react()
        for _ in range(40):
            here.pass_time(hours=12)
            here.react()

        watched = [each for each in here.by_policies() if each[0] == "watch-deadlines"]
        assert watched == [
            ("watch-deadlines", "work.scheduled"),
            ("watch-deadlines", "complaint.escalated"),
        ]
        warned, told = (each for each in here.all() if each.source == "/policies/watch-deadlines")
        assert NOON + timedelta(days=12) < warned.occurred_at <= NOON + timedelta(days=13)
        assert NOON + timedelta(days=15) < told.occurred_at <= NOON + timedelta(days=16)
        assert warned.attributes["correlationid"] == here.all()[0].id

    def test_loses_nothing_while_it_is_down(self, here: House) -> None:
        """All that was due meanwhile is done when it comes back."""
        here.happens("complaint.registered", COMPLAINT)
        here.react()
        here.pass_time(days=400)
        here.react()

        assert here.by_policies()[4:] == [
            ("watch-deadlines", "work.scheduled"),
            ("watch-deadlines", "complaint.escalated"),
        ]

    def test_a_clock_that_jumps_does_nothing_twice(self, here: House) -> None:
        """Forward and back again, past the limit and before it."""
        here.happens("complaint.registered", COMPLAINT)
        here.react()
        for jump in (13, -13, 20, -30, 30):
            here.pass_time(days=jump)
            here.react()

        watched = [type_ for policy, type_ in here.by_policies() if policy == "watch-deadlines"]
        assert watched == ["work.scheduled", "complaint.escalated"]

    def test_other_arrangements_make_other_moments(self, here: House) -> None:
        """A watch that was switched off looks at everybody when it is on again."""
        here.happens("complaint.registered", COMPLAINT)
        here.react(here.reactor(arranged(switched_off=["watch-deadlines"])))
        here.pass_time(days=20)
        here.react(here.reactor(arranged(switched_off=["watch-deadlines"])))
        assert len(here.by_policies()) == len(ROUTED)
        here.react()

        assert len(here.by_policies()) == len(ROUTED) + 2

    def test_what_is_refused_rests(self, here: House) -> None:
        """It is tried again when it might be allowed, and not all the time."""

        def answers(customer: Customer, _: Configuration) -> Iterator[Appointment]:
            for number in customer.cases:
                told = event("consultation.resolved", {"outcome": "x", "first_contact": True}).touchpoint
                yield Appointment(NOON, Wanted(told, number, number))

        here.happens("consultation.requested", QUESTION)
        reactor = here.reactor(policies=(Policy("hasty", watch=answers),))
        for _ in range(3):
            here.react(reactor)
        assert reactor.counts.passed == 1
        here.pass_time(hours=1)
        here.react(reactor)

        assert reactor.counts.passed == 1 + 1
        assert parking.parked(here.views) == []


class TestHistory:
    def test_what_is_recorded_late_moves_state_only(self, here: House) -> None:
        """Last year's log notifies nobody, now or when its limits are looked at."""
        here.happens("complaint.registered", COMPLAINT, at=NOON - timedelta(days=8))
        here.react()
        here.pass_time(days=100)
        here.react()

        assert here.by_policies() == []

    def test_a_case_of_the_past_that_goes_on_is_acted_upon(self, here: House) -> None:
        """From the first event on that is not history."""
        case = here.happens("complaint.registered", COMPLAINT, at=NOON - timedelta(days=8))
        here.happens("complaint.assigned", dict(assigned().data), case=case)
        here.react()
        assert here.by_policies() == [("notify-customer", "notification.requested")]
        here.pass_time(days=10)
        here.react()

        assert ("watch-deadlines", "complaint.escalated") in here.by_policies()

    def test_what_was_before_the_first_reactor_is_history(self, log: EventLog, settings: Settings) -> None:
        """A service that learns to act by itself does not begin with all that ever happened."""
        with house(log, settings) as here:
            here.happens("complaint.registered", COMPLAINT)
            here.react()
            here.pass_time(days=100)
            here.react()
            assert here.by_policies() == []

            here.happens("complaint.registered", {**COMPLAINT, "category": "staff"})
            here.react()
            assert here.by_policies() == ROUTED


class TestDefects:
    broken = True

    def fails_for_two(self, cause: Cause, _: Customer, __: Configuration) -> Iterator[Wanted]:
        """Fail for one customer, until it is mended."""
        if self.broken and cause.event.stream_id == "C2":
            raise ZeroDivisionError("a secret of the customer's")
        told = event("work.scheduled", {"item": f"v{cause.event.version}"}).touchpoint
        yield Wanted(told, cause.event.case)

    def test_park_one_customer_for_one_policy(self, here: House) -> None:
        """All others go on; when it is mended, what was missed is done."""
        bad = Policy("bad", self.fails_for_two, on=("consultation.requested",))
        policies = (bad, *POLICIES)
        reactor = here.reactor(policies=policies)
        for customer in ("C1", "C2", "C3", "C2"):
            here.happens("consultation.requested", QUESTION, customer=customer)
        here.react(reactor)

        assert [(each.stream_id, each.policy, each.error) for each in parking.parked(here.views)] == [
            ("C2", "bad", "ZeroDivisionError")
        ]
        assert Counter(here.by_policies()) == {
            ("bad", "work.scheduled"): 2,
            ("route-consultation", "consultation.assigned"): 4,
        }
        assert loops.wait_for(reactor.retry_parked()) == 0

        self.broken = False
        assert loops.wait_for(reactor.retry_parked()) == 1
        here.react(reactor)
        assert parking.parked(here.views) == []
        assert [
            each.data["item"] for each in here.all() if each.stream_id == "C2" and "bad" in each.source
        ] == [
            "v1",
            "v2",
        ]

    def test_are_mended_by_the_next_start(self, here: House) -> None:
        """Whoever has new code asks again."""
        bad = Policy("bad", self.fails_for_two, on=("consultation.requested",))
        here.happens("consultation.requested", QUESTION, customer="C2")
        here.react(here.reactor(policies=(bad,)))
        assert here.by_policies() == []
        self.broken = False
        here.react(here.reactor(policies=(bad,)))

        assert here.by_policies() == [("bad", "work.scheduled")]
        assert parking.parked(here.views) == []

    def test_are_tried_again_while_it_runs(self, here: House) -> None:
        """When they have rested; what happened meanwhile is asked about too, and once."""
        bad = Policy("bad", self.fails_for_two, on=("consultation.requested",))
        reactor = here.reactor(policies=(bad,))
        here.happens("consultation.requested", QUESTION, customer="C2")
        here.react(reactor)
        self.broken = False
        here.happens("consultation.requested", QUESTION, customer="C2")
        here.pass_time(seconds=59)
        here.react(reactor)
        assert here.by_policies() == []

        here.pass_time(seconds=1)
        here.happens("consultation.requested", QUESTION, customer="C2")
        here.react(reactor)
        here.react(reactor)
        assert here.by_policies() == [("bad", "work.scheduled")] * 3
        assert parking.parked(here.views) == []

    def test_rest_longer_each_time_and_not_for_ever(self, here: House) -> None:
        """Twice as long each time, a day at most; in the end only the next start asks, and begins anew."""
        asked: list[datetime] = []

        def fails(cause: Cause, *_: object) -> Iterator[Wanted]:
            asked.append(cause.event.occurred_at)
            raise ZeroDivisionError

        bad = Policy("bad", fails, on=("consultation.requested",))
        reactor = here.reactor(policies=(bad,))
        here.happens("consultation.requested", QUESTION)
        here.react(reactor)
        rests = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440]
        for attempt, minutes in enumerate(rests):
            now = here.pass_time()
            [waits] = parking.parked(here.views)
            assert (waits.attempts, waits.retry_at) == (attempt, now + timedelta(minutes=minutes))
            here.pass_time(minutes=minutes)
            here.react(reactor)
            assert len(asked) == attempt + 2
        here.pass_time(days=99)
        here.react(reactor)
        [waits] = parking.parked(here.views)
        assert (len(asked), waits.retry_at) == (13, None)

        here.react(here.reactor(policies=(bad,)))
        [waits] = parking.parked(here.views)
        assert (len(asked), waits.attempts, waits.retry_at) == (14, 1, here.pass_time(minutes=2))

    def test_of_the_clock_are_tried_again_too(self, here: House) -> None:
        """A watch that failed does what was due meanwhile."""

        def watches(customer: Customer, _: Configuration) -> Iterator[Appointment]:
            if self.broken:
                raise ZeroDivisionError
            told = event("work.scheduled", {"item": "x"}).touchpoint
            for number in customer.cases:
                yield Appointment(NOON, Wanted(told, number, number))

        reactor = here.reactor(policies=(Policy("bad", watch=watches),))
        here.happens("consultation.requested", QUESTION)
        here.react(reactor)
        assert [each.position for each in parking.parked(here.views)] == [0]
        self.broken = False
        here.pass_time(minutes=1)
        here.react(reactor)

        assert here.by_policies() == [("bad", "work.scheduled")]

    def test_in_what_is_wanted_park_too(self, here: House) -> None:
        """An event without the case that it needs can never be appended."""

        def wants_nonsense(*_: object) -> Iterator[Wanted]:
            yield Wanted(event("consultation.answered", {"agent": "x"}).touchpoint)

        here.happens("consultation.requested", QUESTION)
        here.react(here.reactor(policies=(Policy("bad", wants_nonsense, on=("consultation.requested",)),)))

        assert [each.error for each in parking.parked(here.views)] == ["CaseRequired"]

    def test_in_the_log_park_the_customer(self, here: House) -> None:
        """Whose events cannot be read is asked about nothing more, and holds up nobody."""
        here.happens("complaint.registered", COMPLAINT, customer="C2")
        here.react()
        damaged = event("interaction.recorded", {"touchpoint": "x", "action": "y"}, customer="C2")
        version = len(here.log.read_stream("C2")) + 1
        append(here.log, [first(damaged._replace(data={"touchpoint": 7}), version)])
        here.happens("complaint.registered", COMPLAINT, customer="C1")
        here.pass_time(days=20)
        reactor = here.reactor()
        here.react(reactor)

        assert [(each.stream_id, each.policy, each.error) for each in parking.parked(here.views)] == [
            ("C2", parking.EVERY, "DamagedEvent")
        ]
        here.pass_time(minutes=1)
        here.react(reactor)
        assert [each.attempts for each in parking.parked(here.views)] == [1]
        assert {each.stream_id for each in here.all() if "watch" in each.source} == {"C1"}
        assert loops.wait_for(reactor.retry_parked()) == 0

    def test_of_a_watch_park_it(self, here: House) -> None:
        """No time limit is guessed: without a rule set nobody is warned, and that is shown."""
        here.happens("complaint.registered", COMPLAINT)
        without_rules = Configuration.model_validate(SHIPPED.model_dump(mode="json"))
        here.react(here.reactor(without_rules))

        assert {(each.policy, each.error) for each in parking.parked(here.views)} == {
            ("route-complaint", "RulesUnknown"),
            ("watch-deadlines", "RulesUnknown"),
        }
        here.react()
        assert [each for each in here.by_policies() if each[0] == "route-complaint"] == ROUTED[:2]


def opened(here: House, data: Any) -> dict[str, Any]:
    """Open the personal fields of a complaint."""
    told = loops.wait_for(opened_data("complaint.registered", data, here.place.keyring))
    return {name: told[name] for name in ("description", "contact")}
