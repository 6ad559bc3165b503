"""Who gave up waiting on the phone is called back."""

from journey.policies.call_back import call_back
from tests.facts import NOON, event
from tests.journey.policies.happenings import CONSULTATION, requested
from tests.journey.policies.specs import DAY, given, touchpoint

GONE = event("consultation.abandoned", {}, case=CONSULTATION)


def test_an_abandoned_call_is_called_back() -> None:
    """The team is told, and the customer too."""
    given(requested(channel="phone")).when(GONE, call_back).then(
        touchpoint("work.scheduled", item="consultation.call-back", team="front-desk"),
        touchpoint(
            "notification.requested", template="consultation.call-back", language="zh", about=CONSULTATION
        ),
        case=CONSULTATION,
    )


def test_who_came_again_is_not() -> None:
    """The next call is under way already."""
    again = requested("CON-2", NOON + DAY, channel="phone")
    given(requested(channel="phone")).when(GONE, call_back, again).then()


def test_other_channels_have_no_call_back() -> None:
    """A chat that ends is not called."""
    given(requested(channel="chat")).when(GONE, call_back).then()
