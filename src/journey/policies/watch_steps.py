"""Reviews and deliveries: staff learns of what takes too long, customers of a promise that is missed."""

from collections.abc import Iterator

from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Appointment, Wanted
from journey.policies.time_limits import limit_of_step
from journey.touchpoints.notification import NotificationRequested
from journey.touchpoints.work import WorkScheduled

REVIEW = "review.overdue"
"""The item by which the reviewer, or whoever ought to have begun, learns of it."""
DELIVERY = "delivery.overdue"
"""The item by which the team that looks after applicants learns of it."""
MISSED = "delivery.promise-missed"
"""The message that admits to the customer that what was promised is not there."""
_REVIEWED = frozenset({"submitted", "in_review"})


def watch_steps(customer: Customer, configuration: Configuration) -> Iterator[Appointment]:
    """Say when the step that runs of each application is overdue, once for each limit."""
    for number, case in customer.cases.items():
        limit = limit_of_step(case, configuration.processes) if case.live else None
        if limit is None:
            continue
        due_at, key = limit.due_at, f"{number} {limit.due_at.isoformat()}"
        in_review = case.state in _REVIEWED
        item = REVIEW if in_review else DELIVERY
        if not case.given(item, due_at):
            team = case.department if in_review and case.department else configuration.applications.team
            late = WorkScheduled(item=item, resource=case.handler if in_review else None, team=team)
            yield Appointment(due_at, Wanted(late, number, f"{key} {item}"))
        if limit.promised and not case.given(MISSED, due_at):
            language = configuration.language(customer.language)
            message = NotificationRequested(template=MISSED, language=language, about=number)
            yield Appointment(due_at, Wanted(message, number, f"{key} {MISSED}"))
