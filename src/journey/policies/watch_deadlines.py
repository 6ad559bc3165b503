"""Time limits: the handler is warned before, somebody higher up is told when one has passed, once each."""

from collections.abc import Iterator
from datetime import timedelta

from journey.policies.case import Case
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Appointment, Wanted
from journey.policies.time_limits import deadline_of
from journey.touchpoints.complaint import ComplaintEscalated
from journey.touchpoints.notification import NotificationRequested
from journey.touchpoints.work import WorkScheduled

WARNING = "deadline.warning"
"""The item by which a handler is warned."""
OVERDUE = "materials.overdue"
"""The item by which staff learns that a customer has not handed in what was asked for."""
REMINDER = "materials.reminder"
"""The message that reminds the customer of it."""


def watch_deadlines(customer: Customer, configuration: Configuration) -> Iterator[Appointment]:
    """Say what is due when, for each case under way that has a limit."""
    for number, case in customer.cases.items():
        if not case.live or case.closed:
            continue
        if case.kind == "complaint":
            yield from _of_complaint(number, case, configuration)
        elif case.kind == "application" and case.state == "supplementing":
            yield from _of_materials(number, case, customer, configuration)


def _of_complaint(number: str, case: Case, configuration: Configuration) -> Iterator[Appointment]:
    deadline = deadline_of(case, configuration)
    # While it stands still nothing comes nearer; what is answered is not late.
    if deadline is None or deadline.stopped_at is not None or deadline.status == "suspended":
        return
    due_at, warn_at = deadline.due_at, deadline.warn_at
    if case.escalated(due_at):
        return
    if warn_at is not None and not case.given(WARNING, warn_at):
        warning = WorkScheduled(item=WARNING, resource=case.handler, team=case.department)
        yield Appointment(warn_at, Wanted(warning, number, f"{number} warned {due_at.isoformat()}"))
    to = configuration.complaints.escalate_to
    escalated = ComplaintEscalated(to=to, cause="overdue", deadline=due_at)
    yield Appointment(due_at, Wanted(escalated, number, f"{number} overdue {due_at.isoformat()}"))


def _of_materials(
    number: str, case: Case, customer: Customer, configuration: Configuration
) -> Iterator[Appointment]:
    due_at, applications = case.due_at, configuration.applications
    if due_at is None or case.given(OVERDUE, due_at):
        return
    remind_at = due_at - timedelta(days=applications.remind_days)
    if not case.given(REMINDER, remind_at):
        language = configuration.language(customer.language)
        reminder = NotificationRequested(template=REMINDER, language=language, about=number)
        yield Appointment(remind_at, Wanted(reminder, number, f"{number} reminded {due_at.isoformat()}"))
    overdue = WorkScheduled(item=OVERDUE, team=applications.team)
    yield Appointment(due_at, Wanted(overdue, number, f"{number} overdue {due_at.isoformat()}"))
