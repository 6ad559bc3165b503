"""What work lists may be narrowed down to, and their order: the same parameters for all of them."""

from typing import Annotated

from fastapi import Depends, Query

from api.admission import Admitted
from api.policies import POLICIES
from api.problems import Problem
from journey.touchpoints.touchpoint import Channel
from projections.case_words import Party
from projections.work_lists import Filters, Order, Urgency


async def _filters(
    *,
    caller: Admitted,
    customer: Annotated[str | None, Query(description="of this customer")] = None,
    state: Annotated[str | None, Query(description="in this state of the lifecycle")] = None,
    turn: Annotated[Party | None, Query(description="who holds the ball; nobody: closed")] = None,
    team: Annotated[str | None, Query(description="with this team or department; not for customers")] = None,
    handler: Annotated[
        str | None, Query(description="with this handler, reviewer or agent; not for customers")
    ] = None,
    step: Annotated[str | None, Query(description="at this step of the process")] = None,
    channel: Annotated[Channel | None, Query(description="opened by this channel")] = None,
    product: Annotated[str | None, Query(description="for this product")] = None,
    category: Annotated[str | None, Query(description="of this category; of a ticket: its class")] = None,
    due: Annotated[
        Urgency | None,
        Query(description="overdue, or soon: at least four fifths of the time are over, or urgent: either"),
    ] = None,
    escalated: Annotated[bool | None, Query(description="whether it was escalated")] = None,
) -> Filters:
    if caller.audience == "customer" and (team, handler) != (None, None):
        # Who works on it would be told by whether it is found.
        scopes = POLICIES["list_work"].scopes
        raise Problem("insufficient-scope", extra={"scope": scopes[0], "scopes": list(scopes)})
    return Filters(
        customer=customer,
        state=state,
        turn=turn,
        team=team,
        handler=handler,
        step=step,
        channel=channel,
        product=product,
        category=category,
        due=due,
        escalated=escalated,
    )


Filtered = Annotated[Filters, Depends(_filters)]
"""What a list is narrowed down to."""
Ordered = Annotated[
    Order | None,
    Query(description="by number, the longest in its state first, or what is due first"),
]
"""The order of a list; None is the list's own."""
