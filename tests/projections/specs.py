"""Specs of projections: given events, then rows, whatever the batches in which the events arrive."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import hypothesis
import orjson
from hypothesis import strategies as st

from journey.events import Position, RecordedEvent, Version
from journey.process_definition import Material, ProcessDefinition, Reason, Step
from journey.processes import Processes
from journey.rule_sets import load_rule_sets
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import Audience
from journey.words import Language, Words
from projections import timeline
from projections.projection import Key, Projection, Row
from tests.strategies import payloads

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
"""The time of the first event of a history; each further one happens an hour later."""

LOAN = ProcessDefinition(
    product="loan",
    version="2026-11",
    name=Words("Loan", "贷款"),
    summary=Words("Money lent.", "借款。"),
    enforce_materials=False,
    steps=(
        Step(
            code="submit",
            stage="application",
            name=Words("Submit", "提交申请"),
            owner=Words("Applicant", "申请人"),
            duration=timedelta(hours=1),
            mind=Words("Originals.", "须为原件。"),
        ),
        Step(
            code="check",
            stage="review",
            name=Words("Check", "资料核验"),
            owner=Words("Branch", "受理网点"),
            duration=timedelta(days=1),
            mind=Words("Be reachable.", "保持电话畅通。"),
        ),
        Step(
            code="decide",
            stage="review",
            name=Words("Decide", "审批决定"),
            owner=Words("Approver", "审批人"),
            duration=timedelta(days=2),
            mind=Words("Wait.", "请等待。"),
        ),
        Step(
            code="sign",
            stage="delivery",
            name=Words("Sign", "签订合同"),
            owner=Words("Manager", "客户经理"),
            duration=timedelta(days=1),
            mind=Words("In person.", "须本人办理。"),
        ),
        Step(
            code="pay",
            stage="delivery",
            name=Words("Pay out", "放款"),
            owner=Words("Operations", "运营中心"),
            duration=timedelta(hours=12),
            mind=Words("Own account.", "须为本人账户。"),
        ),
    ),
    materials=(
        Material(
            code="id_card",
            name=Words("Identity card", "身份证"),
            required=True,
            hint=Words("Valid.", "有效期内。"),
        ),
        Material(
            code="income",
            name=Words("Proof of income", "收入证明"),
            required=True,
            hint=Words("Sealed.", "加盖公章。"),
        ),
        Material(
            code="assets",
            name=Words("Proof of assets", "资产证明"),
            required=False,
            hint=Words("Your own.", "本人名下。"),
        ),
    ),
    reasons=(
        Reason(
            code="income_low",
            explanation=Words("The income is too low.", "收入不足。"),
            remedy=Words("Ask for less.", "请降低申请金额。"),
        ),
    ),
)
PROCESSES = Processes.of([LOAN], load_rule_sets("plain"))


@dataclass(frozen=True, kw_only=True)
class Told:
    """One event of a history, before it has its place in the log."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    case: str | None = None
    at: str | None = None
    channel: str | None = "mobile"
    customer: str = "c-1"
    deviation: str | None = None
    process: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


def recorded(*history: Told) -> list[RecordedEvent]:
    """Record a history in its order; positions have gaps, as in a log that others write to."""
    versions: dict[str, int] = {}
    events = []
    for place, told in enumerate(history):
        versions[told.customer] = versions.get(told.customer, 0) + 1
        happened = NOON + timedelta(hours=place)
        events.append(
            RecordedEvent(
                stream_id=told.customer,
                version=Version(versions[told.customer]),
                position=Position(10 * (place + 1)),
                type=told.type,
                source="/channels/mobile",
                id=f"e-{place + 1}",
                time=told.at or happened.isoformat(),
                recorded_at=happened + timedelta(seconds=1),
                data=dict(told.data),
                case=told.case,
                channel=told.channel,
                attributes=told.attributes,
                deviation=told.deviation,
                process=told.process,
            )
        )
    return events


def fold(
    projection: Projection[Any], events: Sequence[RecordedEvent], cuts: Collection[int] = ()
) -> dict[Key, Row]:
    """Fold events into rows as an engine does, ending a batch after each number of events in `cuts`."""
    rows: dict[Key, Row] = {}
    archived: dict[Key, Row] = {}
    states: dict[Key, Any] = {}
    for place, event in enumerate(events, start=1):
        handled = projection.handles is None or event.type in projection.handles
        if handled and (key := projection.key_of(event)) is not None:
            if key not in states and key in rows and projection.from_row is not None:
                states[key] = projection.from_row(rows[key])
                # All that there is, also what the events of the batch do not need.
                for row in archived.values():
                    if projection.archive is not None and row["stream_id"] == event.stream_id:
                        states[key] = projection.archive.with_row(states[key], row)
            states[key] = projection.evolve(states.get(key), event)
        if place in cuts or place == len(events):
            for touched, state in states.items():
                _write(projection, touched, state, rows, archived)
            states = {}
    return rows


def _write(
    projection: Projection[Any], key: Key, state: Any, rows: dict[Key, Row], archived: dict[Key, Row]
) -> None:
    rows.pop(key, None)
    if state is None:
        return
    rows[key] = projection.to_row(state)
    for number, row in projection.archive.rows_of(state).items() if projection.archive else ():
        archived.pop(number, None)
        if row is not None:
            archived[number] = row


@dataclass(frozen=True)
class Given:
    """The rows that a history has led to."""

    projection: Projection[Any]
    rows: Mapping[Key, Row]

    def answer(self, key: Key, language: Language = "en", audience: Audience = "staff") -> dict[str, Any]:
        """Return what the read API answers for a row."""
        row = self.rows[key]
        tell = self.projection.answer
        if tell is None:
            told = timeline.answer(row, language, audience)
        else:
            told = tell(row["state"], language, audience)
        answer: dict[str, Any] = orjson.loads(told)
        return answer

    def then(self, key: Key, language: Language = "en", **expected: object) -> Self:
        """Check fields of the answer for a row."""
        answer = self.answer(key, language)

        assert expected == {name: answer[name] for name in expected}

        return self


def given(projection: Projection[Any], *history: Told) -> Given:
    """Fold a history, and check that every way of cutting it into batches gives the same rows."""
    events = recorded(*history)
    whole = fold(projection, events)

    assert whole == fold(projection, events, cuts=range(len(events)))

    @hypothesis.settings(max_examples=10, deadline=None, database=None)
    @hypothesis.given(st.sets(st.integers(1, len(events))))
    def same_in_any_batches(cuts: set[int]) -> None:
        assert whole == fold(projection, events, cuts)

    same_in_any_batches()
    return Given(projection, whole)


CASE_NUMBERS = {
    "consultation": "CON-1",
    "application": "APP-1",
    "complaint": "CMP-1",
    "ticket": "TKT-1",
    "survey": "SVY-1",
    "improvement": "IMP-1",
}


@st.composite
def histories(draw: st.DrawFn, types: Collection[str] = TOUCHPOINTS) -> list[Told]:
    """Draw events of `types` in any order, as an import that records deviations may bring them."""
    history = []
    for type_ in draw(st.lists(st.sampled_from(sorted(types)), min_size=1, max_size=12)):
        kind = TOUCHPOINTS[type_].case
        data = draw(payloads(type_))
        if data.get("product") is not None and draw(st.booleans()):
            data = {**data, "product": "loan"}
        told = Told(
            type=type_,
            data=data,
            case=CASE_NUMBERS[kind] if kind else None,
            at=draw(st.sampled_from([None, "2026-11-02T10:00:00+08:00", "9999-12-31T23:00:00Z"])),
            channel=draw(st.sampled_from([None, "counter", "system"])),
            deviation=draw(st.sampled_from([None, "in -, expected nothing"])),
            process="loan@2026-11" if data.get("product") == "loan" else None,
        )
        history.append(told)
    return history
