"""Customers: who they are, the names other channels know them by, and their erasure."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from journey.touchpoints.touchpoint import (
    CLASSES,
    Code,
    Contact,
    Personal,
    PersonName,
    Retention,
    Staff,
    StaffOnly,
    Text,
    Touchpoint,
)
from journey.words import Language, Words

BirthYear = Annotated[
    int, Field(ge=1850, le=2200), Personal("a year of birth narrows down who it is", "identity")
]
IdNumber = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64),
    Personal("the number of an identity document", "identity"),
]
Alias = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Personal("an id that stands for one person", "identity"),
]
Judgement = Annotated[Code, StaffOnly("the institution's own judgement")]
"""What the institution makes of a customer."""
Attributes = Annotated[
    dict[Code, Annotated[str, StringConstraints(min_length=1, max_length=200)]],
    Field(max_length=50),
    StaffOnly("the institution's own judgement"),
]
"""Further attributes that the institution compares segments by; they name nobody."""


class Profile(Touchpoint):
    """What all events about a customer's profile share; not a type itself."""

    stage = "profile"

    name: PersonName | None = None
    phone: Contact | None = None
    email: Contact | None = None
    address: Contact | None = None
    birth_year: BirthYear | None = None
    id_number: IdNumber | None = None
    language: Language | None = None
    """The language that the customer wants to be addressed in."""
    segment: Code | None = None
    risk_level: Judgement | None = None
    income_band: Judgement | None = None
    occupation: Code | None = None
    since: date | None = None
    """The day on which the relation began."""
    attributes: Attributes = Field(default_factory=dict)


class CustomerRegistered(Profile):
    """The institution comes to know a customer."""

    type = "customer.registered"
    title = Words("Customer registered", "客户建档")
    says = Words("The customer was registered[ in segment {segment}]", "客户已建档[，客群：{segment}]")


class CustomerProfileChanged(Profile):
    """Some fields of the customer's profile get new values; those not sent stay."""

    type = "customer.profile_changed"
    title = Words("Profile changed", "客户信息变更")
    says = Words("The profile was changed[, segment {segment}]", "客户信息已变更[，客群：{segment}]")


class CustomerAliasAdded(Touchpoint):
    """Another channel's id turns out to be this customer."""

    type = "customer.alias_added"
    stage = "profile"
    title = Words("Alias added", "关联客户标识")
    says = Words("Another channel's id was linked to the customer", "已关联其他渠道的客户标识")

    alias: Alias


class PrivacyStep(Touchpoint):
    """What all steps about a customer's privacy share; not a type itself."""

    stage = "profile"
    reserved = True

    request: Code
    """The number that the institution files the request under."""
    by: Staff
    basis: Text
    """The rule or request that it rests on."""


class CustomerRestricted(PrivacyStep):
    """The customer's data is kept, and no longer used."""

    type = "customer.restricted"
    title = Words("Processing restricted", "限制处理")
    says = Words("Use of the customer's data was restricted", "已限制处理客户个人信息")


class CustomerRestrictionLifted(PrivacyStep):
    """The customer's data may be used again; a request for erasure that still waits is withdrawn."""

    type = "customer.restriction_lifted"
    title = Words("Restriction lifted", "解除限制")
    says = Words("The customer's data may be used again", "已解除对客户个人信息的处理限制")


class CustomerHeld(PrivacyStep):
    """A legal hold: nothing of the customer's is erased until it is lifted."""

    type = "customer.held"
    title = Words("Legal hold set", "依法保全")
    says = Words("A legal hold keeps the customer's data", "客户信息已依法保全，暂不删除")
    staff_only = True


class CustomerHoldLifted(PrivacyStep):
    """The legal hold is over."""

    type = "customer.hold_lifted"
    title = Words("Legal hold lifted", "解除保全")
    says = Words("The legal hold was lifted", "已解除对客户信息的保全")
    staff_only = True


class CustomerErasureRequested(PrivacyStep):
    """The customer's personal data is to be erased as soon as the law allows; until then it is not used."""

    type = "customer.erasure_requested"
    title = Words("Erasure requested", "申请删除个人信息")
    says = Words("Erasure of the customer's personal data was requested", "已申请删除客户个人信息")

    jurisdiction: Code
    """Whose rules of retention apply."""


class CustomerErasureBegun(PrivacyStep):
    """From this event on no more of these classes of personal data is taken, and their keys are destroyed."""

    type = "customer.erasure_begun"
    title = Words("Erasure begun", "开始删除个人信息")
    says = Words("Erasure of personal data has begun", "已开始删除客户个人信息")

    classes: tuple[Retention, ...] = Field(min_length=1)
    """The classes of retention that are erased."""


class CustomerErased(Touchpoint):
    """The customer's personal data is erased for good, and every place that held it has confirmed that."""

    type = "customer.erased"
    stage = "profile"
    title = Words("Personal data erased", "个人信息已删除")
    says = Words("The customer's personal data was erased", "客户个人信息已删除")
    reserved = True

    by: Staff
    basis: Text
    """The rule or request that it rests on."""
    request: Code | None = None
    """The number of the request that it fulfils."""
    classes: tuple[Retention, ...] = CLASSES
    """The classes of retention that are erased."""
    places: tuple[Code, ...] = ()
    """The places that have confirmed, one by one."""
