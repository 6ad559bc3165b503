"""What policies remember of a customer stays small, and is read again as it was written."""

from journey.policies.customer import Customer, evolve, from_text, to_text
from tests.facts import event
from tests.journey.policies.specs import recorded


def closed_cases(count: int) -> Customer:
    """Return a customer who has settled so many questions, and asks one more."""
    customer, version = Customer(), 0
    for number in range(count):
        for type_, data in (
            ("consultation.requested", {"topic": "t", "category": "c"}),
            ("consultation.abandoned", {}),
        ):
            version += 1
            told = recorded(event(type_, data, case=f"CON-{number}"), version)
            customer = evolve(customer, told, live=True)
    last = event("consultation.requested", {"topic": "t", "category": "c"}, case="CON-LAST")
    return evolve(customer, recorded(last, version + 1), live=True)


def test_of_cases_that_are_over_the_latest_are_remembered() -> None:
    """A customer of many years costs no more than one of a few."""
    customer = closed_cases(100)

    assert list(customer.cases) == [*(f"CON-{number}" for number in range(80, 100)), "CON-LAST"]


def test_what_cannot_be_read_is_folded_anew() -> None:
    """Another version wrote it."""
    assert from_text(to_text(Customer())) == Customer()
    assert from_text('{"cases": {"CON-1": {"kind": "dream"}}}') is None
