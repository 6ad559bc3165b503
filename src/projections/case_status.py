"""The status of one case as it is told, in one language: the same for every kind, but for its facts."""

from datetime import datetime
from typing import Any

from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import Audience, fill
from journey.vocabulary import CASE_KINDS
from journey.words import Language
from projections.application_words import INSTITUTION, YOU
from projections.case import Case, Happened, as_customers_know_it
from projections.case_facts import FACTS, FOR_STAFF
from projections.case_words import NEXT, TURNS, UNKNOWN, WAITED_FOR, WAITING_MEANS, Party
from projections.moments import day, in_utc
from projections.names import channel_name, state_name


def answer(case: Case, language: Language, audience: Audience) -> dict[str, Any]:
    """Say how a case stands, as the read API answers."""
    known = as_customers_know_it(case) if audience == "customer" else case
    facts = [name for name in FACTS[case.kind] if audience == "staff" or (case.kind, name) not in FOR_STAFF]
    return {
        "number": known.number,
        "kind": known.kind,
        "kind_name": CASE_KINDS[known.kind].in_language(language),
        "customer": known.customer,
        "state": known.state,
        "state_name": state_name(known.kind, known.state, language),
        "channel": known.channel,
        "channel_name": channel_name(known.channel, language),
        "opened_at": known.opened_at,
        "updated_at": known.updated_at,
        "waiting_for": _waiting_for(known, language),
        "next": _next(known, language),
        **{name: known.facts.get(name) for name in facts},
        "due_at": due_at(known),
        **({"waiting": _waiting(known, language)} if known.kind == "consultation" else {}),
        "steps": [_step(step, language) for step in known.steps],
        "steps_before": known.steps_before,
        **({"deviations": known.deviations} if audience == "staff" else {}),
        "version": known.version,
        "position": known.position,
    }


def turn_of(case: Case) -> Party:
    """Tell who holds the ball."""
    return TURNS.get((case.kind, case.state), "nobody")


def due_at(case: Case) -> str | None:
    """Tell by when the institution is to have done its part; None where no limit runs."""
    return in_utc(case.limit.due_at) if case.limit is not None else None


def _waiting_for(case: Case, language: Language) -> dict[str, Any]:
    """Tell who holds the ball, since when, what that party is to do, and by when."""
    party = turn_of(case)
    name = None
    if party == "customer":
        name = YOU.in_language(language)
    elif party == "institution":
        known = case.facts.get("handler") or case.facts.get("team")
        name = known or INSTITUTION.in_language(language)
    what = WAITED_FOR.get((case.kind, case.state))
    return {
        "who": party,
        "name": name,
        "since": case.since,
        "for": what and what.in_language(language),
        "until": due_at(case),
    }


def _next(case: Case, language: Language) -> str:
    if case.state is None:
        return UNKNOWN.in_language(language)
    values = {
        "team": case.facts.get("team"),
        "about": case.facts.get("about"),
        "into": case.facts.get("into"),
        "complaint": case.facts.get("complaint"),
        "day": day(datetime.fromisoformat(case.limit.due_at)).in_language(language) if case.limit else None,
    }
    known = {name: value for name, value in values.items() if value is not None}
    return fill(NEXT[case.kind, case.state].in_language(language), known)


def _waiting(case: Case, language: Language) -> dict[str, Any]:
    return {
        "waited_s": case.waited_s,
        "since": case.since if case.state == "waiting" else None,
        "means": WAITING_MEANS.in_language(language),
    }


def _step(step: Happened, language: Language) -> dict[str, Any]:
    return {
        "type": step.type,
        "title": TOUCHPOINTS[step.type].title.in_language(language),
        "says": step.says.in_language(language),
        "at": step.at,
        "by": step.by,
        "note": step.note,
    }
