"""One invented customer's events as they are written down: whose they are, when, and in which words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from random import Random
from typing import Any, Literal, NamedTuple, TypeVar

from api.cli.mapping_rules import CloudEvent
from api.cli.simulation import people
from journey.process_definition import ProcessDefinition
from journey.touchpoints.touchpoint import Channel
from journey.words import Language, Words

T = TypeVar("T")

Kind = Literal["CON", "APP", "CMP", "TKT", "SVY"]

_OPENS, _CLOSES = 9, 17
"""Office hours, on working days."""
_SATURDAY = 5
_STAFFED: frozenset[Channel] = frozenset({"counter", "phone", "partner"})
_RISES = 7
"""The hour at which customers get up."""
_OFFSETS: Mapping[Language, timedelta] = {"zh": timedelta(hours=8), "en": timedelta(0)}


@dataclass(frozen=True, kw_only=True)
class Run:
    """What all customers of one simulation share."""

    seed: int
    language: Language
    start: date
    products: Mapping[str, ProcessDefinition]

    @property
    def name(self) -> str:
        """Return what begins every id and number of the run.

        It holds all that decides the content, so that another run never says something else under one id.
        """
        return f"SIM{self.seed}{'Z' if self.language == 'zh' else 'E'}{self.start:%y%m%d}"

    @property
    def midnight(self) -> datetime:
        """Return the instant at which the run begins."""
        zone = timezone(_OFFSETS[self.language])
        return datetime(self.start.year, self.start.month, self.start.day, tzinfo=zone)


class Entry(NamedTuple):
    """An event without its id, and when it happened."""

    at: datetime
    event: CloudEvent


class Diary:
    """What happens to one customer; everything in it follows from the run and the customer's number."""

    def __init__(self, run: Run, number: int) -> None:
        self.run = run
        self.random = Random(f"{run.seed}/{number}")  # noqa: S311  # invented journeys, no secrets
        self.person = people.invent(self.random, run.language)
        self.mood = 0.0
        """Above 0 where things went well, below where they did not."""
        self.number = number
        self._entries: list[Entry] = []
        self._cases: Counter[Kind] = Counter()

    @property
    def subject(self) -> str:
        """Return the customer's id."""
        return f"{self.run.name}-C{self.number:05}"

    def say(self, words: Words) -> str:
        """Return a text in the run's language."""
        return words.in_language(self.run.language)

    def chance(self, share: float) -> bool:
        """Tell whether something happens that happens to `share` of the customers."""
        return self.random.random() < share

    def one_of(self, choices: Sequence[T]) -> T:
        """Choose one of `choices`."""
        return self.random.choice(choices)

    def new_case(self, kind: Kind) -> str:
        """Return the number of a new case."""
        self._cases[kind] += 1
        return f"{self.run.name}-{kind}-{self.number:05}{self._cases[kind]:02}"

    def scene(self, at: datetime, channel: Channel, case: str | None = None) -> "Scene":
        """Begin a scene: events that follow one another, about one case."""
        at = in_office_hours(at, self.random) if channel in _STAFFED else awake(at)
        return Scene(self, at, channel, case)

    def write(self, entry: Entry) -> None:
        """Write an event down."""
        self._entries.append(entry)

    def events(self) -> list[Entry]:
        """Return everything in the order of time, with ids."""
        # Scenes overlap; sorting is stable, so what happens in one second of a scene keeps its order.
        ordered = sorted(self._entries, key=lambda entry: entry.at)
        ids = (f"{self.run.name}/{self.number:05}/{index:04}" for index in range(1, len(ordered) + 1))
        return [
            Entry(at, {"specversion": "1.0", "id": id_, **event})
            for id_, (at, event) in zip(ids, ordered, strict=True)
        ]


class Scene:
    """Events that follow one another, with a clock of their own."""

    def __init__(self, diary: Diary, at: datetime, channel: Channel, case: str | None) -> None:
        self.diary = diary
        self.now = at
        self.case = case
        self._channel = channel

    def tell(
        self, type_: str, data: Mapping[str, Any], channel: Channel | None = None, staff: str | None = None
    ) -> None:
        """Write down that something happens now; fields that are None are left out."""
        channel = channel or self._channel
        event: CloudEvent = {
            "type": type_,
            "source": f"/channels/{channel}",
            "subject": self.diary.subject,
            "time": self.now.isoformat(timespec="seconds"),
            "channel": channel,
            "data": {key: value for key, value in data.items() if value is not None},
        }
        if self.case:
            event["case"] = self.case
        if staff:
            event |= {"authtype": "user", "authid": staff}
        self.diary.write(Entry(self.now, event))

    def wait(self, shortest: timedelta, longest: timedelta) -> None:
        """Let time pass; after more than an hour, until customers are awake."""
        seconds = self.diary.random.uniform(shortest.total_seconds(), longest.total_seconds())
        self.now += timedelta(seconds=int(seconds))
        if longest > timedelta(hours=1):
            self.now = awake(self.now)

    def work(self, shortest: timedelta, longest: timedelta) -> None:
        """Let time pass until somebody in the office has done something."""
        self.wait(shortest, longest)
        self.now = in_office_hours(self.now, self.diary.random)

    def due(self, days: int, since: datetime | None = None) -> str:
        """Return the moment `days` from now or a moment before, as payloads write it."""
        return ((since or self.now) + timedelta(days=days)).isoformat(timespec="seconds")


def awake(moment: datetime) -> datetime:
    """Return `moment`, or the same minute of a morning hour where it lies in the night."""
    return moment if moment.hour >= _RISES else moment + timedelta(hours=_RISES)


def in_office_hours(moment: datetime, random: Random) -> datetime:
    """Return `moment`, or a moment in the first two hours of the next working day's office hours."""
    if moment.weekday() < _SATURDAY and _OPENS <= moment.hour < _CLOSES:
        return moment
    if moment.hour >= _CLOSES:
        moment += timedelta(days=1)
    while moment.weekday() >= _SATURDAY:
        moment += timedelta(days=1)
    morning = moment.replace(hour=_OPENS, minute=0, second=0, microsecond=0)
    return morning + timedelta(seconds=random.randrange(2 * 3600))
