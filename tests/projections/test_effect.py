"""What an improvement came to: counted in the databases as a plain reader of the cases counts it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from journey.events import Event
from journey.migrating import migrate
from journey.storage import Storage
from projections import case_progress, effect, review_progress
from projections.effect_measures import MEASURES, Counted
from projections.effect_rows import KINDS, Area, Builds, Period, Side
from projections.estimates import Estimate, ranks
from projections.improvement import Happened, Improvement
from projections.moments import utc_text
from tests.facts import event
from tests.projections.keeping import Kept
from tests.projections.specs import PROCESSES

BEGUN = datetime(2026, 5, 1, tzinfo=UTC)
COMPLETED = datetime(2026, 6, 1, tzinfo=UTC)
NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PERIODS: dict[Side, Period] = {
    "before": Period("2026-04-01T00:00:00.000000Z", "2026-05-01T00:00:00.000000Z"),
    "after": Period("2026-06-01T00:00:00.000000Z", "2026-07-01T00:00:00.000000Z"),
}


@dataclass(kw_only=True)
class Known:
    """One case as somebody who looks at it knows it."""

    kind: str
    number: str
    at: datetime
    channel: str
    product: str | None = None
    about: "Known | None" = None
    csat: int | None = None
    nps: int | None = None
    ces: int | None = None
    waited: float | None = None
    left: bool = False
    waiting: bool = False
    first: bool | None = None
    satisfied: bool | None = None
    decided: float | None = None
    on_time: bool | None = None

    def belongs_to(self, area: Area) -> bool:
        """Tell whether it is of an area itself, or the case that it is about is."""
        if self.kind == "survey" and self.about is not None and area.stage != "feedback":
            return self.about.lies_in(area)
        return self.lies_in(area) or (self.about is not None and self.about.lies_in(area))

    def lies_in(self, area: Area) -> bool:
        """Tell whether it is of an area by what it is itself."""
        return (
            (area.stage is None or self.kind in KINDS[area.stage])
            and area.channel in (None, self.channel)
            and area.product in (None, self.product)
        )

    def side(self) -> Side | None:
        """Tell to which period it belongs."""
        at = self.about.at if self.kind == "survey" and self.about is not None else self.at
        moment = utc_text(at)
        return next((side for side, each in PERIODS.items() if each.start <= moment < each.end), None)


def _consultation(known: Known, customer: str, chance: random.Random) -> list[Event]:
    def then(type_: str, data: dict[str, Any], after: float) -> Event:
        at = known.at + timedelta(seconds=after)
        return event(type_, data, customer=customer, case=known.number, channel=known.channel, at=at)

    asked: dict[str, Any] = {"topic": "rates", "category": "common"}
    if known.product is not None:
        asked["product"] = known.product
    told = [then("consultation.requested", asked, 0)]
    waited = round(chance.uniform(1, 600), 3)
    match chance.choice(["served", "served", "left", "waiting", "talking", "article"]):
        case "left":
            known.left = True
            told.append(then("consultation.abandoned", {}, waited))
        case "waiting":
            known.waiting = True
        case "article":
            told.append(then("consultation.self_served", {"article": "A1"}, waited))
        case "talking":
            known.waited = waited
            told.append(then("consultation.answered", {"agent": "li"}, waited))
        case _:
            known.waited, known.first = waited, chance.random() < 0.6
            told.append(then("consultation.answered", {"agent": "li"}, waited))
            told.append(
                then("consultation.resolved", {"outcome": "done", "first_contact": known.first}, waited + 60)
            )
    return told


def _application(known: Known, customer: str, chance: random.Random) -> list[Event]:
    def then(type_: str, data: dict[str, Any], days: float) -> Event:
        at = known.at + timedelta(days=days)
        return event(type_, data, customer=customer, case=known.number, channel=known.channel, at=at)

    told = [
        then(
            "application.submitted",
            {"product": known.product, "amount": 1.0, "currency": "CNY", "materials": []},
            0,
        )
    ]
    if chance.random() < 0.3:
        return told
    days = round(chance.uniform(0.5, 9), 3)
    known.decided = days * 86_400
    told.append(then("review.started", {"reviewer": "li", "team": "credit"}, 0.1))
    told.append(then("review.approved", {}, days))
    if chance.random() < 0.7:
        promised = known.at + timedelta(days=days + 2)
        known.on_time = chance.random() < 0.5
        plan = [{"step": "pay", "promised_at": promised.isoformat()}]
        told.append(then("delivery.started", {"plan": plan}, days + 0.1))
        told.append(then("delivery.completed", {}, days + (1.5 if known.on_time else 2.5)))
    return told


def _complaint(known: Known, customer: str, chance: random.Random) -> list[Event]:
    def then(type_: str, data: dict[str, Any], days: float) -> Event:
        at = known.at + timedelta(days=days)
        return event(type_, data, customer=customer, case=known.number, channel=known.channel, at=at)

    data = {"category": "fees", "severity": "low", "description": "d", "contact": "c"}
    if known.about is not None:
        data["about"] = known.about.number
    told = [then("complaint.registered", data, 0)]
    if chance.random() < 0.6:
        known.satisfied = chance.random() < 0.5
        told.append(
            then(
                "complaint.assigned",
                {"department": "d", "handler": "li", "due_at": (known.at + 9 * DAY).isoformat()},
                0.1,
            )
        )
        told.append(then("complaint.answered", {"result": "r", "measures": [], "medium": "phone"}, 1))
        told.append(then("complaint.confirmed", {"satisfied": known.satisfied}, 2))
    return told


def _survey(known: Known, customer: str, chance: random.Random) -> list[Event]:
    def then(type_: str, data: dict[str, Any], days: float) -> Event:
        at = known.at + timedelta(days=days)
        return event(type_, data, customer=customer, case=known.number, channel=known.channel, at=at)

    told, data = [], {}
    if known.about is not None:
        asked = {"kind": "questionnaire", "about": known.about.number, "medium": "sms"}
        told.append(then("feedback.invited", asked, 0))
        if chance.random() < 0.3:
            return told
        data["about"] = known.about.number
    known.csat = chance.randint(1, 5)
    known.nps = chance.randint(0, 10) if chance.random() < 0.6 else None
    known.ces = chance.randint(1, 7) if chance.random() < 0.6 else None
    scores = {name: getattr(known, name) for name in ("csat", "nps", "ces")}
    data |= {name: score for name, score in scores.items() if score is not None}
    return [*told, then("feedback.submitted", data, 3 if told else 0)]


def population(size: int) -> tuple[list[Known], list[Event]]:
    """Make up cases of all kinds, some about others, from March to July, and the events that tell them."""
    chance = random.Random(11)  # noqa: S311  # no secret
    all_known: list[Known] = []
    events: list[Event] = []
    for number in range(size):
        customer = f"c-{number}"

        def case(
            kind: str, *, product: str | None, about: Known | None = None, day: float, name: str
        ) -> Known:
            return Known(
                kind=kind,
                number=name,
                at=datetime(2026, 3, 10, tzinfo=UTC) + timedelta(seconds=round(day * 86_400)),
                channel=chance.choice(["phone", "web"]),
                product=product,
                about=about,
            )

        day, product = chance.uniform(0, 120), chance.choice(["card", "loan"])
        # The first instant behind the time before, and the first of the time after.
        day = {0: 52.0, 1: 83.0}.get(number, day)
        kind = chance.choice(["consultation", "application"])
        first = case(kind, product=product, day=day, name=f"A-{number}")
        about = first if chance.random() < 0.7 else None
        complaint = case(
            "complaint", product=None, about=about, day=day + chance.uniform(0, 20), name=f"C-{number}"
        )
        rated = chance.choice([first, complaint, None])
        survey = case(
            "survey", product=None, about=rated, day=day + chance.uniform(20, 40), name=f"S-{number}"
        )
        for known, tell in (
            (first, _consultation if kind == "consultation" else _application),
            (complaint, _complaint),
            (survey, _survey),
        ):
            if known is first or chance.random() < 0.6:
                all_known.append(known)
                events += tell(known, customer, chance)
        if complaint not in all_known and survey.about is complaint:
            # About a case of which nobody here knows.
            survey.about = None
    return all_known, events


def counted(cases: Sequence[Known]) -> dict[str, tuple[int, int, float | None]]:
    """Return each measure as a plain reader counts it: n, of, value."""

    def share(of: list[bool]) -> float | None:
        return sum(of) / len(of) if of else None

    def middle(values: list[float], part: float) -> float | None:
        return sorted(values)[ranks(part, len(values)).value - 1] if values else None

    kinds = {kind: [each for each in cases if each.kind == kind] for kind in {each.kind for each in cases}}
    surveys, complaints = kinds.get("survey", []), kinds.get("complaint", [])
    consultations, applications = kinds.get("consultation", []), kinds.get("application", [])
    csat = [each.csat for each in surveys if each.csat is not None]
    nps = [each.nps for each in surveys if each.nps is not None]
    ces = [each.ces for each in surveys if each.ces is not None]
    waits = [each.waited for each in consultations if each.waited is not None]
    ended = [each.left for each in consultations if not each.waiting]
    satisfied = [each.satisfied for each in complaints if each.satisfied is not None]
    first = [each.first for each in consultations if each.first is not None]
    decided = [each.decided for each in applications if each.decided is not None]
    on_time = [each.on_time for each in applications if each.on_time is not None]
    net = 100 * (sum(each >= 9 for each in nps) - sum(each <= 6 for each in nps))
    return {
        "csat": (len(csat), len(surveys), share([each >= 4 for each in csat])),
        "nps": (len(nps), len(surveys), net / len(nps) if nps else None),
        "ces": (len(ces), len(surveys), sum(ces) / len(ces) if ces else None),
        "complaints": (len(complaints), len(complaints), float(len(complaints))),
        "complaints_satisfied": (len(satisfied), len(complaints), share(satisfied)),
        "waited_p50": (len(waits), len(consultations), middle(waits, 0.5)),
        "waited_p90": (len(waits), len(consultations), middle(waits, 0.9)),
        "abandoned": (len(ended), len(consultations), share(ended)),
        "first_contact": (len(first), len(consultations), share(first)),
        "decided_p50": (len(decided), len(applications), middle(decided, 0.5)),
        "delivered_on_time": (len(on_time), len(applications), share(on_time)),
    }


AREAS = [
    Area(stage, channel, product)
    for stage in (None, "consultation", "review", "complaint", "service", "feedback")
    for channel in (None, "phone")
    for product in (None, "card")
]


def test_counted_as_a_plain_reader_counts(kept: Kept) -> None:
    """Every measure of every area, before and after."""
    cases, events = population(400)
    shared, alone = case_progress.projection(PROCESSES), review_progress.projection(PROCESSES)
    kept.record(*events)
    kept.engine(shared, alone).catch_up()
    builds = Builds(kept.live(shared).build, kept.live(alone).build)
    compared = 0

    with kept.reading.connect() as connection:
        for area in AREAS:
            found = effect.figures(connection, builds, area, PERIODS)
            for measure in MEASURES:
                for side in PERIODS:
                    here = [each for each in cases if each.belongs_to(area) and each.side() == side]
                    n, of, value = counted(here)[measure.code]
                    counts, figure = found[side].counts, measure.figure(found[side])
                    told = (counts[measure.n], counts[measure.of], figure and figure.value)
                    assert told == (
                        n,
                        of,
                        pytest.approx(value) if n or measure.unit == "per_30_days" else None,
                    ), (area, side)
                    compared += n > 0
    assert compared > 200


def test_no_case_tells_of_a_stage(kept: Kept) -> None:
    """Then there is no figure, and nothing is read."""
    with kept.reading.connect() as connection:
        found = effect.figures(connection, Builds(0, 0), Area("care", None, None), PERIODS)

    told = effect.answer(Area("care", None, None), PERIODS, found, "en")
    assert (found, told["measures"]) == ({}, [])
    assert told["means"].startswith("Of this stage")


def test_counting_goes_by_indexes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No table is scanned, whatever the area."""
    storage = Storage(tmp_path_factory.mktemp("views"), None)
    migrate(storage)
    engine, plans = storage.engine("views", writer=False), []
    with engine.connect() as connection:
        asked: list[tuple[str, Any]] = []
        sa.event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        for area in AREAS:
            effect.figures(connection, Builds(1, 1), area, PERIODS)
        for statement, values in [each for each in asked if each[0].startswith("SELECT")]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            plans += [row[3] for row in plan]
    engine.dispose()

    read = [step for step in plans if step.startswith(("SEARCH", "SCAN")) and "progress" in step]
    # By the moment, or by the case that another is about: never a whole build.
    assert {step.split("progress")[0] for step in read} == {"SEARCH case_", "SEARCH review_"} | {
        "SEARCH about USING INDEX case_",
        "SEARCH application USING INDEX review_",
    }
    assert not [step for step in read if not step.rstrip(" LEFT-JOIN").endswith(("since>?)", "number=?)"))]


def improvement(*steps: tuple[str, datetime]) -> Improvement:
    """Return an improvement that took some steps."""
    opened = utc_text(datetime(2026, 4, 20, tzinfo=UTC))
    told = tuple(Happened(f"improvement.{name}", utc_text(at), ("", "")) for name, at in steps)  # type: ignore[arg-type]
    return Improvement("IMP-1", opened, opened, opened, steps=told)


class TestPeriods:
    def test_as_long_before_as_after(self) -> None:
        """Work began on 1 May, the improvement is in effect from 1 June on, and now is 1 July."""
        known = improvement(("started", BEGUN), ("completed", COMPLETED))

        assert effect.periods(known, 90, NOW) == PERIODS

    def test_as_many_days_as_asked_for(self) -> None:
        """However long it has been in effect."""
        known = improvement(("started", BEGUN), ("completed", COMPLETED))

        assert effect.periods(known, 7, NOW) == {
            "before": Period(utc_text(BEGUN - 7 * DAY), utc_text(BEGUN)),
            "after": Period(utc_text(COMPLETED), utc_text(COMPLETED + 7 * DAY)),
        }

    def test_what_is_not_in_effect(self) -> None:
        """Has nothing after; what was before ends when work began, or when it was announced, or now."""
        for known, end in (
            (improvement(("started", BEGUN)), BEGUN),
            (improvement(), datetime(2026, 4, 20, tzinfo=UTC)),
            (improvement(("started", NOW + DAY)), NOW),
            (improvement(("started", BEGUN), ("completed", NOW + DAY)), BEGUN),
        ):
            assert effect.periods(known, 30, NOW) == {
                "before": Period(utc_text(end - 30 * DAY), utc_text(end))
            }

    def test_the_first_days_of_the_calendar(self) -> None:
        """There is nothing before them."""
        first = datetime(1, 1, 2, tzinfo=UTC)

        assert (
            effect.periods(improvement(("started", first)), 30, NOW)["before"].start
            == "0001-01-01T00:00:00.000000Z"
        )


NOTHING = {measure.n: 0 for measure in MEASURES} | {measure.of: 0 for measure in MEASURES}
SUMS = (
    "csat_good",
    "nps_promoters",
    "nps_detractors",
    "ces_sum",
    "ces_squares",
    "consultations_left",
    "contacts_first",
    "complaints_satisfied",
    "deliveries_on_time",
)


def verdicts(before: dict[str, int], after: dict[str, int] | None, language: Any = "en") -> dict[str, Any]:
    """Return what is told of each measure of everything, from counts of 30 days."""
    sides: dict[Side, dict[str, int]] = {"before": before}
    if after is not None:
        sides["after"] = after
    found = {
        side: Counted(
            {**NOTHING, **dict.fromkeys(SUMS, 0), **counts},
            {("waited_ms", 0.5): Estimate(60.0, 50.0, 70.0)},
            30.0,
        )
        for side, counts in sides.items()
    }
    compared = {side: PERIODS[side] for side in sides}
    told = effect.answer(Area(None, None, None), compared, found, language)
    return {each["measure"]: each for each in told["measures"]}


class TestVerdicts:
    @pytest.mark.parametrize(
        ("before", "after", "measure", "verdict"),
        [
            ({"csat": 100, "csat_good": 50}, {"csat": 100, "csat_good": 80}, "csat", "better"),
            ({"csat": 100, "csat_good": 80}, {"csat": 100, "csat_good": 50}, "csat", "worse"),
            ({"csat": 100, "csat_good": 50}, {"csat": 100, "csat_good": 55}, "csat", "unclear"),
            ({"csat": 9, "csat_good": 0}, {"csat": 100, "csat_good": 100}, "csat", "too_few"),
            ({"csat": 100, "csat_good": 50}, {}, "csat", "too_few"),
            ({"csat": 100, "csat_good": 50}, None, "csat", "too_early"),
            ({"complaints": 40}, {"complaints": 10}, "complaints", "better"),
            ({"complaints": 10}, {"complaints": 40}, "complaints", "worse"),
            ({"complaints": 12}, {"complaints": 0}, "complaints", "better"),
            ({"complaints": 2}, {"complaints": 3}, "complaints", "too_few"),
            ({"waited_ms": 50}, {"waited_ms": 50}, "waited_p50", "unclear"),
        ],
    )
    def test_conclude(
        self, before: dict[str, int], after: dict[str, int] | None, measure: str, verdict: str
    ) -> None:
        """What is better, and nothing where the difference may be none or the cases are few."""
        assert verdicts(before, after)[measure]["verdict"] == verdict

    def test_in_words(self) -> None:
        """In either language, with the figures as people write them."""
        counts = {"csat": 100, "csat_good": 50}, {"csat": 100, "csat_good": 80}
        english, chinese = (verdicts(*counts, language)["csat"] for language in ("en", "zh"))

        assert (
            english["says"]
            == "50.0 % before (100), 80.0 % after (100): +30.0 points (+16.9 points to +41.7 points)"
        )
        assert english["verdict_name"] == "Better"
        assert (
            chinese["says"]
            == "改进前50.0%（100件），改进后80.0%（100件），变化+30.0个百分点（+16.9个百分点至+41.7个百分点）"
        )
        assert (chinese["name"], chinese["verdict_name"]) == ("客户满意度", "改善")
        waited = verdicts({"waited_ms": 50}, {"waited_ms": 50})["waited_p50"]["says"]
        assert waited == "1.0 min before (50), 1.0 min after (50): +0 s (-14 s to +14 s)"
