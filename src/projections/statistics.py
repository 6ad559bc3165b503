"""Tells PostgreSQL's planner of builds that have grown, before it learns of them by itself.

Each table holds the rows of several builds. Of a build that its statistics do not know the planner believes
that it has hardly any rows, and looks through all of them for one, until the daemon that takes statistics
comes round: with every page of events, and with every status that is asked for.
"""

import sqlalchemy as sa

from projections import rows
from projections.checkpoints import Build
from projections.projection import Projection

_FEW = 1_000
"""Events behind which a build is so small that any plan will do."""
_TIMES = 4
"""How much a build grows until its statistics are taken again."""


class Statistics:
    """Takes statistics of the tables of builds; a process that starts takes them once of each."""

    def __init__(self, views: sa.Engine) -> None:
        self._views = views
        self._taken: dict[tuple[str, int], int] = {}
        """The positions of builds when statistics were taken last."""

    def see(self, projection: Projection[object], build: Build) -> None:
        """Take statistics where a build has grown much since they were taken; SQLite's planner needs none."""
        place = (build.name, build.build)
        due = _TIMES * self._taken[place] if place in self._taken else _FEW
        if self._views.dialect.name != "postgresql" or build.position < due:
            return
        self._taken[place] = build.position
        with self._views.begin() as connection:
            for each in rows.with_archive(projection):
                # What tells builds and rows apart takes a fifth of the time that all columns would.
                connection.exec_driver_sql(f"ANALYZE {each.table.name} (build, {each.key})")
