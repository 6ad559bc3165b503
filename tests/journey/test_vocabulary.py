"""Every stage, channel, kind of case and state has a name in both languages."""

from typing import get_args

from journey.lifecycle import STATES
from journey.touchpoints.touchpoint import CaseKind, Channel, Stage
from journey.vocabulary import CASE_KINDS, CASE_STATES, CHANNELS, STAGES
from journey.words import Words


def test_nothing_lacks_words_and_no_words_are_left_over() -> None:
    """The vocabulary follows the catalogue both ways."""
    assert set(STAGES) == set(get_args(Stage))
    assert set(CHANNELS) == set(get_args(Channel))
    assert set(CASE_KINDS) == set(get_args(CaseKind))
    assert set(CASE_STATES) == {(kind, state) for kind, states in STATES.items() for state in states}


def test_words_are_there_in_both_languages() -> None:
    """English holds no Chinese, and Chinese is more than English."""
    words: list[Words] = [*STAGES.values(), *CHANNELS.values(), *CASE_KINDS.values(), *CASE_STATES.values()]

    for en, zh in words:
        assert en
        assert en.isascii()
        assert not zh.isascii(), en
