"""How often a process searches for garbage."""

import gc

YOUNG = 10_000
"""How many new objects are looked through at once while others wait: a few milliseconds."""
YOUNG_OF_FOLLOWERS = 300_000
"""The same where nobody waits: more than a page of events and all that is made of it."""


def search_seldom(young: int = YOUNG) -> None:
    """Spare what lives as long as the process from the search for garbage, and search less often.

    A service holds many objects that never become garbage, such as cached journeys, and makes next to no
    cycles: by default the collector would look through all of them, tens of milliseconds at a time, and take
    a quarter of the time of those who follow the log.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, 200, 100)
