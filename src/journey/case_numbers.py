"""Numbers of cases, made to be read over the phone: `APP-20261122-7K3M9Q7`.

A number is the kind of case, a day, six symbols drawn from the event that opens the case, and a check symbol.

The check is that of ISBN-10 with another prime. Each of the 18 symbols (hyphens do not count) has a weight,
from 18 for the first down to 1 for the check symbol, and the sum of weight times value is 0 modulo 31. One
wrong symbol changes the sum by its weight times the difference of values; a swap of two symbols, neighbours
or not, by the difference of weights times the difference of values. 31 is prime and larger than every factor,
so neither change is ever 0 modulo 31, and both are noticed.

That holds wherever a symbol is mistaken for another of its place. A digit is worth the same in the day and
behind it, so a swap across that border counts as well. A symbol that its place does not know (a letter in the
day, or a changed prefix: any two prefixes differ in two places) leaves no number of ours at all. Only CMP and
IMP differ in one place, and C is worth something else than I.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from operator import mul

from journey.touchpoints.touchpoint import CaseKind

PREFIXES: Mapping[CaseKind, str] = {
    "consultation": "CON",
    "application": "APP",
    "complaint": "CMP",
    "ticket": "TKT",
    "survey": "SVY",
    "improvement": "IMP",
}
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 symbols, none of which is taken for another: no 0 and O, no 1, I and L."""

_SIZE = 6
_LENGTH = 18
_DRAWN = len(ALPHABET) ** _SIZE
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)} | {"0": 29, "1": 30, "O": 29, "I": 30}
"""0 and 1 continue the row of digits downwards, modulo 31; only days have them, only prefixes O and I."""
_SHAPE = re.compile(f"({'|'.join(PREFIXES.values())})([0-9]{{8}})([{ALPHABET}]{{{_SIZE + 1}}})")
_OURS = re.compile(f"({'|'.join(PREFIXES.values())})-[0-9]{{8}}-[{ALPHABET}]{{{_SIZE + 1}}}")
_BEGINNING = re.compile(
    r"[\s-]*(?:{})".format("|".join(r"[\s-]*".join(prefix) for prefix in PREFIXES.values())), re.IGNORECASE
)
_WEIGHTS = range(_LENGTH, 1, -1)
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212]+")


def number(kind: CaseKind, source: str, id: str, day: date, attempt: int = 0) -> str:  # noqa: A002  CloudEvents' word
    """Make the number of the case that the event `id` of `source` opens: the same each time it is asked.

    Two cases of one kind and day share a number once in 31^6 = 887 million; the next `attempt` gives another.
    """
    prefix, date_ = PREFIXES[kind], f"{day.year:04}{day.month:02}{day.day:02}"
    drawn = _drawn(kind, source, id, str(attempt))
    return f"{prefix}-{date_}-{drawn}{_check_symbol(prefix + date_ + drawn)}"


def normalised(number: str) -> str:
    """Write `number` as we do if it has the shape of ours, whatever its case, width, spaces and hyphens.

    Every other text comes back unchanged.
    """
    symbols = _symbols(number)
    return _hyphenated(symbols) if symbols else number


def has_wrong_check(number: str) -> bool:
    """Tell whether `number` has the shape of ours, and was misread or mistyped.

    Numbers of any other shape are the channels' own, and are not judged.
    """
    symbols = _symbols(number)
    return symbols is not None and _check_symbol(symbols[:-1]) != symbols[-1]


def _drawn(*parts: str) -> str:
    # With its length before it, no part can run into the next.
    told = b"".join([len(part).to_bytes(4) + part for part in map(str.encode, parts)])
    rest = int.from_bytes(hashlib.sha256(told).digest()) % _DRAWN
    symbols = ""
    for _ in range(_SIZE):
        rest, value = divmod(rest, len(ALPHABET))
        symbols += ALPHABET[value]
    return symbols


def _check_symbol(start: str) -> str:
    weighted = sum(map(mul, _WEIGHTS, map(_VALUES.__getitem__, start)))
    return ALPHABET[-weighted % len(ALPHABET)]


def _symbols(text: str) -> str | None:
    # Most numbers are written as we write them, or cannot be ours however they are written.
    if _OURS.fullmatch(text):
        return text.replace("-", "")
    if text.isascii() and (len(text) < _LENGTH or not _BEGINNING.match(text)):
        return None
    # A Chinese keyboard writes full-width letters, digits and hyphens, which NFKC makes plain.
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text).upper())
    return plain if _SHAPE.fullmatch(plain) else None


def _hyphenated(symbols: str) -> str:
    return f"{symbols[:3]}-{symbols[3:11]}-{symbols[11:]}"
