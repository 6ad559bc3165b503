"""A complaint goes to the department of its category and, by severity, to whoever's turn it is there.

An appeal goes there too, and to somebody else than whoever gave the answer, as long as there is anybody.
"""

from collections.abc import Iterator

from journey.events import RecordedEvent
from journey.policies.case import Case
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Cause, Wanted
from journey.policies.time_limits import deadline_of
from journey.touchpoints.complaint import ComplaintAppealed, ComplaintAssigned, ComplaintRegistered
from journey.touchpoints.work import WorkScheduled

HANDLE = "complaint.handle"
"""The item by which the handler is told."""
EXAMINE = "complaint.examine"
"""The item by which somebody is told to examine an answer that a customer does not accept."""


def route_complaint(cause: Cause, customer: Customer, configuration: Configuration) -> Iterator[Wanted]:
    """Assign a registered or appealed complaint, and tell its handler; who was assigned by hand stays so."""
    told, number = cause.event.touchpoint, cause.event.case
    appealed = isinstance(told, ComplaintAppealed)
    case = customer.case(number, "appealed" if appealed else "registered")
    if case is None:
        return
    department = _department(case.codes.get("category"), configuration)
    handlers = _examiners(case, configuration) if appealed else _handlers(case, configuration)
    handler = handlers[cause.turn % len(handlers)]
    deadline = deadline_of(case, configuration)
    if deadline is None:
        return
    assigned = ComplaintAssigned(department=department, handler=handler, due_at=deadline.due_at)
    yield Wanted(assigned, number, "assign")
    item = EXAMINE if appealed else HANDLE
    yield Wanted(WorkScheduled(item=item, resource=handler, team=department), number, "tell")


def queue_of_complaint(event: RecordedEvent, configuration: Configuration) -> str | None:
    """Name the queue: the department, and apart from it those of its seniors and of appeals."""
    match event.touchpoint:
        case ComplaintRegistered(category=category, severity=severity):
            severe = "!" if severity in configuration.complaints.severe else ""
            return f"complaints:{_department(category, configuration)}{severe}"
        case ComplaintAppealed():
            return "appeals"
        case _:
            return None


def _department(category: str | None, configuration: Configuration) -> str:
    complaints = configuration.complaints
    return complaints.categories.get(category or "", complaints.department)


def _handlers(case: Case, configuration: Configuration) -> tuple[str, ...]:
    department = configuration.departments[_department(case.codes.get("category"), configuration)]
    severe = case.codes.get("severity") in configuration.complaints.severe
    return department.seniors if severe and department.seniors else department.handlers


def _examiners(case: Case, configuration: Configuration) -> tuple[str, ...]:
    """Return who may examine an answer: seniors first, and nobody their own where there is another."""
    department = configuration.departments[_department(case.codes.get("category"), configuration)]
    ranks = (department.seniors, department.handlers)
    others = (tuple(each for each in rank if each != case.handler) for rank in ranks)
    return next(filter(None, others), department.handlers)
