"""Time limits of complaints: pure, explained step by step, and recomputable for any past moment.

`fact_of` takes from a recorded event what time limits depend on; `explain` tells from such facts, under the
rule set that the complaint was registered under, when an answer is due and why then. Nothing here reads a
clock: the moment is an argument.
"""

from journey.deadlines.explaining import explain
from journey.deadlines.facts import ClockFact, fact_of, told_fact
from journey.deadlines.records import Deadline, Reached, Status, Step

__all__ = ["ClockFact", "Deadline", "Reached", "Status", "Step", "explain", "fact_of", "told_fact"]
