"""Tells PostgreSQL's planner of builds that have grown, before it learns of them by itself.

Each table holds the rows of several builds. Of a build that its statistics do not know the planner believes
that it has hardly any rows, and looks through all of them for one, until the daemon that takes statistics
comes round: with every page of events, and with every status that is asked for.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from journey.causes import cause
from projections import rows
from projections.checkpoints import Build, Status
from projections.projection import Projection

_SMALL = 128 * 1024
"""Bytes of a table of which any plan will do."""
_TIMES = 4
"""How much a build or a table grows until statistics are taken again."""
_TARGET = 10
"""So many times 300 rows are looked at: enough to tell builds apart, in a fifth of the time that readers of a
new build would wait for the default's 100."""
_INTERVAL = 1.0
"""Seconds between two looks at how large tables are, unless a build has been begun, loaded or shown."""

_log = structlog.get_logger()


class _Taken(NamedTuple):
    """How it was when statistics were taken."""

    size: int
    position: int


class Statistics:
    """Has statistics taken of the tables of builds; a process that starts begins with it anew."""

    def __init__(self, views: sa.Engine, projections: Mapping[str, Projection[Any]]) -> None:
        self._views, self._projections = views, projections
        self._taken: dict[tuple[str, int], _Taken] = {}
        """By table and build."""
        self._standing: list[tuple[str, int, Status]] = []
        self._next = 0.0

    def keep(self, builds: Sequence[Build]) -> None:
        """Take statistics of the tables that have grown much, or a build in them; SQLite needs none."""
        standing = [(build.name, build.build, build.status) for build in builds]
        rests = standing == self._standing and time.monotonic() < self._next
        if rests or self._views.dialect.name != "postgresql":
            return
        self._standing, self._next = standing, time.monotonic() + _INTERVAL
        there = [
            (build, of)
            for build in builds
            if build.name in self._projections
            for of in rows.with_archive(self._projections[build.name])
        ]
        try:
            with self._views.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                self._take(connection, there)
        except sa.exc.DBAPIError as error:
            # Without statistics all is slower, and as right.
            _log.warning("statistics_not_taken", error=cause(error))

    def _take(self, connection: sa.Connection, there: Sequence[tuple[Build, rows.Rows]]) -> None:
        sizes = _sizes(connection, [of.table.name for _, of in there])
        due = {of.table.name: of.key for build, of in there if self._is_due(of, build, sizes)}
        for build, of in there:
            if (table := of.table.name) in due:
                self._taken[table, build.build] = _Taken(sizes[table], build.position)
        if not due:
            return
        connection.exec_driver_sql(f"SET default_statistics_target = {_TARGET}")
        try:
            for table, key in due.items():
                # What tells builds and rows apart takes a fifth of the time that all columns would.
                connection.exec_driver_sql(f"ANALYZE {table} (build, {key})")
        finally:  # others use the connection after
            connection.exec_driver_sql("RESET default_statistics_target")

    def _is_due(self, of: rows.Rows, build: Build, sizes: Mapping[str, int]) -> bool:
        size = sizes[of.table.name]
        before = self._taken.get((of.table.name, build.build), _Taken(0, 0))
        return size > _SMALL and (size > _TIMES * before.size or build.position > _TIMES * before.position)


def _sizes(connection: sa.Connection, tables: Sequence[str]) -> dict[str, int]:
    """Return how many bytes tables have; one that is not there has none."""
    sizes = "SELECT name, coalesce(pg_relation_size(to_regclass(name)), 0) FROM unnest(%b::text[]) AS name"
    return {row[0]: row[1] for row in connection.exec_driver_sql(sizes, (list(tables),))}
