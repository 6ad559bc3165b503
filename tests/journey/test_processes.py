"""Process definitions: the shipped files, errors of broken ones, and what they tell of an application."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from journey.process_definition import Material, ProcessDefinition, Reason, Step
from journey.processes import (
    BadDefinition,
    Processes,
    expected_finish,
    load_definitions,
    missing_materials,
    steps_to_come,
)
from journey.words import Words

SHIPPED = [definition for versions in load_definitions().by_product.values() for definition in versions]
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)

PLAIN = """
product = "savings"
version = "2026-11"
enforce = true
name = { en = "Savings", zh = "储蓄" }
summary = { en = "Money kept.", zh = "存款。" }

[[steps]]
code = "submit"
stage = "application"
duration = "PT4H"
name = { en = "Submit", zh = "提交" }
owner = { en = "You", zh = "本人" }
mind = { en = "Originals only.", zh = "须为原件。" }

[[steps]]
code = "decision"
stage = "review"
duration = "P3DT30M"
name = { en = "Decision", zh = "审批" }
owner = { en = "Branch", zh = "网点" }
mind = { en = "Open from nine.", zh = "九点营业。" }

[[materials]]
code = "identity_card"
required = true
name = { en = "Identity card", zh = "身份证" }
hint = { en = "Valid.", zh = "有效期内。" }

[[reasons]]
code = "declined"
explanation = { en = "Declined.", zh = "未通过。" }
remedy = { en = "Ask us.", zh = "请咨询。" }
"""


def _written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def _texts(definition: ProcessDefinition) -> Iterator[Words]:
    for part in (definition, *definition.steps, *definition.materials, *definition.reasons):
        yield from (value for _, value in part if isinstance(value, Words))


@st.composite
def definitions(draw: st.DrawFn) -> ProcessDefinition:
    """Draw a definition with any number of steps and materials."""
    said = Words("text", "文字")
    durations = draw(
        st.lists(st.timedeltas(timedelta(seconds=1), timedelta(days=400)), min_size=1, max_size=8)
    )
    required = draw(st.lists(st.booleans(), max_size=8))
    return ProcessDefinition(
        product="drawn",
        version="2026-11",
        name=said,
        summary=said,
        enforce_materials=draw(st.booleans()),
        steps=tuple(
            Step(code=f"step{n}", stage="review", name=said, owner=said, duration=duration, mind=said)
            for n, duration in enumerate(durations)
        ),
        materials=tuple(
            Material(code=f"material{n}", name=said, required=needed, hint=said)
            for n, needed in enumerate(required)
        ),
        reasons=(Reason(code="reason", explanation=said, remedy=said),),
    )


CODES = st.frozensets(st.builds("{}{}".format, st.sampled_from(["step", "material"]), st.integers(0, 9)))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (Hypothesis takes naive bounds and adds the zone)


class TestShippedDefinitions:
    def test_every_product_is_there(self) -> None:
        """A new installation offers five products, each in its latest version."""
        stamps = [definition.stamp for definition in load_definitions().products()]

        assert stamps == [
            "bpic2012-loan@2011-10",
            "credit-card@2026-11",
            "personal-loan@2026-11",
            "warehouse-receipt-financing@2026-11",
            "wealth-account@2026-11",
        ]

    @pytest.mark.parametrize("definition", SHIPPED, ids=lambda definition: definition.stamp)
    def test_every_text_is_in_both_languages(self, definition: ProcessDefinition) -> None:
        """The Chinese is written in Chinese characters, and the English without them."""
        texts = list(_texts(definition))
        wrong = [
            words
            for words in texts
            if not re.search(r"[\u4e00-\u9fff]", words.zh)
            or re.search(r"[\u3000-\u9fff\uff00-\uffef]", words.en)
        ]

        assert len(texts) == 2 + 3 * len(definition.steps) + 2 * len(
            definition.materials + definition.reasons
        )
        assert wrong == []

    @pytest.mark.parametrize("definition", SHIPPED, ids=lambda definition: definition.stamp)
    def test_every_process_leads_from_submission_over_review_to_delivery(
        self, definition: ProcessDefinition
    ) -> None:
        """The customer submits once, the bank reviews and then delivers."""
        stages = [step.stage for step in definition.steps]

        assert [step.code for step in definition.steps if step.stage == "application"] == ["submit"]
        assert 3 <= stages.count("review") <= 6
        assert 2 <= stages.count("delivery") <= 4

    @pytest.mark.parametrize("definition", SHIPPED, ids=lambda definition: definition.stamp)
    def test_codes_name_one_thing_each(self, definition: ProcessDefinition) -> None:
        """No step, material or reason shares its code with another of its kind."""
        for parts in (definition.steps, definition.materials, definition.reasons):
            codes = [part.code for part in parts]

            assert len(set(codes)) == len(codes)

    def test_the_older_version_is_found_by_its_stamp(self) -> None:
        """An application that was opened under the version of 2025 keeps its process."""
        processes = load_definitions()
        older, latest = processes.by_stamp("personal-loan@2025-06"), processes.latest("personal-loan")

        assert older is not None
        assert latest is not None
        assert (older.version, latest.version) == ("2025-06", "2026-11")
        assert processes.version("personal-loan", "2025-06") is older
        assert len(older.steps) < len(latest.steps)

    def test_an_unknown_product_or_stamp_has_no_definition(self) -> None:
        """What no file defines is answered with None."""
        processes = load_definitions()

        assert processes.latest("mortgage") is None
        assert processes.version("personal-loan", "1999-01") is None
        assert [processes.by_stamp(stamp) for stamp in ("personal-loan", "personal-loan@", "@", "")] == [
            None
        ] * 4

    def test_a_definition_cannot_be_changed(self) -> None:
        """Whoever holds a definition holds it as it was loaded."""
        with pytest.raises(ValidationError, match="frozen"):
            SHIPPED[0].version = "2030-01"  # type: ignore[misc]  # the assignment is what is refused


class TestOwnDefinitions:
    def test_an_own_file_adds_a_product(self, tmp_path: Path) -> None:
        """The institution's product stands beside the shipped ones, with its durations as calendar time."""
        processes = load_definitions(_written(tmp_path, "savings.toml", PLAIN))
        savings = processes.latest("savings")

        assert savings is not None
        assert [step.duration for step in savings.steps] == [
            timedelta(hours=4),
            timedelta(days=3, minutes=30),
        ]
        assert (savings.enforce_materials, savings.segments) == (True, ())
        assert processes.latest("personal-loan") is not None

    def test_a_newer_own_version_replaces_the_shipped_one(self, tmp_path: Path) -> None:
        """New applications go by the institution's newer version; the shipped one stays known."""
        text = PLAIN.replace("savings", "personal-loan").replace("2026-11", "2026-11-15")
        processes = load_definitions(_written(tmp_path, "personal-loan.toml", text))
        latest = processes.latest("personal-loan")

        assert latest is not None
        assert latest.stamp == "personal-loan@2026-11-15"
        assert processes.by_stamp("personal-loan@2026-11") is not None

    def test_an_older_own_version_is_kept_for_its_applications_only(self, tmp_path: Path) -> None:
        """A file older than the shipped one never becomes the latest."""
        text = PLAIN.replace("savings", "personal-loan").replace("2026-11", "2024-01")
        processes = load_definitions(_written(tmp_path, "personal-loan@2024-01.toml", text))
        latest = processes.latest("personal-loan")

        assert latest is not None
        assert latest.version == "2026-11"
        assert processes.by_stamp("personal-loan@2024-01") is not None

    def test_one_stamp_with_two_contents_is_refused(self, tmp_path: Path) -> None:
        """A used version cannot be changed by a file of the same stamp, but an identical copy is harmless."""
        folder = _written(tmp_path, "savings.toml", PLAIN)
        _written(folder, "savings@2026-11.toml", PLAIN)
        load_definitions(folder)
        _written(folder, "savings@2026-11.toml", PLAIN.replace("PT4H", "PT5H"))

        with pytest.raises(
            BadDefinition, match=r"savings@2026-11\.toml: version: savings@2026-11 already has other"
        ):
            load_definitions(folder)

    def test_a_byte_order_mark_does_no_harm(self, tmp_path: Path) -> None:
        """A file saved by an editor on Windows is read."""
        assert load_definitions(_written(tmp_path, "savings.toml", "\ufeff" + PLAIN)).latest("savings")

    def test_other_files_are_left_alone(self, tmp_path: Path) -> None:
        """Only files that end in .toml are definitions."""
        assert load_definitions(_written(tmp_path, "savings.toml.bak", PLAIN)).latest("savings") is None

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        """A folder that is configured but absent is an error, not an empty one."""
        with pytest.raises(BadDefinition, match=r"absent: the folder cannot be read"):
            load_definitions(tmp_path / "absent")


BROKEN = [
    ('"PT4H"', '"4 hours"', r"steps\[0\]\.duration: a duration is written in ISO 8601"),
    ('"PT4H"', '"P1M"', r"steps\[0\]\.duration: a duration is written in ISO 8601"),
    ('"PT4H"', '"P1DT"', r"steps\[0\]\.duration: a duration is written in ISO 8601"),
    ('"PT4H"', "14400", r"steps\[0\]\.duration: a duration is written in ISO 8601"),
    ('"PT4H"', '"PT0S"', r"steps\[0\]\.duration: Input should be greater than"),
    ('"PT4H"', '"P99999999999999999999D"', r"steps\[0\]\.duration: Input should be"),
    ('{ en = "You", zh = "本人" }', '{ en = "You" }', r"steps\[0\]\.owner\.zh: Field required"),
    (
        '{ en = "You", zh = "本人" }',
        '{ en = "You", zh = " " }',
        r"steps\[0\]\.owner: the text is blank in zh",
    ),
    (
        '{ en = "You", zh = "本人" }',
        '{ en = "", zh = "" }',
        r"steps\[0\]\.owner: the text is blank in en and zh",
    ),
    ('{ en = "You", zh = "本人" }', '["You", "本人"]', r"steps\[0\]\.owner: a text is written as"),
    ('{ en = "You", zh = "本人" }', '{ en = "You", zh = "本人", fr = "x" }', r"steps\[0\]\.owner\.fr: "),
    ('stage = "review"', 'stage = "feedback"', r"steps\[1\]\.stage: "),
    ('stage = "application"', 'stage = "delivery"', r"steps: decision \(review\) cannot come after submit"),
    ('code = "decision"', 'code = "submit"', r"steps: more than one has the code submit"),
    ('code = "decision"', 'code = ""', r"steps\[1\]\.code: "),
    ("required = true", 'required = "yes"', r"materials\[0\]\.required: "),
    ("enforce = true", "enforce = 1", r"enforce: "),
    ("enforce = true", "", r"enforce: Field required"),
    ("enforce = true", "enforce = true\nowner = 1", r"owner: Extra inputs"),
    ('"2026-11"', '"2026-13"', r"version: "),
    ('"2026-11"', "2026-11-01", r"version: "),
    ("remedy", "cure", r"reasons\[0\]\.remedy: Field required; reasons\[0\]\.cure: Extra inputs"),
    (
        'product = "savings"',
        'product = "savings-plus"',
        r"product: the file of savings-plus@2026-11 must be named",
    ),
    ("[[steps]]", "[[steps", r"not readable as TOML: .*line 8"),
]


@pytest.mark.parametrize(("right", "wrong", "told"), BROKEN)
def test_a_broken_file_is_told_file_and_field(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    """The error of a broken file names the file, the field and what is wrong with it."""
    folder = _written(tmp_path, "savings.toml", PLAIN.replace(right, wrong, 1))

    with pytest.raises(BadDefinition, match=rf"savings\.toml: {told}"):
        load_definitions(folder)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    """A file saved in GBK is an error that names it."""
    (tmp_path / "savings.toml").write_bytes(PLAIN.encode("gbk"))

    with pytest.raises(BadDefinition, match=r"savings\.toml: not readable as TOML"):
        load_definitions(tmp_path)


@given(st.permutations(["2024-12", "2025-06", "2026-11", "2026-11-15", "2026-12-01"]))
def test_the_latest_version_does_not_depend_on_the_order_of_files(versions: list[str]) -> None:
    """Whatever the order in which versions are found, the newest counts and all are known."""
    savings = SHIPPED[0].model_copy(update={"product": "savings"})
    processes = Processes.of(savings.model_copy(update={"version": version}) for version in versions)
    latest = processes.latest("savings")

    assert latest is not None
    assert latest.version == "2026-12-01"
    assert all(processes.by_stamp(f"savings@{version}") for version in versions)
    assert processes.products() == [latest]


@given(definitions(), CODES)
def test_missing_materials_are_the_required_ones_not_handed_in(
    definition: ProcessDefinition, handed_in: frozenset[str]
) -> None:
    """Each material is missing, handed in or optional, and the missing ones keep the checklist's order."""
    missing = missing_materials(definition, handed_in)
    handed_in_later = handed_in.union(material.code for material in missing)

    assert all(material.required and material.code not in handed_in for material in missing)
    assert all(m in missing or m.code in handed_in or not m.required for m in definition.materials)
    assert missing == sorted(missing, key=definition.materials.index)
    assert missing_materials(definition, handed_in_later) == []


@given(definitions(), CODES, MOMENTS, MOMENTS)
def test_each_step_done_brings_the_finish_nearer_by_its_duration(
    definition: ProcessDefinition, done: frozenset[str], started_at: datetime, now_at: datetime
) -> None:
    """Doing the next step in no time moves the expected finish by exactly what was planned for it."""
    finish = expected_finish(definition, started_at, done, now_at)
    to_come = steps_to_come(definition, done)

    assert finish >= max(started_at, now_at)
    assert (finish == max(started_at, now_at)) == (not to_come)
    for step in to_come:
        nearer = expected_finish(definition, started_at, done | {step.code}, now_at)

        assert nearer == finish - step.duration


@given(definitions(), MOMENTS)
def test_a_process_that_keeps_its_times_keeps_its_expected_finish(
    definition: ProcessDefinition, started_at: datetime
) -> None:
    """When every step takes just as long as planned, the finish promised at the start stays the same."""
    promised = expected_finish(definition, started_at, (), started_at)
    now_at, done = started_at, list[str]()
    for step in definition.steps:
        now_at, done = now_at + step.duration, [*done, step.code]

        assert expected_finish(definition, started_at, done, now_at) == promised
    assert now_at == promised


def test_the_finish_of_a_personal_loan_after_its_credit_check() -> None:
    """After submission, identity and credit check, three days of review and four of delivery remain."""
    definition = load_definitions().latest("personal-loan")

    assert definition is not None
    done = {"submit", "identity_check", "credit_check"}
    assert expected_finish(definition, NOON - timedelta(days=2), done, NOON) == NOON + timedelta(days=7)
