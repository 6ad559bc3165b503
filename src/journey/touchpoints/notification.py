"""Notifications: what the institution tells the customer through a gateway."""

from journey.touchpoints.touchpoint import CaseNumber, Code, Note, Text, Touchpoint
from journey.words import Words


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
