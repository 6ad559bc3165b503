"""What stands in addresses, with examples that work once those of `POST /v1/events` are sent."""

from datetime import datetime
from typing import Annotated

from fastapi import Path

from api.event_examples import SUBMITTED
from journey import case_numbers

APPLICATION: str = case_numbers.number(
    "application", SUBMITTED["source"], SUBMITTED["id"], datetime.fromisoformat(SUBMITTED["time"]).date()
)
"""The number that the application of the examples is given."""

ApplicationNumber = Annotated[
    str,
    Path(description="as people write it: spaces and small letters do not matter", examples=[APPLICATION]),
]
CustomerId = Annotated[
    str, Path(description="the `subject` of the customer's events", examples=[SUBMITTED["subject"]])
]
EventType = Annotated[str, Path(description="a type of the catalogue", examples=[SUBMITTED["type"]])]
Product = Annotated[str, Path(description="the code of a product", examples=[SUBMITTED["data"]["product"]])]
ProjectionName = Annotated[str, Path(description="the name of a projection", examples=["review_progress"])]
