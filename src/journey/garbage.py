"""How often a process searches for garbage."""

import gc


def search_seldom() -> None:
    """Spare what lives as long as the process from the search for garbage, and search less often.

    A service holds many objects that never become garbage, such as cached journeys, and makes next to no
    cycles: by default the collector would look through all of them, tens of milliseconds at a time, and take
    a quarter of the time of those who follow the log.
    """
    gc.collect()
    gc.freeze()
    # Whatever is young is looked through at once, while everybody waits: a few milliseconds at most.
    gc.set_threshold(10_000, 200, 100)
