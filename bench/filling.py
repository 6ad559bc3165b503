"""Large logs, made by the database itself out of one journey that the service has stored.

Ten events of one customer are posted, and what became of them is copied under other customers' names and with
other ids. So the rows are what the service writes, whatever its format is; only their digests are not those
of the content, which nothing looks at unless an event is sent again.
"""

import http.client
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import orjson
import psycopg

from bench.deployment import Deployment
from bench.events import customer
from bench.load import LoadFailed
from bench.requests import BATCHED

STEPS = 10
"""Events of one round of a journey."""
_WHO, _ROUND = "9999999", "roundno"
"""What stands in the pattern for the customer's number and for the round."""
_VISIT: tuple[str, str, dict[str, Any]] = (
    "mobile",
    "interaction.recorded",
    {"touchpoint": "page.view", "action": "view", "duration_s": 5.5},
)
_PATTERN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("mobile", "application.started", {"product": "personal-loan"}),
    _VISIT,
    (
        "mobile",
        "application.submitted",
        {"product": "personal-loan", "amount": 90000, "currency": "CNY", "materials": ["identity_card"]},
    ),
    ("system", "review.started", {"reviewer": "reviewer-7", "team": "review"}),
    (
        "system",
        "review.step_completed",
        {"step": "credit-check", "outcome": "passed", "reviewer": "reviewer-7"},
    ),
    ("system", "review.approved", {"terms": "3.85 % a year over 24 months"}),
    _VISIT,
    ("system", "delivery.started", {}),
    ("system", "delivery.completed", {"handover": "paid out"}),
    _VISIT,
)
"""An application from its start to its end: a long journey has many cases, and few of them are open."""
_COPIES = """
WITH pattern AS (
    SELECT * FROM stored_events WHERE originator_id = %(pattern)s AND originator_version = %(step)s
),
wanted AS (
    SELECT lpad(c::text, 7, '0') AS who, lpad(r::text, 7, '0') AS round, r
    FROM generate_series(%(first)s::int, %(last)s::int) c, generate_series(%(from)s::int, %(to)s::int) r
),
events AS (
    INSERT INTO stored_events (originator_id, originator_version, topic, state)
    SELECT replace(originator_id, %(who)s, who), originator_version + r * %(steps)s, topic,
        convert_to(replace(replace(convert_from(state, 'UTF8'), %(who)s, who), %(round)s, round), 'UTF8')
    FROM pattern, wanted ORDER BY r, who
),
keys AS (
    INSERT INTO event_keys (source, id, stream_id, version, digest)
    SELECT source, replace(replace(id, %(who)s, who), %(round)s, round), replace(stream_id, %(who)s, who),
        version + r * %(steps)s, sha256(convert_to(id || who || round, 'UTF8'))
    FROM event_keys, wanted WHERE stream_id = %(pattern)s AND version = %(step)s
)
INSERT INTO cases (number, stream_id)
SELECT replace(replace(number, %(who)s, who), %(round)s, round), replace(stream_id, %(who)s, who)
FROM cases, wanted WHERE stream_id = %(pattern)s AND %(step)s = 1
"""


def fill(deployment: Deployment, customers: range, *, rounds: int = 1, steps: int = STEPS) -> Iterator[int]:
    """Give each of `customers` so many rounds of the journey's first `steps` events.

    The customers' events stand one behind the other in the log, as those of real customers do. Yields the
    number of events after each step, so that progress can be shown.
    """
    url = str(deployment.place.url)
    _post_pattern(deployment)
    values = {
        "pattern": customer(int(_WHO)),
        "who": _WHO,
        "round": _ROUND,
        "steps": STEPS,
        "first": customers.start,
        "last": customers.stop - 1,
        "from": 0,
        "to": rounds - 1,
    }
    with psycopg.connect(url, autocommit=True) as connection:
        for step in range(1, steps + 1):
            connection.execute(_COPIES, {**values, "step": step})
            yield step * len(customers) * rounds
        connection.execute("VACUUM ANALYZE stored_events")
        connection.execute("VACUUM ANALYZE event_keys")
        connection.execute("VACUUM ANALYZE cases")


def filled(steps: Iterable[int]) -> int:
    """Fill to the end and return the number of events."""
    return list(steps)[-1]


def _post_pattern(deployment: Deployment) -> None:
    """Post the journey that is copied, unless it is there."""
    events = [
        {
            "specversion": "1.0",
            "id": f"fill-{_WHO}-{_ROUND}-{step}",
            "source": f"/channels/{channel}",
            "type": type_,
            "subject": customer(int(_WHO)),
            "time": "2026-03-16T09:00:00Z",
            "channel": channel,
            "data": data,
            **({} if type_ == "interaction.recorded" else {"case": f"FILL-{_WHO}-{_ROUND}"}),
        }
        for step, (channel, type_, data) in enumerate(_PATTERN, 1)
    ]
    headers = {"Authorization": f"Bearer {deployment.key}", "Content-Type": BATCHED}
    with closing(http.client.HTTPConnection("127.0.0.1", deployment.server.port)) as connection:
        connection.request("POST", "/v1/events", orjson.dumps(events), headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise LoadFailed(said[:500].decode())
