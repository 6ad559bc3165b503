"""Which builds of a projection there are, and which one readers see: orders that wait for one another.

Each function is given a transaction of its own and takes the projection's lock first.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from journey.errors import NoBuildToReturnTo
from journey.events import Position
from projections import checkpoints
from projections.checkpoints import Build
from projections.projection import Projection

_log = structlog.get_logger()


def prepare(connection: sa.Connection, projection: Projection[Any], head: Position, now: datetime) -> None:
    """See that a projection has a build of today's logic, which readers see now or when it has caught up."""
    checkpoints.lock(connection, projection.name)
    current = [build for build in _of_today(connection, projection) if build.status != "dropped"]
    if not current:
        checkpoints.begin_build(connection, projection.name, projection.version, head, now)
    elif all(build.status == "retired" for build in current):
        checkpoints.revive(connection, current[-1])


def rebuild(connection: sa.Connection, projection: Projection[Any], head: Position, now: datetime) -> int:
    """Begin a new build beside the live one and return its number; one that is under way is given up."""
    checkpoints.lock(connection, projection.name)
    _give_up_builds_under_way(connection, projection)
    return checkpoints.begin_build(connection, projection.name, projection.version, head, now)


def roll_back(connection: sa.Connection, projection: Projection[Any]) -> int:
    """Let the build before the live one catch up and take over again; return its number.

    Raises `NoBuildToReturnTo` when there is none that today's logic could carry on.
    """
    checkpoints.lock(connection, projection.name)
    retired = [build for build in _of_today(connection, projection) if build.status == "retired"]
    if not retired:
        raise NoBuildToReturnTo
    _give_up_builds_under_way(connection, projection)
    checkpoints.revive(connection, retired[-1])
    return retired[-1].build


def take_over(connection: sa.Connection, build: Build) -> bool:
    """Show a build to readers if it is still to come and not behind what they see now; tell whether."""
    checkpoints.lock(connection, build.name)
    # Held, the live build cannot move ahead between the comparison and the switch.
    held = {each.build: each for each in checkpoints.builds(connection, build.name, hold=True)}
    coming = held.get(build.build)
    if coming is None or coming.status != "building" or coming.version != build.version:
        return False
    if any(each.position > coming.position for each in held.values() if each.status == "live"):
        return False
    checkpoints.switch(connection, coming)
    _log.info("build_takes_over", projection=build.name, build=build.build, position=coming.position)
    return True


def _of_today(connection: sa.Connection, projection: Projection[Any]) -> list[Build]:
    builds = checkpoints.builds(connection, projection.name)
    return [build for build in builds if build.version == projection.version]


def _give_up_builds_under_way(connection: sa.Connection, projection: Projection[Any]) -> None:
    for build in _of_today(connection, projection):
        if build.status in checkpoints.COMING:
            checkpoints.drop(connection, build)
