"""The language of the command line: English, or Chinese where the terminal or the operator asks for it."""

import os
from collections.abc import Mapping

from journey.words import Language

_DECIDING = ("JOURNEY_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""The first of these that is set decides."""


def spoken(environment: Mapping[str, str]) -> Language:
    """Return the language that an environment asks for, English where it asks for none of ours."""
    asked = next((environment[name] for name in _DECIDING if environment.get(name)), "")
    return "zh" if asked.lower().startswith("zh") else "en"


LANGUAGE = spoken(os.environ)
"""What this process speaks."""


def said(en: str, zh: str) -> str:
    """Return the text in the language of the command line."""
    return zh if LANGUAGE == "zh" else en
