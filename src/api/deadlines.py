"""`/v1/complaints/{number}/deadlines`: when a complaint is due, why then, and as of any moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.admission import Admitted
from api.parameters import Moment, case_number
from api.path_examples import CASES, NUMBER
from api.problems import Problem
from api.resources import CONTENT_LANGUAGE, language_for
from api.schemas import answers
from api.service import Service, service_of
from api.threads import in_thread
from journey.deadlines import ClockFact, Deadline, Reached, Step, explain, fact_of
from journey.deadlines.telling import STATUSES
from journey.rule_set import RuleSet
from journey.words import Language, Words

router = APIRouter(prefix="/complaints", tags=["complaints"])


@router.get(
    "/{number:path}/deadlines",
    summary="Explain a complaint's deadline",
    responses=answers("Deadlines", "the deadline, and the steps that led to it"),
    response_class=Response,
)
async def get_deadlines(
    request: Request,
    caller: Admitted,
    number: Annotated[str, Path(description=NUMBER, examples=[CASES["complaint"]])],
    as_of: Annotated[Moment | None, Query(description="as it stood at this moment; now by default")] = None,
    as_known_at: Annotated[
        Moment | None, Query(description="from what had been recorded by this moment; all by default")
    ] = None,
) -> Response:
    """Explain step by step when the complaint must be answered, and recompute it for any moment."""
    number, service, language = case_number(number), service_of(request), language_for(request)
    customer, facts = await in_thread(lambda: _facts(service, number))
    # A channel's clock may be ahead: what it told a moment ago has happened.
    moment = as_of or max([service.clock(), *(fact.at for fact in facts)])
    rules = service.processes.rules
    deadline = explain(facts, rules, as_of=moment, known_at=as_known_at)
    if customer is None or deadline is None or not caller.may_read(customer):
        raise Problem("not-found")
    body = {
        "complaint": number,
        "customer": customer,
        "as_of": moment,
        "as_known_at": as_known_at,
        **_told(deadline, rules.rules_for(deadline.rules, moment), language),
    }
    headers = {
        "Cache-Control": "private, no-cache",
        "Content-Language": CONTENT_LANGUAGE[language],
        "Vary": "Accept-Language, Authorization",
    }
    return Response(orjson.dumps(body), headers=headers, media_type="application/json")


def _facts(service: Service, number: str) -> tuple[str | None, Sequence[ClockFact]]:
    """Read what the log holds of a complaint's time limits, and whose complaint it is."""
    customer = service.log.stream_of(number)
    if customer is None:
        return None, ()
    # Whose a damaged event is nobody knows: it is not left out, and tells so.
    events = (each for each in service.log.read_stream(customer) if each.damaged or each.case == number)
    return customer, [fact for each in events if (fact := fact_of(each))]


def _told(deadline: Deadline, rule_set: RuleSet, language: Language) -> dict[str, Any]:
    zone = rule_set.calendar.zone
    track = next(each for each in rule_set.tracks if each.code == deadline.track)

    def say(words: Words) -> str:
        return words.in_language(language)

    def at(moment: datetime | None) -> datetime | None:
        return moment and moment.astimezone(zone)

    def milestone(reached: Reached) -> dict[str, Any]:
        status = {"status": reached.status, "status_name": say(STATUSES[reached.status])}
        return {"code": reached.code, "name": say(reached.name), "due_at": at(reached.due_at), **status}

    def step(taken: Step) -> dict[str, Any]:
        return {
            "kind": taken.kind,
            "at": at(taken.at),
            "says": say(taken.says),
            "due_at": at(taken.due_at),
            "days": taken.days,
            "source": taken.source and say(taken.source),
            "verified": taken.read if taken.source else None,
            "version": taken.version,
        }

    return {
        "status": deadline.status,
        "status_name": say(STATUSES[deadline.status]),
        "due_at": at(deadline.due_at),
        "warn_at": at(deadline.warn_at),
        "stopped_at": at(deadline.stopped_at),
        "overdue": deadline.is_overdue,
        "rules": {
            "stamp": rule_set.stamp,
            "name": say(rule_set.name),
            "source": say(rule_set.source),
            "read": rule_set.read,
            "unverified": [say(each) for each in rule_set.unverified],
            "track": track.code,
            "track_name": say(track.name),
            "time_zone": zone.key,
        },
        "milestones": [milestone(each) for each in deadline.milestones],
        "steps": [step(each) for each in deadline.steps],
    }
