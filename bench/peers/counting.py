"""The library's ProjectionRunner with one projection that counts events: what a rebuild is beside."""

import os
import sys
import time
from typing import Any

from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from bench.peers.library import Journeys
from bench.telling import tell


class Counts(PostgresTrackingRecorder):
    """A read model of one row: how many events there were."""

    def __init__(self, datastore: Any, **further: Any) -> None:
        super().__init__(datastore, **further)
        table = Identifier(f"{self.tracking_table_name}_counts")
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS {} (key text PRIMARY KEY, n bigint)").format(table)
        )
        self._count = SQL(
            "INSERT INTO {0} VALUES ('all', 1) ON CONFLICT (key) DO UPDATE SET n = {0}.n + 1"
        ).format(table)

    def count(self, tracking: Tracking) -> None:
        """Count one event, in one transaction with how far the projection has got."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._count, prepare=True)


class Counting(Projection[Counts]):
    """Counts every event."""

    name = "counting"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Count it."""
        del domain_event
        self.view.count(tracking)


def main(count: int) -> None:
    """Project so many events, which are in the store already, and print how long it took."""
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=Journeys, projection_class=Counting, view_class=Counts, env=dict(os.environ)
    ) as runner:
        runner.wait(count, timeout=600)
        seconds = time.perf_counter() - began
    tell({"count": count, "seconds": seconds})


if __name__ == "__main__":
    main(int(sys.argv[1]))
