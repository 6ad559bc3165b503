"""Journeys that the tests of reading post, event by event."""

from typing import Any

import httpx

from tests.api.posting import new_customer, post
from tests.facts import cloudevent

SUBMITTED = {"product": "personal-loan", "amount": 100000, "currency": "CNY", "materials": ["identity_card"]}


def told(client: httpx.Client, type_: str, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """Post an event that must be taken, and return the answer."""
    answer = post(client, cloudevent(type_, data, **attributes))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def opened(channel: httpx.Client, customer: str | None = None, **data: Any) -> dict[str, Any]:
    """Post an application and return the answer."""
    return told(channel, "application.submitted", {**SUBMITTED, **data}, subject=customer or new_customer())


def reviewed(channel: httpx.Client, application: dict[str, Any]) -> dict[str, Any]:
    """Post the start of an application's review and return the answer."""
    data = {"reviewer": "li.na", "team": "credit"}
    return told(channel, "review.started", data, subject=application["customer"], case=application["case"])


def visits(channel: httpx.Client, customer: str, *times: str) -> list[int]:
    """Post visits at times of 2026-11-20, such as `12:00:00`, and return their positions."""
    data = {"touchpoint": "app.login", "action": "login"}
    return [
        told(channel, "interaction.recorded", data, subject=customer, time=f"2026-11-20T{time}Z")["position"]
        for time in times
    ]
