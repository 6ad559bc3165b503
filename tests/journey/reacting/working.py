"""A reactor as a process of its own, for tests that kill it; and what they let happen to customers."""

import sys
import threading
from collections import Counter
from datetime import timedelta

from journey.event_log import open_event_log
from journey.settings import Settings
from journey.storage import only_writer, storage_of
from tests import loops
from tests.facts import NOON
from tests.journey.reacting.places import House, house

NOW = NOON + timedelta(days=4)
"""The time of the reactors that are killed."""
COMPLAINT = {"category": "fees", "severity": "normal", "description": "Too much", "contact": "13800000000"}
TICKET = {"class": "complaint", "product": "card", "problem": "It burns", "contact": "13911112222"}
QUESTION = {"topic": "rates", "category": "mortgage"}
EXPECTED_OF_ONE = Counter(
    {
        ("/policies/route-complaint", "complaint.assigned"): 2,
        ("/policies/route-complaint", "work.scheduled"): 2,
        ("/policies/notify-customer", "notification.requested"): 4,
        ("/policies/route-ticket", "complaint.registered"): 1,
        ("/policies/route-ticket", "ticket.converted"): 1,
        ("/policies/route-consultation", "consultation.assigned"): 1,
        ("/policies/ask-feedback", "feedback.invited"): 1,
    }
)
"""What policies append for each customer to whom it happens."""


def happen(here: House, first: int, count: int) -> None:
    """Let things happen to customers: a complaint, a ticket that is one, a question that is settled."""
    for number in range(first, first + count):
        customer = f"C{number}"
        here.happens("complaint.registered", COMPLAINT, customer=customer)
        here.happens("ticket.opened", TICKET, customer=customer)
        here.happens("consultation.requested", QUESTION, customer=customer)
        case = here.happens("consultation.requested", QUESTION, customer=customer)
        here.happens("consultation.answered", {"agent": "a"}, customer=customer, case=case)
        resolved = {"outcome": "told", "first_contact": True}
        here.happens("consultation.resolved", resolved, customer=customer, case=case)


def work(settings: Settings) -> None:
    """Let a reactor work until the process is killed."""
    with only_writer(storage_of(settings)):
        log = open_event_log(storage_of(settings), settings)
        with house(log, settings, NOW) as here:
            reactor = here.reactor()
            sys.stdout.write("begun\n")
            sys.stdout.flush()
            loops.call(reactor.start)
            threading.Event().wait()


if __name__ == "__main__":
    work(Settings.model_validate_json(sys.argv[1]))
