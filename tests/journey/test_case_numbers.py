"""Case numbers survive the phone: no look-alikes, and a slip of the tongue is noticed."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from itertools import combinations
from string import ascii_uppercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.case_numbers import ALPHABET, PREFIXES, has_wrong_check, normalised, number
from journey.touchpoints.touchpoint import CaseKind

DAY = date(2026, 11, 22)
NUMBERS = st.builds(
    number,
    st.sampled_from(list(PREFIXES)),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.uuids().map(str),
    st.dates(),
    st.integers(0, 3),
)
OURS = re.compile(r"(CON|APP|CMP|TKT|SVY|IMP)-[0-9]{8}-[2-9A-HJKMNP-Z]{7}")


def is_right(text: str) -> bool:
    """Tell whether `text` would be taken for a number of ours."""
    return OURS.fullmatch(text) is not None and not has_wrong_check(text)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("consultation", "CON-20261122-"),
        ("application", "APP-20261122-"),
        ("complaint", "CMP-20261122-"),
        ("ticket", "TKT-20261122-"),
        ("survey", "SVY-20261122-"),
        ("improvement", "IMP-20261122-"),
    ],
)
def test_starts_with_kind_and_day(kind: CaseKind, expected: str) -> None:
    """The start of a number tells the kind of case and the day."""
    assert number(kind, "//bank/mobile", "1", DAY).startswith(expected)
    assert number(kind, "//bank/mobile", "1", datetime(2026, 11, 22, 9, tzinfo=UTC)).startswith(expected)


def test_stays_the_same_for_ever() -> None:
    """Numbers that customers hold must never come out differently."""
    assert number("application", "//bank/mobile", "9f1c", DAY) == "APP-20261122-CUSCF7F"
    assert number("complaint", "//bank/电话", "客-1", date(987, 1, 2), 2) == "CMP-09870102-K99NT4S"


def test_a_complaint_is_not_taken_for_an_improvement() -> None:
    """The only prefixes that differ in one letter, whose check symbols then differ."""
    told = number("complaint", "//bank/mobile", "1", DAY)

    assert has_wrong_check(told.replace("CMP", "IMP"))
    assert has_wrong_check(number("improvement", "//bank/mobile", "1", DAY).replace("IMP", "CMP"))


@given(NUMBERS)
def test_has_our_shape_and_a_right_check(made: str) -> None:
    """Every number has only symbols that cannot be taken for another behind the day."""
    assert is_right(made)
    assert not set("01ILO") & set(made[13:])


@given(NUMBERS, st.data())
def test_one_wrong_symbol_is_noticed(made: str, data: st.DataObject) -> None:
    """Whatever symbol replaces another leaves no number of ours, or one with a wrong check."""
    place = data.draw(st.sampled_from([index for index, symbol in enumerate(made) if symbol != "-"]))
    wrong = data.draw(st.sampled_from(sorted(set(ascii_uppercase + digits) - {made[place]})))
    told = made[:place] + wrong + made[place + 1 :]

    assert not is_right(told)
    assert has_wrong_check(told) == (OURS.fullmatch(told) is not None)


def test_each_wrong_symbol_of_one_number_is_noticed() -> None:
    """All single mistakes within the shape of one number are found, in the day too."""
    made = number("application", "//bank/mobile", "1", DAY)
    told = [
        made[:place] + wrong + made[place + 1 :]
        for place, right in enumerate(made)
        for wrong in ((digits if place < 12 else ALPHABET) if place > 3 and right != "-" else "")
        if wrong != right
    ]

    assert len(told) == 8 * 9 + 7 * 30
    assert all(map(has_wrong_check, told))


@given(NUMBERS)
def test_two_swapped_symbols_are_noticed(made: str) -> None:
    """A swap of any two symbols, neighbours or not, leaves no number of ours, or one with a wrong check."""
    places = [index for index, symbol in enumerate(made) if symbol != "-"]
    for first, second in combinations(places, 2):
        told = list(made)
        told[first], told[second] = told[second], told[first]
        swapped = "".join(told)
        if swapped != made:
            assert not is_right(swapped)
            assert has_wrong_check(swapped) == (OURS.fullmatch(swapped) is not None)


@given(NUMBERS, st.integers(0, 9))
def test_is_understood_as_people_write_it(made: str, place: int) -> None:
    """Small letters, spaces, missing, long and full-width hyphens change nothing."""
    plain = made.replace("-", "")
    wide = "".join(chr(ord(symbol) + 0xFEE0) for symbol in made)
    spoken = plain[:place] + " " + plain[place:]
    for written in (
        made.lower(),
        plain,
        f"  {spoken} \n",
        made.replace("-", " - "),
        made.replace("-", "–"),
        wide,
    ):
        assert normalised(written) == made
        assert not has_wrong_check(written)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024/000123",
        "loan app 17",
        "INV-20261122-7K3M9QX",
        "APP-2026112-7K3M9QX",
        "APP-20261122-7K3M9Q",
        "APP-20261122-0000017",
        "APP-20261122-7K3M9QXX",
        "xAPP-20261122-7K3M9QX",
        "APP-２０２６١١22-7K3M9QX",
    ],
)
def test_numbers_of_channels_are_left_alone(text: str) -> None:
    """A number of another shape is neither changed nor judged."""
    assert normalised(text) == text
    assert not has_wrong_check(text)


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    """Normalising twice changes nothing more, and does not change the judgement."""
    assert normalised(normalised(text)) == normalised(text)
    assert has_wrong_check(normalised(text)) == has_wrong_check(text)


def test_everything_that_opens_a_case_counts() -> None:
    """Kind, source, id and attempt each change the symbols, and none runs into the next."""
    made = [
        number("application", "ab", "c", DAY),
        number("complaint", "ab", "c", DAY),
        number("application", "a", "bc", DAY),
        number("application", "abc", "", DAY),
        number("application", "ab", "d", DAY),
        number("application", "ab", "c", DAY, 1),
        number("application", "ab", "c1", DAY),
        number("application", "ab", "c", DAY, 10),
        number("application", "ab", "c", DAY, 2),
    ]

    assert len({text[13:19] for text in made}) == len(made)
    assert number("application", "ab", "c", DAY) == made[0]


def test_twenty_thousand_numbers_of_a_day_hardly_collide() -> None:
    """Collisions are as rare as chance allows (0.2 expected), and no symbol is favoured."""
    made = [number("ticket", "//bank/app", str(id_), DAY) for id_ in range(20_000)]
    frequencies = Counter("".join(text[13:] for text in made))

    assert len(set(made)) >= 19_998
    assert set(frequencies) == set(ALPHABET)
    assert max(frequencies.values()) < 1.1 * min(frequencies.values())
