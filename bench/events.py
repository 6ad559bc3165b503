"""What is sent: touchpoints of 10,000 customers, uniformly random, each with an id of its own.

About half of them are contacts that are always lawful; the others open cases and move them through their
lifecycles, so that the rules have something to decide. The next step of a case is sent so many events after
the one before that it never overtakes it on another connection.
"""

import itertools
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

CUSTOMERS = 10_000
APART = 2_000
"""Events between two steps of a case, where events are posted one by one."""
APART_IN_BATCHES = 16_000
"""The same where some connections post batches of 1,000."""

_CONTACTS = (
    ("mobile", '{"touchpoint":"page.view","action":"view","outcome":"read","duration_s":%d.5}'),
    ("web", '{"touchpoint":"page.view","action":"compare-offers","outcome":"left","duration_s":%d.25}'),
    ("mobile", '{"touchpoint":"app.login","action":"login","outcome":"success","duration_s":%d.0}'),
    ("counter", '{"touchpoint":"branch.visit","action":"advice","outcome":"done","duration_s":%d.0}'),
)
_FEEDBACK = (
    "email",
    "feedback.submitted",
    '{"csat":4,"comment":"All questions were answered, thank you %d."}',
)
_SINGLE = (
    ("web", "consultation.self_served", '{"article":"faq-rates-%d","helpful":true}'),
    _FEEDBACK,
    (
        "email",
        "notification.sent",
        '{"template":"campaign-%d","medium":"email","about":"offers","reference":"m-1"}',
    ),
)
"""Cases of one event, which the service numbers; and messages."""
_APPLICATION = (
    "APP",
    ("mobile", "application.started", '{"product":"personal-loan"}'),
    ("mobile", "application.material_added", '{"material":"identity_card","reference":"doc-%d"}'),
    (
        "mobile",
        "application.submitted",
        '{"product":"personal-loan","amount":%d000,"currency":"CNY","materials":["identity_card"]}',
    ),
    ("system", "review.started", '{"reviewer":"reviewer-%d","team":"review"}'),
    (
        "system",
        "review.step_completed",
        '{"step":"credit-check","outcome":"passed","reviewer":"reviewer-%d"}',
    ),
    ("system", "review.approved", '{"terms":"3.85 %% a year over %d months"}'),
    ("system", "delivery.started", "{}"),
    ("system", "delivery.completed", '{"handover":"paid out, reference %d"}'),
)
_CONSULTATION = (
    "CON",
    ("chat", "consultation.requested", '{"topic":"repayment","category":"loan","question":"Early? (%d)"}'),
    ("chat", "consultation.assigned", '{"agent":"agent-%d","team":"service-desk"}'),
    ("chat", "consultation.answered", '{"agent":"agent-%d"}'),
    ("chat", "consultation.resolved", '{"outcome":"solved","first_contact":true}'),
)
_PATHS: tuple[Any, ...] = (_APPLICATION, _CONSULTATION)
_CONTACT_SHARE, _OPENING_SHARE = 0.55, 0.68
"""Of all events: contacts; and those below which a case is opened while no other waits for its next step."""
_ENVELOPE = (
    '{"specversion":"1.0","id":"%s","source":"/channels/%s","type":"%s","subject":"%s",'
    '"time":"%s","channel":"%s","correlationid":"session-%08d"%s,"data":%s}'
)
_Step = tuple[str, str, str]
"""Channel, type and data, with a place for a number."""


@dataclass(slots=True)
class _Case:
    """A case under way."""

    subject: str
    number: str
    steps: Iterator[_Step]
    due: int
    """Index of the event that may be its next step."""


def customer(number: int) -> str:
    """Return the id of a customer."""
    return f"customer-{number:07d}"


def events(
    name: str, *, apart: int = APART, customers: int = CUSTOMERS, first: int = 0, cases: bool = True
) -> Iterator[bytes]:
    """Yield CloudEvents without end, as JSON; `name` makes their ids and case numbers unique.

    They are those of `customers` customers from number `first` on; without `cases` they are contacts only.
    """
    draw = random.Random(name)  # noqa: S311  # load, no secrets
    waiting: deque[_Case] = deque()
    times = _times()
    for index in itertools.count():
        subject, number = customer(first + draw.randrange(customers)), ""
        if not cases or (lot := draw.random()) < _CONTACT_SHARE:
            channel, data = _CONTACTS[index % len(_CONTACTS)]
            step = (channel, "interaction.recorded", data)
        elif waiting and waiting[0].due <= index:
            case = waiting.popleft()
            subject, number = case.subject, case.number
            step = next(case.steps)
            _go_on(waiting, case, index + apart)
        elif lot < _OPENING_SHARE:
            kind, *path = _PATHS[index % len(_PATHS)]
            case = _Case(subject, f"{name}-{kind}-{index}", iter(path), index)
            number, step = case.number, next(case.steps)
            _go_on(waiting, case, index + apart)
        else:
            step = _SINGLE[index % len(_SINGLE)]
        yield _written(
            f"{name}-{index:09d}", step, subject, times[index % len(times)], number=number, index=index
        )


def first_words(name: str) -> Iterator[bytes]:
    """Yield one event of each customer, with a text of theirs: their key is made with it."""
    step, times = _FEEDBACK, _times()
    for index in range(CUSTOMERS):
        yield _written(
            f"{name}-{index:09d}", step, customer(index), times[index % len(times)], number="", index=index
        )


def _go_on(waiting: deque[_Case], case: _Case, due: int) -> None:
    """Let a case wait for its next step, if there is one."""
    ahead = next(case.steps, None)
    if ahead is not None:
        case.steps, case.due = itertools.chain((ahead,), case.steps), due
        waiting.append(case)


def _times() -> list[str]:
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    return [f"{(begin + timedelta(seconds=second)).isoformat()[:19]}Z" for second in range(3600)]


def _written(id_: str, step: _Step, subject: str, time: str, *, number: str, index: int) -> bytes:
    channel, type_, data = step
    told = f',"case":"{number}"' if number else ""
    content = data % (index % 999 + 1) if "%" in data else data
    envelope = (id_, channel, type_, subject, time, channel, index % 100_000_000, told, content)
    return (_ENVELOPE % envelope).encode()
