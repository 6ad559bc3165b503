"""Every projection of the service, one line each."""

from typing import Any

from journey.processes import Processes, processes_of
from journey.settings import Settings
from projections import case_progress, current_state, improvements, review_progress, timeline
from projections.projection import Projection


def projections(processes: Processes) -> tuple[Projection[Any], ...]:
    """List the projections, which tell cases by the definitions and rules in `processes`."""
    return (
        current_state.projection(processes),
        review_progress.projection(processes),
        timeline.projection(processes),
        case_progress.projection(processes),
        improvements.PROJECTION,
    )


def catalogue(settings: Settings) -> tuple[Projection[Any], ...]:
    """List the projections for a process that is told the settings only."""
    return projections(processes_of(settings))
