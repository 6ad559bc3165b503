"""Offers: what the institution proposes to an applicant, and how the applicant takes it."""

from journey.touchpoints.touchpoint import Amount, Code, FreeText, Text, Touchpoint, lawful
from journey.words import Words


class Offer(Touchpoint):
    """What all events about an offer share; not a type itself."""

    stage = "review"
    case = "application"
    moves = lawful("in_review, supplementing, approved -> same")

    offer: Code
    amount: Amount | None = None
    """In the currency of the application."""
    terms: Text | None = None
    medium: Code | None = None
    reason: FreeText | None = None


class OfferMade(Offer):
    """The institution draws an offer up."""

    type = "offer.made"
    title = Words("Offer made", "拟定方案")
    says = Words("Offer {offer} was drawn up", "已拟定方案{offer}")
    # Until it is sent it is a draft.
    staff_only = True


class OfferSent(Offer):
    """The offer goes out to the customer."""

    type = "offer.sent"
    title = Words("Offer sent", "发送方案")
    says = Words("Offer {offer} was sent to the customer", "方案{offer}已发送客户")


class OfferReturned(Offer):
    """The customer sends the offer back, signed or with questions."""

    type = "offer.returned"
    title = Words("Offer returned", "客户回传方案")
    says = Words("Offer {offer} came back from the customer", "客户已回传方案{offer}")


class OfferAccepted(Offer):
    """The customer accepts the offer."""

    type = "offer.accepted"
    title = Words("Offer accepted", "客户接受方案")
    says = Words("The customer accepted offer {offer}", "客户接受方案{offer}")


class OfferDeclined(Offer):
    """The customer declines the offer."""

    type = "offer.declined"
    title = Words("Offer declined", "客户谢绝方案")
    says = Words("The customer declined offer {offer}", "客户谢绝方案{offer}")


class OfferCancelled(Offer):
    """The institution takes the offer back."""

    type = "offer.cancelled"
    title = Words("Offer cancelled", "取消方案")
    says = Words("Offer {offer} was cancelled", "方案{offer}已取消")


OfferTouchpoint = OfferMade | OfferSent | OfferReturned | OfferAccepted | OfferDeclined | OfferCancelled
