"""Mapping files: from records to events."""

from pathlib import Path
from typing import Any

import pytest

from api.cli.mapping import EventMapping, load_mapping, parse_mapping
from api.cli.templates import MappingError

HEAD = """
source = "/imports/calls"
id = "{id}"
subject = "caller-{caller}"
case = "CON-{id}"
time = "{at}"
channel = "phone"

[attributes]
authid = "{agent|optional}"
"""
RULES = """
[[rules]]
match = { outcome = "AGENT" }
type = "consultation.answered"
data = { agent = "{agent}" }

[[rules]]
match = { outcome = ["HANG", "GAVE_*"], type = "" }
type = "consultation.abandoned"
case = "{other|optional}"
"""
RECORD = {"id": "1", "caller": "7", "at": "1999-01-01T00:00:31+02:00", "outcome": "AGENT", "agent": "MICHAL"}


def mapping(rules: str = RULES, head: str = HEAD) -> EventMapping:
    """Return the usual mapping, or one of other parts."""
    return parse_mapping(head + rules, "calls.toml")


def event(**changes: str) -> Any:
    """Return the event of the usual record with some fields changed."""
    made = mapping().events({**RECORD, **changes})
    return made[0] if made else None


class TestEvent:
    def test_whole(self) -> None:
        """A record becomes a CloudEvent."""
        assert event() == {
            "specversion": "1.0",
            "type": "consultation.answered",
            "source": "/imports/calls",
            "id": "1",
            "subject": "caller-7",
            "case": "CON-1",
            "time": "1999-01-01T00:00:31+02:00",
            "channel": "phone",
            "authid": "MICHAL",
            "data": {"agent": "MICHAL"},
        }

    @pytest.mark.parametrize("outcome", ["HANG", "GAVE_UP", "GAVE_"])
    def test_condition(self, outcome: str) -> None:
        """A condition is a text, a list of texts, or a beginning."""
        assert event(outcome=outcome)["type"] == "consultation.abandoned"

    def test_conditions(self) -> None:
        """All conditions must hold."""
        assert event(outcome="HANG", type="PS") is None

    def test_no_rule(self) -> None:
        """A record that no rule fits is no event."""
        assert event(outcome="PHANTOM") is None

    def test_first_rule(self) -> None:
        """The first rule that fits decides, and an empty condition fits all."""
        both = RULES + '[[rules]]\nmatch = {}\ntype = "interaction.recorded"\n'

        assert mapping(both).events(RECORD) == [event()]
        assert mapping(both).events({**RECORD, "outcome": "?"})[0]["type"] == "interaction.recorded"

    def test_case(self) -> None:
        """A rule's own case goes before the file's, and an empty one is left out."""
        assert event(outcome="HANG", other="CON-9")["case"] == "CON-9"
        assert "case" not in event(outcome="HANG")

    def test_error(self) -> None:
        """An error names file, row, rule and key."""
        with pytest.raises(MappingError) as error:
            event(**{"agent": "", "#row": "12"})

        assert str(error.value) == (
            "calls.toml: row 12, rule 1 (consultation.answered): data: agent: the record has no 'agent'"
        )


SEVERAL = """
[fields]
who = { value = "{agent}", choose = { MICHAL = "Michal {caller}", "*/*" = "two agents", "*" = "nobody" } }
ended = { value = "{at}", zone = "Asia/Jerusalem", plus = { seconds = 90 } }

[[rules]]
match = { outcome = "A*T" }

[[rules.events]]
id = "{id}/{#type}"
type = "consultation.answered"
data = { agent = "{who}" }

[[rules.events]]
type = "consultation.resolved"
time = "{ended}"
subject = "x"
case = "y"
attributes = { authid = "z" }
"""


class TestSeveral:
    def test_events(self) -> None:
        """One record becomes several events; what is an event's own goes before what is the file's."""
        answered, resolved = mapping(SEVERAL).events(RECORD)

        assert answered == {**event(), "id": "1/consultation.answered", "data": {"agent": "Michal 7"}}
        own = {"subject": "x", "case": "y", "authid": "z"}
        time = "1999-01-01T00:02:01+02:00"
        assert resolved == {**event(), "type": "consultation.resolved", "time": time, **own, "data": {}}

    @pytest.mark.parametrize(
        ("agent", "chosen"),
        [("MICHAL", "Michal 7"), ("A/B", "two agents"), ("/", "two agents"), ("RUTH", "nobody")],
    )
    def test_choice(self, agent: str, chosen: str) -> None:
        """A field is chosen by an exact text first, then by the first pattern that fits."""
        assert mapping(SEVERAL).events({**RECORD, "agent": agent})[0]["data"] == {"agent": chosen}

    def test_error(self) -> None:
        """An error in a field names file, row and field."""
        with pytest.raises(MappingError) as error:
            mapping(SEVERAL.replace(', "*" = "nobody"', "")).events({**RECORD, "agent": "RUTH", "#row": "3"})

        assert str(error.value) == "calls.toml: row 3: fields: who: choose: there is nothing for 'RUTH'"


class TestTime:
    def filled(self, time: str, text: str) -> Any:
        """Return what a mapping with this `time` makes of a text."""
        head = HEAD.replace('time = "{at}"', f"time = {time}")
        [made] = mapping(head=head).events({**RECORD, "at": text})
        return made["time"]

    def test_form(self) -> None:
        """A time of another form is read in its zone."""
        table = '{ value = "{at}", format = "%y%m%d %H:%M:%S", zone = "Asia/Shanghai" }'

        assert self.filled(table, "260704 9:05:00") == "2026-07-04T09:05:00+08:00"

    def test_zone(self) -> None:
        """A zone counts only where the time has no offset, with summer time."""
        table = '{ value = "{at}", zone = "Europe/London" }'

        assert self.filled(table, "2026-07-04 09:05") == "2026-07-04T09:05:00+01:00"
        assert self.filled(table, "2026-07-04T09:05:00+08:00") == "2026-07-04T09:05:00+08:00"

    @pytest.mark.parametrize(
        ("text", "day"), [("0:05:00", "02"), ("11:59:58", "02"), ("11:59:59", "01"), ("23:59:00", "01")]
    )
    def test_midnight(self, text: str, day: str) -> None:
        """A clock time of half a day before the beginning is of the next day; one of less is not."""
        table = (
            '{ value = "990101 {at}", after = "990101 23:59:59", format = "%y%m%d %H:%M:%S", zone = "UTC" }'
        )

        assert self.filled(table, text) == f"1999-01-{day}T{text:0>8}+00:00"

    @pytest.mark.parametrize("text", ["yesterday", "2026-07-04T09:05:00"])
    def test_no_instant(self, text: str) -> None:
        """A time that is no instant is refused."""
        with pytest.raises(MappingError, match="time: '"):
            self.filled('{ value = "{at}" }', text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (HEAD, "rules: missing"),
        (HEAD + "[[rules]]\nmatch = {}\n", "rule 1 (without a type): type: missing"),
        (HEAD + RULES + "when = 1\n", "rule 2 (consultation.abandoned): when: not a key of this table"),
        (HEAD + RULES.replace('"{agent}"', '"{agent"'), "rule 1 (consultation.answered): data: agent: "),
        (HEAD + RULES.replace('"AGENT"', "7"), "match: outcome: 7 is neither a text nor a list"),
        (HEAD.replace("authid", "auth_id") + RULES, "attributes: 'auth_id' must be"),
        (HEAD.replace("authid", "data") + RULES, "attributes: 'data' must be"),
        (
            HEAD.replace('"{at}"', '{ value = "{at}", zone = "Mars/Base" }') + RULES,
            "zone 'Mars/Base' is not known",
        ),
        (
            HEAD.replace('"{at}"', '{ value = "{at}", plus = { years = 1 } }') + RULES,
            "time: plus: {'years': 1}",
        ),
        (HEAD + RULES + '[fields]\nx = "{id}"', "fields: x: '{id}' is no table"),
        (HEAD + RULES + '[fields]\nx = { value = "", choose = 1 }', "fields: x: choose: 1 is no table"),
        (
            HEAD + RULES + '[fields]\nx = { value = "", choose = { a = 1 } }',
            "fields: x: choose: a: 1 is no text",
        ),
        (HEAD + "[[rules]]\nmatch = {}\nevents = [{}]", "rule 1: type: missing"),
        (HEAD + RULES + "events = []", "rule 2: case, type: not a key of this table"),
        (HEAD + RULES + '[csv]\nquote = "x"\n', "quote"),
        ("source = ", "calls.toml: "),
    ],
)
def test_faults(text: str, complaint: str) -> None:
    """A mapping that is not well written says where."""
    with pytest.raises(MappingError) as error:
        parse_mapping(text, "calls.toml")

    assert str(error.value).startswith("calls.toml: ")
    assert complaint in str(error.value)


class TestLoading:
    def test_path(self, tmp_path: Path) -> None:
        """A mapping is found by its path."""
        path = tmp_path / "calls.toml"
        path.write_text(HEAD + RULES, "utf-8")

        assert load_mapping(str(path)).events(RECORD) == [event()]

    def test_name(self) -> None:
        """A shipped mapping is found by its name."""
        assert load_mapping("bpic2012").source == "/imports/bpic2012"

    def test_unknown(self) -> None:
        """An unknown name is told what there is."""
        with pytest.raises(
            MappingError, match="neither a file nor a shipped mapping; shipped: bpic2012, cfpb, technion"
        ):
            load_mapping("bpic2013")
