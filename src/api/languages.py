"""The languages of answers: chosen by `Accept-Language`, and Chinese in the script that was asked for."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Literal

import opencc

from journey.words import Language

Tag = Literal["en", "zh-CN", "zh-TW"]
TAGS: tuple[Tag, ...] = ("en", "zh-CN", "zh-TW")
DEFAULT: Tag = "en"
"""What is spoken to those who do not say, or speak nothing that the service does."""

_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
_QUOTES = str.maketrans("“”‘’", "「」『』")
_WEIGHT = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")


@lru_cache(maxsize=1_024)
def negotiate(accept_language: str | None) -> Tag:
    """Return the language that suits the header best (RFC 9110, section 12.5.4).

    Of equal weights the first wins. A part that cannot be read counts as absent.
    """
    weights: dict[Tag, float] = {}
    anything = 0.0
    for asked, weight in _ranges(accept_language or ""):
        if asked == "*":
            anything = max(anything, weight)
        elif tag := _spoken(asked):
            weights[tag] = max(weights.get(tag, 0.0), weight)
    for tag in TAGS:
        weights.setdefault(tag, anything)  # RFC 4647: the asterisk stands for what no other part names
    best = max(weights, key=lambda tag: weights[tag])
    return best if weights[best] > 0 else DEFAULT


def language_of(tag: Tag) -> Language:
    """Return the language in which texts for `tag` are written."""
    return "en" if tag == "en" else "zh"


def localised(text: str, tag: Tag) -> str:
    """Return `text` in the script and the words of `tag`: zh-TW is traditional, as Taiwan writes it."""
    return _traditional().convert(text).translate(_QUOTES) if tag == "zh-TW" else text


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(","):
        asked, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((value for value in parameters if value.startswith("q=")), "q=1")[2:]
        if asked and _WEIGHT.fullmatch(weight):
            yield asked, float(weight)


def _spoken(asked: str) -> Tag | None:
    primary, *subtags = asked.split("-")
    match primary:
        case "en":
            return "en"
        case "zh" if "hans" not in subtags and _TRADITIONAL.intersection(subtags):
            return "zh-TW"
        case "zh":
            return "zh-CN"
        case _:
            return None


@cache
def _traditional() -> opencc.OpenCC:
    # Reading the dictionaries takes long. Threads may share the converter: to convert changes nothing in it.
    return opencc.OpenCC("s2twp")
