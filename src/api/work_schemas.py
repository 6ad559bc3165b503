"""What answers about cases and work lists look like, for the OpenAPI description."""

from collections.abc import Mapping
from typing import get_args

from api.schemas import INSTANT, NUMBER, TEXT, TRUTH, WHOLE, Schema
from journey.touchpoints.touchpoint import CaseKind
from projections.case_facts import FACTS, FOR_STAFF
from projections.case_links import IMPROVED
from projections.effect import Verdict
from projections.effect_measures import Unit

_FACTS: Mapping[str, Schema] = {
    "measures": {"type": "array", "items": {}},
    "attempts": WHOLE,
    "csat": WHOLE,
    "nps": WHOLE,
    "ces": WHOLE,
    "satisfied": TRUTH,
    "first_contact": TRUTH,
    "helpful": TRUTH,
    "solved": TRUTH,
}
"""The facts that are no text."""
_PERSONAL: Schema = {"type": "object", "description": "stands for what is erased, sealed or restricted"}


def _maybe(*schemas: Schema) -> Schema:
    return {"anyOf": [*schemas, {"type": "null"}]}


def _all(**members: Schema) -> Schema:
    return {"type": "object", "required": list(members), "properties": members}


def _with(maybe: Mapping[str, Schema], **members: Schema) -> Schema:
    whole = _all(**members)
    return {**whole, "properties": {**members, **maybe}}


def _page(name: str) -> Schema:
    items: Schema = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
    page = _all(items=items, next=_maybe(TEXT))
    return {**page, "properties": {**page["properties"], "stale": TRUTH}}


_STEP = _all(type=TEXT, title=TEXT, says=TEXT, at=INSTANT, by=_maybe(TEXT), note=_maybe(TEXT, _PERSONAL))
_WAITING_FOR = _all(
    who={"enum": ["customer", "institution", "nobody"]},
    name=_maybe(TEXT),
    since=INSTANT,
    until=_maybe(INSTANT),
    **{"for": _maybe(TEXT)},
)
_WAITING = _all(waited_s=NUMBER, since=_maybe(INSTANT), means=TEXT)


_PROMISED = _all(
    number=TEXT,
    state=_maybe(TEXT),
    state_name=TEXT,
    plan=_maybe(TEXT),
    expected_by={**_maybe({"type": "string", "format": "date"}), "description": "the day that was promised"},
    expected_effect=_maybe(TEXT),
)
_ANSWERED = _all(
    number=TEXT,
    kind=TEXT,
    kind_name=TEXT,
    customer=TEXT,
    state=_maybe(TEXT),
    state_name=TEXT,
    opened_at=INSTANT,
)
_AREA = _all(
    stage=_maybe(TEXT),
    stage_name=_maybe(TEXT),
    channel=_maybe(TEXT),
    channel_name=_maybe(TEXT),
    product=_maybe(TEXT),
)


_COMPARED = _all(
    measure=TEXT,
    name=TEXT,
    before=NUMBER,
    after=NUMBER,
    before_n=_maybe(WHOLE),
    after_n=_maybe(WHOLE),
)
_SPAN = _all(**{"from": INSTANT}, until={**INSTANT, "description": "not in it"}, days=NUMBER)
_RANGE: Mapping[str, Schema] = {"value": _maybe(NUMBER), "low": _maybe(NUMBER), "high": _maybe(NUMBER)}
_FIGURE = _all(
    n={**WHOLE, "description": "of how many it is made"},
    of={**WHOLE, "description": "how many have it, or may have it yet"},
    **_RANGE,
)
_MEASURE = _all(
    measure=TEXT,
    name=TEXT,
    definition=TEXT,
    unit={"enum": list(get_args(Unit)), "description": "share: of 1; s: seconds"},
    better_is={"enum": ["higher", "lower"]},
    before=_FIGURE,
    after=_maybe(_FIGURE),
    difference=_maybe(_all(**_RANGE)),
    verdict={"enum": list(get_args(Verdict))},
    verdict_name=TEXT,
    says=_maybe(TEXT),
)


def _case(kind: CaseKind) -> Schema:
    facts = {name: _maybe(_FACTS.get(name, TEXT), _PERSONAL) for name in FACTS[kind] if name != "due_at"}
    shown = {name: schema for name, schema in facts.items() if (kind, name) not in FOR_STAFF}
    whole = _all(
        number=TEXT,
        kind=TEXT,
        kind_name=TEXT,
        customer=TEXT,
        state=_maybe(TEXT),
        state_name=TEXT,
        channel=_maybe(TEXT),
        channel_name=_maybe(TEXT),
        opened_at=INSTANT,
        updated_at=INSTANT,
        waiting_for=_WAITING_FOR,
        next=TEXT,
        **shown,
        due_at=_maybe(INSTANT),
        **({"waiting": _WAITING} if kind == "consultation" else {}),
        steps={"type": "array", "items": _STEP},
        steps_before={**WHOLE, "description": "earlier steps, which the timeline tells"},
        version=WHOLE,
        position=WHOLE,
    )
    not_told = "not told to customers"
    for_staff = {
        name: {**schema, "description": not_told} for name, schema in facts.items() if name not in shown
    }
    if kind in IMPROVED:
        whole = _all(**whole["properties"], improvements={"type": "array", "items": _PROMISED})
    more = {"stale": TRUTH, "deviations": {**WHOLE, "description": not_told}, **for_staff}
    return {**whole, "properties": {**whole["properties"], **more}}


WORK_SCHEMAS: dict[str, Schema] = {
    "Consultation": _case("consultation"),
    "Complaint": _case("complaint"),
    "Ticket": _case("ticket"),
    "Survey": _case("survey"),
    "Improvement": _with(
        {"stale": TRUTH},
        **_PROMISED["properties"],
        area=_AREA,
        turn={"enum": ["institution", "nobody"], "description": "nobody: its effect is measured"},
        opened_at=INSTANT,
        updated_at=INSTANT,
        since={**INSTANT, "description": "when the present state began"},
        answers={"type": "array", "items": TEXT, "description": "complaints and surveys, as announced"},
        cases={"type": "array", "items": _ANSWERED, "description": "those of them that are known here"},
        steps={"type": "array", "items": _all(type=TEXT, title=TEXT, says=TEXT, at=INSTANT)},
        figures={"type": "array", "items": _COMPARED, "description": "as recorded with its verification"},
        conclusion=_maybe(TEXT),
        deviations=WHOLE,
        version=WHOLE,
        position=WHOLE,
    ),
    "Effect": _with(
        {"stale": TRUTH},
        number=TEXT,
        state=_maybe(TEXT),
        state_name=TEXT,
        area=_AREA,
        before=_SPAN,
        after={**_maybe(_SPAN), "description": "null until the improvement is in effect"},
        measures={"type": "array", "items": _MEASURE},
        means={**TEXT, "description": "what is compared, and what cannot be concluded from it"},
    ),
    "Work": _all(
        number=TEXT,
        kind=TEXT,
        kind_name=TEXT,
        customer={**_maybe(TEXT), "description": "null of an improvement"},
        state=_maybe(TEXT),
        state_name=TEXT,
        turn={"enum": ["customer", "institution", "nobody"], "description": "who holds the ball"},
        team=_maybe(TEXT),
        handler=_maybe(TEXT),
        step=_maybe(TEXT),
        channel=_maybe(TEXT),
        channel_name=_maybe(TEXT),
        product=_maybe(TEXT),
        category=_maybe(TEXT),
        opened_at=INSTANT,
        since={**INSTANT, "description": "when the present state began"},
        elapsed_s={**NUMBER, "description": "for how many seconds it is in that state"},
        due_at=_maybe(INSTANT),
        overdue=TRUTH,
        soon={**TRUTH, "description": "the last part of the time until `due_at` runs"},
        escalated=TRUTH,
        position=WHOLE,
        as_of={**INSTANT, "description": "when it was so: the moment of asking"},
    ),
    "Care": _all(
        kind=TEXT,
        kind_name=TEXT,
        at=_maybe(INSTANT),
        channel=_maybe(TEXT),
        campaign=_maybe(TEXT),
        response={**_maybe(TEXT), "description": "what came of it"},
        responded_at=_maybe(INSTANT),
    ),
    "Risk": _all(
        score={**WHOLE, "description": "from 0 to 100: the sum of what the reasons add"},
        level={"enum": ["low", "medium", "high"]},
        level_name=TEXT,
        reasons={
            "type": "array",
            "items": _all(code=TEXT, says=TEXT, weight=WHOLE, times=WHOLE, adds=WHOLE, last_at=INSTANT),
        },
        as_of=INSTANT,
        means=TEXT,
    ),
    "Works": _page("Work"),
    "Count": _all(
        kind=TEXT,
        kind_name=TEXT,
        by=TEXT,
        value=_maybe(TEXT),
        name=_maybe(TEXT),
        open=WHOLE,
        overdue=WHOLE,
        soon=WHOLE,
        escalated=WHOLE,
        oldest_since={**INSTANT, "description": "since when the oldest is in its state"},
        as_of={**INSTANT, "description": "when it was so: the moment of asking"},
    ),
    "Counts": _page("Count"),
}
"""The components of the description that answers about cases refer to, by name."""
