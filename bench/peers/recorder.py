"""The library's own recorder, alone with the database: events inserted 1,000 at a time, without a rule."""

import sys
import time
from itertools import islice

from bench.peers.library import Journeys, stored_events
from bench.telling import tell

TOGETHER = 1_000


def main(seconds: float) -> None:
    """Insert until the time is over and print how many events went in."""
    app = Journeys()
    made = stored_events(app)
    ready = list(islice(made, TOGETHER))
    count, busy = 0, 0.0
    while busy < seconds:
        before = time.perf_counter()
        app.recorder.insert_events(ready)
        busy += time.perf_counter() - before
        count += len(ready)
        ready = list(islice(made, TOGETHER))  # making events ready is no work of the recorder's
    app.close()
    tell({"count": count, "seconds": busy})


if __name__ == "__main__":
    main(float(sys.argv[1]))
