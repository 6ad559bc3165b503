"""What stands in addresses, with examples that work once those of `POST /v1/events` are sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import Path

from api.event_examples import ANNOUNCED, ASKED, COMPLAINED, RATED, REPORTED, SUBMITTED
from journey import case_numbers
from journey.touchpoints.touchpoint import CaseKind


def _number(kind: CaseKind, event: dict[str, Any]) -> str:
    day = datetime.fromisoformat(event["time"]).date()
    return case_numbers.number(kind, event["source"], event["id"], day)


CASES: Mapping[CaseKind, str] = {
    "application": _number("application", SUBMITTED),
    "consultation": _number("consultation", ASKED),
    "complaint": _number("complaint", COMPLAINED),
    "ticket": _number("ticket", REPORTED),
    "survey": _number("survey", RATED),
    "improvement": _number("improvement", ANNOUNCED),
}
"""The numbers that the cases of the examples are given."""
APPLICATION = CASES["application"]
"""The number that the application of the examples is given."""
NUMBER = "as people write it: spaces and small letters do not matter"

ApplicationNumber = Annotated[str, Path(description=NUMBER, examples=[APPLICATION])]
CustomerId = Annotated[
    str, Path(description="the `subject` of the customer's events", examples=[SUBMITTED["subject"]])
]
EventType = Annotated[str, Path(description="a type of the catalogue", examples=[SUBMITTED["type"]])]
Product = Annotated[str, Path(description="the code of a product", examples=[SUBMITTED["data"]["product"]])]
ProjectionName = Annotated[str, Path(description="the name of a projection", examples=["review_progress"])]
