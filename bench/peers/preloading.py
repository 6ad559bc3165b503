"""Fills the store that the environment names with journeys of the library's."""

import sys
from itertools import islice

from bench.peers.library import Journeys, stored_events

_TOGETHER = 500
"""With 2,000 over a local socket, the library and PostgreSQL were seen to wait for each other for ever."""


def preload(count: int) -> None:
    """Insert `count` events."""
    app = Journeys()
    made = islice(stored_events(app), count)
    while together := list(islice(made, _TOGETHER)):
        app.recorder.insert_events(together)
    app.close()


if __name__ == "__main__":
    preload(int(sys.argv[1]))
