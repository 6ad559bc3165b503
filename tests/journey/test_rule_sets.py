"""Rule sets: shipped files name sources and what was not verified; broken ones are told with their place."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from journey.rule_set import RuleSet
from journey.rule_sets import BadRuleSet, load_rule_sets
from journey.words import Words
from tests.journey.deadlines.stories import OWN

SHIPPED = {code: versions[-1] for code, versions in load_rule_sets("plain").by_code.items()}
OFFICE = (OWN / "office.toml").read_text("utf-8")

every_shipped = pytest.mark.parametrize("rule_set", SHIPPED.values(), ids=SHIPPED)


def _texts(part: object) -> Iterator[Words]:
    if isinstance(part, Words):
        yield part
    elif isinstance(part, BaseModel):
        for _, value in part:
            yield from _texts(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from _texts(value)


def _load(folder: Path, text: str, name: str = "office.toml", chosen: str = "office") -> None:
    (folder / name).write_text(text, encoding="utf-8")
    load_rule_sets(chosen, folder)


class TestShipped:
    def test_these_are_there(self) -> None:
        """Four jurisdictions, and a default that is none."""
        assert sorted(SHIPPED) == ["cn", "plain", "tw", "uk", "us"]

    @every_shipped
    def test_each_tells_what_was_not_verified(self, rule_set: RuleSet) -> None:
        """Whoever uses it is to confirm that; only the plain default was read nowhere."""
        assert rule_set.unverified
        assert (rule_set.read is None) == (rule_set.code == "plain")
        for track in rule_set.tracks:
            clauses = [track.answer, *track.extensions, *track.milestones]
            assert {each.read is None for each in clauses} == {rule_set.code == "plain"}

    @every_shipped
    def test_every_text_is_in_both_languages(self, rule_set: RuleSet) -> None:
        """The Chinese is written in Chinese characters, and the English without them, but for terms."""
        texts = list(_texts(rule_set))

        assert len(texts) > 5
        assert all(re.search(r"[\u4e00-\u9fff]", words.zh) for words in texts)
        assert all(re.search(r"[a-z]{3}", words.en) for words in texts)

    def test_the_numbers_are_those_of_the_sources(self) -> None:
        """Whoever changes one has read it somewhere."""
        told = {
            f"{rule_set.code} {track.code}": (
                track.answer.within,
                track.answer.unit,
                [(each.ground, each.within, each.levels) for each in track.extensions],
                [(each.code, each.within, each.unit) for each in track.milestones],
                [bool(each) for each in (track.suspension, track.merging, track.new_facts)],
            )
            for rule_set in SHIPPED.values()
            for track in rule_set.tracks
        }
        anybody, seniors = (
            ("department", "branch", "superior_unit", "head_office"),
            ("superior_unit", "head_office"),
        )
        summary = [("summary_resolution", 3, "business_days")]

        assert told == {
            "cn complaint": (
                15,
                "days",
                [("complex", 30, anybody), ("exceptional", 60, seniors)],
                [],
                [True, True, True],
            ),
            "plain complaint": (15, "days", [("complex", 30, anybody)], [], [True, True, True]),
            "tw complaint": (30, "days", [], [], [False, False, False]),
            "uk complaint": (8, "weeks", [], summary, [False, False, False]),
            "uk payment_services": (
                15,
                "business_days",
                [("exceptional", 35, anybody)],
                summary,
                [False, False, False],
            ),
            "us complaint": (15, "days", [("in_progress", 60, anybody)], [], [False, False, False]),
        }


class TestVersions:
    def test_the_one_in_force_counts(self) -> None:
        """From its day on, where the institution is."""
        rules = load_rule_sets("office", OWN)
        before, after = datetime(2026, 7, 14, 15, 59, tzinfo=UTC), datetime(2026, 7, 14, 16, tzinfo=UTC)

        stamps = [found.stamp if found else None for found in map(rules.in_force, (before, after))]
        assert stamps == ["office@2020-01", "office@2026-07-15"]
        assert rules.in_force(datetime(2019, 12, 31, tzinfo=UTC)) is None

    def test_one_that_was_used_does_not_change(self, tmp_path: Path) -> None:
        """A change is a new version: complaints carry the stamp of the old one."""
        (tmp_path / "office@2020-01.toml").write_text(OFFICE, encoding="utf-8")

        with pytest.raises(BadRuleSet, match=r"office@2020-01\.toml: version: .* has other content already"):
            _load(tmp_path, OFFICE.replace("within = 5", "within = 6"))


class TestBroken:
    @pytest.mark.parametrize(
        ("written", "instead", "told"),
        [
            ("within = 5,", "within = 0,", r"tracks\[0\]\.answer\.within: .*greater than or equal to 1"),
            ('unit = "business_days"', 'unit = "months"', r"tracks\[0\]\.answer\.unit: "),
            ('by = "close_of_business", ', 'at = "noon", ', r"tracks\[0\]\.answer\.at: Extra inputs"),
            ('zone = "Asia/Shanghai"', 'zone = "Asia/Peking"', r"calendar\.zone: there is no time zone"),
            ('"09:00-12:00"', '"9-12"', r'calendar\.hours\[0\]: working hours are written as "09:00-12:00"'),
            ('"09:00-12:00"', '"09:00-14:00"', r"calendar\.hours: each interval must end"),
            ('country = "CN"', 'country = "China"', r"calendar\.country: "),
            ('levels = ["branch"]', "levels = []", r"tracks\[0\]\.extensions\[0\]\.levels: "),
            ('levels = ["branch"]', 'levels = ["anybody"]', r"tracks\[0\]\.extensions\[0\]\.levels\[0\]: "),
            ("within = 10,", "within = 5,", r"tracks\[0\]: extensions: complex must allow more than 5"),
            ('categories = ["fraud"]', "categories = []", r"tracks: exactly one track must be without"),
            ('version = "2020-01"', 'version = "2020-13"', r"version: "),
            ('zh = "测试用"', 'zh = " "', r"source: the text is blank in zh"),
            (
                'code = "office"',
                'code = "another"',
                r"code: the file of another@2020-01 must be named after it",
            ),
            ('version = "2020-01"', 'version = "2020-01', r"not readable as TOML: .*at line 3"),
        ],
    )
    def test_file_and_place_are_named(self, tmp_path: Path, written: str, instead: str, told: str) -> None:
        """The field, or the line where it is no TOML at all."""
        assert written in OFFICE

        with pytest.raises(BadRuleSet, match=rf"office\.toml: (.*; )?{told}"):
            _load(tmp_path, OFFICE.replace(written, instead, 1))

    @pytest.mark.parametrize("instead", ['country = "XX"', 'country = "GB"\nsubdivision = "XXX"'])
    def test_a_country_without_data_is_told_at_start(self, tmp_path: Path, instead: str) -> None:
        """Not when the first complaint needs its holidays."""
        with pytest.raises(BadRuleSet, match=r"office\.toml: calendar\.country: "):
            _load(tmp_path, OFFICE.replace('country = "CN"', instead))

    def test_a_year_that_is_stated_wrong(self, tmp_path: Path) -> None:
        """Days of another year, or days that are both."""
        wrong = OFFICE.replace(
            "[[tracks]]", "[[calendar.years]]\nyear = 2027\nclosed = [2026-01-01]\n\n[[tracks]]", 1
        )

        with pytest.raises(BadRuleSet, match=r"calendar\.years\[0\]: .* only days of 2027"):
            _load(tmp_path, wrong)

    def test_what_is_chosen_must_be_there(self) -> None:
        """The error names those that are."""
        with pytest.raises(BadRuleSet, match=r"no rule set hk; there are cn, plain, tw, uk, us"):
            load_rule_sets("hk")
