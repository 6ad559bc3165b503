"""Notifications: what the institution tells the customer through a gateway."""

from journey.touchpoints.touchpoint import CaseNumber, Code, Note, Text, Touchpoint
from journey.words import Language, Words


class NotificationRequested(Touchpoint):
    """The customer is to be told something; whether a gateway took the message is told by what follows."""

    type = "notification.requested"
    stage = "interaction"
    title = Words("Notification requested", "待发送通知")
    says = Words("The customer is to be notified about {about}", "需就{about}通知客户")
    staff_only = True

    template: Code
    """What to tell: the name of the message, which the gateway knows in each language."""
    language: Language
    about: CaseNumber
    medium: Code | None = None
    """How to tell it; without one the gateway goes by what the customer prefers."""


class NotificationSent(Touchpoint):
    """The gateway takes a message for the customer."""

    type = "notification.sent"
    stage = "interaction"
    title = Words("Notification sent", "发送通知")
    says = Words("Notified the customer about {about}", "已就{about}通知客户")

    template: Code
    medium: Code
    about: CaseNumber
    reference: Text
    """The gateway's id of the message."""


class NotificationFailed(Touchpoint):
    """The gateway cannot deliver a message."""

    type = "notification.failed"
    stage = "interaction"
    title = Words("Notification failed", "通知发送失败")
    says = Words("The customer could not be notified about {about}", "未能就{about}通知到客户")

    template: Code
    medium: Code
    about: CaseNumber
    reason: Note
    """In the gateway's words, which may repeat the customer's number or address."""
