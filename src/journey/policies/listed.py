"""The policies, one line each: the only place that lists them."""

from journey.policies.ask_feedback import ENDS, ask_feedback, expire_feedback
from journey.policies.call_back import call_back
from journey.policies.contact_again import contact_again
from journey.policies.follow_up import follow_up, queue_of_follow_up
from journey.policies.link_repeats import link_repeats
from journey.policies.notify_customer import CHANGES, PROMISES, notify_customer
from journey.policies.policy import Policy
from journey.policies.route_complaint import queue_of_complaint, route_complaint
from journey.policies.route_consultation import assign_reader, queue_of_consultation, route_consultation
from journey.policies.route_ticket import route_ticket
from journey.policies.watch_deadlines import watch_deadlines
from journey.policies.watch_steps import watch_steps

_SCORES = ("feedback.submitted", "complaint.confirmed", "ticket.confirmed")

# fmt: off
POLICIES: tuple[Policy, ...] = (
    Policy("link-repeats", link_repeats, on=("complaint.registered",)),
    Policy("route-complaint", route_complaint, on=("complaint.registered", "complaint.appealed"), queue=queue_of_complaint),  # noqa: E501  # one line each
    Policy("notify-customer", notify_customer, on=(*CHANGES, *PROMISES)),
    Policy("route-ticket", route_ticket, on=("ticket.opened", "complaint.registered")),
    Policy("route-consultation", route_consultation, on=("consultation.requested",), watch=assign_reader, queue=queue_of_consultation),  # noqa: E501  # one line each
    Policy("ask-feedback", ask_feedback, on=ENDS, watch=expire_feedback),
    Policy("follow-up", follow_up, on=_SCORES, queue=queue_of_follow_up),
    Policy("watch-deadlines", watch=watch_deadlines),
    Policy("watch-steps", watch=watch_steps),
    Policy("contact-again", watch=contact_again),
    Policy("call-back", call_back, on=("consultation.abandoned",)),
)
# fmt: on
"""In the order in which they are asked about one event."""
