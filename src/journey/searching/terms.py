"""What is searched for, in the one form in which it is compared, as digests under a key."""

import hmac
import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal, get_args

Field = Literal["name", "phone", "id_number"]
"""The fields of a profile that customers are found by."""
FIELDS: tuple[Field, ...] = get_args(Field)

# Numbers without their country's code have fewer digits than this with it left out.
_NATIONAL_DIGITS = 10


def digest(key: bytes, field: Field, value: str, country: str) -> bytes | None:
    """Return the digest that a value is found by; None where nothing of it can be compared."""
    normalised = _NORMALISED[field](value, country)
    return hmac.digest(key, f"{field}\0{normalised}".encode(), "sha256") if normalised else None


def normalised_phone(value: str, country: str) -> str:
    """Return the digits of a phone number with the code of its country, `country` where it has none.

    >>> normalised_phone("０１０-6277 0001", "86"), normalised_phone("+86 10 62770001", "86")
    ('861062770001', '861062770001')
    """
    text = unicodedata.normalize("NFKC", value).strip()
    digits = "".join(each for each in text if each.isdecimal())
    if text.startswith("+") or not digits:
        return digits
    if digits.startswith("00"):
        return digits[2:]
    if digits.startswith("0"):
        return country + digits[1:]
    has_code = digits.startswith(country) and len(digits) - len(country) >= _NATIONAL_DIGITS
    return digits if has_code else country + digits


def normalised_text(value: str, country: str = "") -> str:
    """Return letters and digits, without spaces and signs between them, and without regard to their case.

    >>> normalised_text("Ｏ'Brien, Jean-Luc")
    'obrienjeanluc'
    """
    del country
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return "".join(each for each in folded if unicodedata.category(each)[0] in "LMN")


_NORMALISED: Mapping[Field, Callable[[str, str], str]] = {
    "name": normalised_text,
    "phone": normalised_phone,
    "id_number": normalised_text,
}
