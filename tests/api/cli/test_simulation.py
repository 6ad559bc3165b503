"""Invented journeys: the same for the same seed, valid, lawful, in the order of time."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import get_args

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli.mapping_rules import CloudEvent
from api.cli.simulating import batch_size, default_start
from api.cli.simulation import simulate
from api.cloudevents import read_event
from api.event_attributes import Reading
from journey.journey import Journey, decide, evolve, initial
from journey.processes import processes_of
from journey.settings import Settings
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import Stage
from journey.words import LANGUAGES, Language

START = date(2026, 3, 2)
SETTINGS = Settings(data=Path("unused"))


@cache
def journeys(language: Language) -> list[CloudEvent]:
    """Return the events of enough customers for everything to happen."""
    return list(simulate(7, 400, language, START))


@pytest.mark.parametrize("language", LANGUAGES)
class TestJourneys:
    def test_valid(self, language: Language) -> None:
        """Every payload is what its type declares."""
        for event in journeys(language):
            TOUCHPOINTS[event["type"]].model_validate_json(orjson.dumps(event["data"]))

    def test_lawful(self, language: Language) -> None:
        """A strict service takes every event, and no case is marked as a deviation."""
        processes, known = processes_of(SETTINGS), dict[str, Journey]()
        for event in journeys(language):
            told = read_event(event, Reading(SETTINGS, datetime.fromisoformat(event["time"])))
            journey = known.get(told.stream_id, initial())
            decided = decide(journey, told, "strict", processes)
            assert decided.deviation is None
            assert decided.case == event.get("case")
            known[told.stream_id] = evolve(journey, decided)

    def test_cases(self, language: Language) -> None:
        """A case belongs to one customer."""
        owners = {(event["case"], event["subject"]) for event in journeys(language) if "case" in event}

        assert len(owners) == len({case for case, _ in owners})

    def test_order(self, language: Language) -> None:
        """Events come in the order of time across customers, each with its own id."""
        times = [datetime.fromisoformat(event["time"]) for event in journeys(language)]

        assert times == sorted(times)
        assert len({event["id"] for event in journeys(language)}) == len(times)

    def test_variety(self, language: Language) -> None:
        """All stages happen, in many channels, and most types of events that a channel sends."""
        events = journeys(language)
        types = {event["type"] for event in events}

        assert {TOUCHPOINTS[type_].stage for type_ in types} == set(get_args(Stage))
        assert len({event["channel"] for event in events}) >= 8
        assert len(types) >= 50
        products = Counter(
            event["data"]["product"] for event in events if event["type"] == "application.submitted"
        )
        assert set(products) == {
            "personal-loan",
            "credit-card",
            "wealth-account",
            "warehouse-receipt-financing",
        }

    def test_language(self, language: Language) -> None:
        """Names and texts are in the language asked for."""
        names = "".join(event["data"].get("name", "") for event in journeys(language))
        comments = "".join(event["data"].get("comment") or "" for event in journeys(language))

        assert names.isascii() == (language == "en")
        assert comments.isascii() == (language == "en")


SIMULATIONS = st.tuples(st.integers(0, 10**6), st.integers(1, 8), st.sampled_from(LANGUAGES))


@settings(max_examples=20)
@given(SIMULATIONS)
def test_same_seed(simulation: tuple[int, int, Language]) -> None:
    """The same seed gives the same events."""
    seed, customers, language = simulation

    assert list(simulate(seed, customers, language, START)) == list(
        simulate(seed, customers, language, START)
    )


@settings(max_examples=20)
@given(SIMULATIONS, st.integers(0, 150))
def test_until(simulation: tuple[int, int, Language], days: int) -> None:
    """An end leaves out what is later and changes nothing before."""
    seed, customers, language = simulation
    until = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=days)
    whole = list(simulate(seed, customers, language, START))

    cut = list(simulate(seed, customers, language, START, until))

    assert cut == [event for event in whole if datetime.fromisoformat(event["time"]) <= until]


def test_more_customers() -> None:
    """More customers leave the journeys of the first ones as they are."""
    few, more = (list(simulate(1, count, "en", START)) for count in (3, 9))

    subjects = {event["subject"] for event in few}
    assert [event for event in more if event["subject"] in subjects] == few


@pytest.mark.parametrize(
    ("seed", "language", "start"),
    [(2, "zh", START), (1, "en", START), (1, "zh", START + timedelta(days=1))],
)
def test_other_runs(seed: int, language: Language, start: date) -> None:
    """Whatever changes the content changes the ids, customers and cases too."""
    usual, other = list(simulate(1, 5, "zh", START)), list(simulate(seed, 5, language, start))

    for key in ("id", "subject", "case"):
        assert {event.get(key) for event in usual} & {event.get(key) for event in other} <= {None}


@given(st.dates(min_value=date(2000, 1, 1)))
def test_default_start(today: date) -> None:
    """The default start is the same on all days of a month, and some months ago."""
    assert default_start(today).day == 1
    assert timedelta(days=92) <= today - default_start(today) <= timedelta(days=122)


@pytest.mark.parametrize(("rate", "size"), [(None, 200), (0.1, 1), (25, 25), (10_000, 200)])
def test_batch_size(rate: float | None, size: int) -> None:
    """Events that are to come slowly are sent in small parts."""
    assert batch_size(rate) == size
