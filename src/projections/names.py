"""What to call stages, channels and states in an answer."""

from typing import get_args

from journey.touchpoints.touchpoint import CaseKind, Channel
from journey.vocabulary import CASE_STATES, CHANNELS
from journey.words import Language, Words

_CHANNEL_WORDS: dict[str, Words] = {channel: CHANNELS[channel] for channel in get_args(Channel)}
_STATE_UNKNOWN = Words("State not yet known", "状态待确认")


def channel_name(channel: str | None, language: Language) -> str | None:
    """Name a channel; one that the catalogue does not know goes by its code."""
    if channel is None:
        return None
    words = _CHANNEL_WORDS.get(channel)
    return words.in_language(language) if words else channel


def state_name(kind: CaseKind, state: str | None, language: Language) -> str:
    """Name the state of a case, also where only events were recorded that leave it open."""
    words = _STATE_UNKNOWN if state is None else CASE_STATES[(kind, state)]
    return words.in_language(language)
