"""A complaint goes to the department of its category and, by severity, to whoever's turn it is there."""

from collections.abc import Iterator

from journey.events import RecordedEvent
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Cause, Wanted
from journey.policies.time_limits import deadline_of
from journey.touchpoints.complaint import ComplaintAssigned, ComplaintRegistered
from journey.touchpoints.work import WorkScheduled

HANDLE = "complaint.handle"
"""The item by which the handler is told."""


def route_complaint(cause: Cause, customer: Customer, configuration: Configuration) -> Iterator[Wanted]:
    """Assign a registered complaint, and tell its handler; who was assigned by hand stays so."""
    told, number = cause.event.touchpoint, cause.event.case
    case = customer.case(number, "registered")
    if not isinstance(told, ComplaintRegistered) or case is None:
        return
    department = _department(told, configuration)
    handlers = _handlers(told, configuration)
    handler = handlers[cause.turn % len(handlers)]
    deadline = deadline_of(case, configuration)
    if deadline is None:
        return
    assigned = ComplaintAssigned(department=department, handler=handler, due_at=deadline.due_at)
    yield Wanted(assigned, number, "assign")
    yield Wanted(WorkScheduled(item=HANDLE, resource=handler, team=department), number, "tell")


def queue_of_complaint(event: RecordedEvent, configuration: Configuration) -> str | None:
    """Name the queue: the department, and apart from it those of its seniors."""
    told = event.touchpoint
    if not isinstance(told, ComplaintRegistered):
        return None
    severe = "!" if told.severity in configuration.complaints.severe else ""
    return f"complaints:{_department(told, configuration)}{severe}"


def _department(told: ComplaintRegistered, configuration: Configuration) -> str:
    complaints = configuration.complaints
    return complaints.categories.get(told.category, complaints.department)


def _handlers(told: ComplaintRegistered, configuration: Configuration) -> tuple[str, ...]:
    department = configuration.departments[_department(told, configuration)]
    severe = told.severity in configuration.complaints.severe
    return department.seniors if severe and department.seniors else department.handlers
