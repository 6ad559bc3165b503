"""Asks again for customers whom a defect has parked, about everything since: code may have been mended.

A start asks about all of them. Later on those are asked about who have rested; what fails again rests longer.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog

from journey.errors import DamagedEvent
from journey.in_threads import to_its_end
from journey.policies.customer import Customer
from journey.reacting import parking, table
from journey.reacting.asking import Asking, Means, Work
from journey.reacting.looking import Looker
from journey.reacting.parking import EVERY, Parked

_log = structlog.get_logger()
# Few enough that nobody waits long behind them.
_AT_ONCE = 20


async def retry_all(looker: Looker, means: Means) -> int:
    """Ask again for each parked customer, as if for the first time; return how many are well again."""
    waiting = await to_its_end(parking.parked, looker.views)
    return await _retry(looker, means, [each._replace(attempts=0) for each in waiting])


async def retry_rested(looker: Looker, means: Means, now: datetime) -> bool:
    """Ask again for some customers who have rested; tell whether there were any."""
    rested = await to_its_end(parking.parked, looker.views, now, _AT_ONCE)
    mended = await _retry(looker, means, rested)
    if rested:
        _log.info("policies_tried_again", customers=len(rested), mended=mended)
    return bool(rested)


async def _retry(looker: Looker, means: Means, waiting: Sequence[Parked]) -> int:
    return sum([await _retry_one(looker, means, each) for each in waiting])


async def _retry_one(looker: Looker, means: Means, parked: Parked) -> bool:
    """Ask about one; tell whether they are well again. What fails again rests longer."""
    if await _is_mended(looker, means, parked):
        return True
    await to_its_end(table.keep_parked, looker.views, parking.again(parked, means.clock()))
    return False


async def _is_mended(looker: Looker, means: Means, parked: Parked) -> bool:
    try:
        work = await to_its_end(_work, looker, parked)
    except DamagedEvent:
        return False
    of_one = [each for each in means.policies if parked.policy in {each.name, EVERY}]
    done = await Asking(means._replace(policies=of_one), work).all()
    if any(each.policy == parked.policy for each in done.parked):
        return False
    # The other policies of the customer are to look at once: its next moment may be one of theirs.
    row = done.row._replace(next_at=means.clock())
    await to_its_end(table.keep, looker.views, [row], done.parked, [parked])
    return True


def _work(looker: Looker, parked: Parked) -> Work:
    """Return what was not done: the events from the first one that failed up to the checkpoint."""
    reached = table.known_checkpoint(looker.views)
    events = looker.log.read_stream(parked.stream_id)
    customer = looker.fold.folded(Customer(), events)
    first = max(parked.position, reached.asked_until + 1)
    causes = [
        (event, dict[str, int]())
        for event in events
        if first <= event.position <= reached.position and looker.fold.live(event)
    ]
    return Work(parked.stream_id, customer, causes if parked.position else [])
