"""Asks again for customers whom a defect has parked, about everything since: code may have been mended."""

from journey.errors import DamagedEvent
from journey.in_threads import to_its_end
from journey.policies.customer import Customer
from journey.reacting import table
from journey.reacting.asking import Asking, Means, Work
from journey.reacting.looking import Looker
from journey.reacting.table import EVERY, Parked


async def retry(looker: Looker, means: Means) -> int:
    """Ask again for each parked customer; return how many are well again."""
    waiting = await to_its_end(table.parked, looker.views)
    return sum([await _retry_one(looker, means, each) for each in waiting])


async def _retry_one(looker: Looker, means: Means, parked: Parked) -> bool:
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
