"""Work lists: what is to be done, of all kinds, relative to the moment of asking."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.posting import assert_problem
from tests.api.stories import told
from tests.conftest import DATABASES
from tests.databases import database_settings
from tests.sites import Site, serving

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
COMPLAINT = {"category": "fees", "severity": "high", "description": "PERSONAL", "contact": "PERSONAL"}
QUESTION = {"topic": "rates", "category": "common", "question": "PERSONAL"}
TICKET = {"class": "complex", "product": "card", "problem": "PERSONAL", "contact": "PERSONAL"}


class Bank:
    """A running service with cases of all kinds, whose clock the test sets."""

    def __init__(self) -> None:
        self.now = NOON
        self.numbers: dict[str, str] = {}
        self.site: Site

    def clock(self) -> datetime:
        """Tell the time."""
        return self.now

    def begin(self, site: Site) -> None:
        """Let everything happen; who waits longest is not who came first."""
        self.site, channel = site, site.client("events:write")

        def open_(name: str, type_: str, data: dict[str, Any], minutes: int, **more: Any) -> None:
            at = (NOON - timedelta(minutes=minutes)).isoformat()
            case = told(channel, type_, data, subject=name, time=at, **more)["case"]
            self.numbers[name] = case

        def then(name: str, type_: str, data: dict[str, Any], minutes: int = 0) -> None:
            at = (NOON - timedelta(minutes=minutes)).isoformat()
            told(channel, type_, data, subject=name, case=self.numbers[name], time=at)

        open_("asked-late", "consultation.requested", QUESTION, 5, channel="phone")
        open_("asked-early", "consultation.requested", QUESTION, 50, channel="chat")
        open_("asked-gone", "consultation.requested", QUESTION, 90, channel="phone")
        then("asked-gone", "consultation.abandoned", {}, 80)
        then("asked-late", "consultation.assigned", {"agent": "a1", "team": "desk"}, 4)
        # The plain rules give 15 days, and warn three days before their end.
        for name, days, handler in (("fresh", 1, "li"), ("near", 13, "li"), ("late", 17, "wu")):
            open_(name, "complaint.registered", COMPLAINT, 60 * 24 * days, channel="counter")
            due_at = (NOON + timedelta(days=15 - days)).isoformat()
            assigned = {"department": "cards", "handler": handler, "due_at": due_at}
            then(name, "complaint.assigned", assigned, 60 * 24 * days - 60)
        then("late", "complaint.escalated", {"to": "boss", "cause": "overdue"}, 60)
        open_("done", "complaint.registered", COMPLAINT, 60 * 24 * 40, channel="counter")
        then("done", "complaint.withdrawn", {"reason": "PERSONAL"})
        open_("broken", "ticket.opened", TICKET, 30, channel="mobile")
        then("broken", "ticket.routed", {"team": "tech", "reason": "hard"}, 20)
        open_("unhappy", "feedback.submitted", {"csat": 1}, 45)
        then("unhappy", "feedback.follow_up_opened", {"handler": "sun", "because": "csat 1"}, 40)
        submitted = {"product": "personal-loan", "materials": ["identity_card"]}
        open_("applied", "application.submitted", submitted, 60 * 24 * 9)
        then("applied", "review.started", {"reviewer": "zhang", "team": "credit"}, 60 * 24 * 8)
        site.caught_up()
        self.staff = site.client("cases:work")

    def names(self, path: str) -> list[str]:
        """Return whose cases a list has, in its order, from page to page."""
        found: list[str] = []
        address: str | None = f"/v1/{path}"
        while address:
            answer = self.staff.get(address)
            assert answer.status_code == 200, answer.text
            assert b"PERSONAL" not in answer.content
            found += [item["customer"] for item in answer.json()["items"]]
            address = answer.json()["next"]
        return found


@pytest.fixture(scope="module", params=DATABASES)
def bank(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Give the bank on each database."""
    bank, directory = Bank(), tmp_path_factory.mktemp("bank")
    with database_settings(request.param, directory) as settings, serving(settings, clock=bank.clock) as site:
        bank.begin(site)
        yield bank


class TestLists:
    def test_who_waits_now_the_longest_first(self, bank: Bank) -> None:
        """With the time that has passed; by team and channel."""
        [first, second] = bank.staff.get("/v1/consultations?state=waiting").json()["items"]

        assert (first["customer"], first["elapsed_s"], first["channel_name"]) == ("asked-early", 3000, "Chat")
        assert (second["customer"], second["elapsed_s"], second["team"]) == ("asked-late", 300, "desk")
        assert first["as_of"] == "2026-11-20T12:00:00.000000Z"
        assert bank.names("consultations?state=waiting&team=desk") == ["asked-late"]
        assert bank.names("consultations?state=waiting&channel=chat") == ["asked-early"]
        assert bank.names("consultations?limit=1") == ["asked-early", "asked-late"]
        assert bank.names("consultations?state=abandoned") == ["asked-gone"]
        assert bank.names("consultations?customer=asked-gone") == ["asked-gone"]

    def test_complaints_by_handler_and_limit(self, bank: Bank) -> None:
        """What is due first comes first; closed ones come where they are asked for."""
        assert bank.names("complaints") == ["late", "near", "fresh"]
        assert bank.names("complaints?limit=1") == ["late", "near", "fresh"]
        assert bank.names("complaints?handler=li") == ["near", "fresh"]
        assert bank.names("complaints?due=overdue") == ["late"]
        assert bank.names("complaints?due=soon") == ["near"]
        assert bank.names("complaints?due=urgent&handler=li") == ["near"]
        assert bank.names("complaints?escalated=true") == ["late"]
        assert bank.names("complaints?turn=nobody") == ["done"]
        assert bank.names("complaints?team=cards&state=assigned&order=number") == sorted(
            ("fresh", "near", "late"), key=bank.numbers.__getitem__
        )
        assert bank.names("complaints?customer=near&category=fees") == ["near"]

    def test_tickets_and_what_is_followed_up(self, bank: Bank) -> None:
        """By team, class and handler."""
        assert bank.names("tickets?team=tech&category=complex&product=card") == ["broken"]
        assert bank.names("tickets?category=common") == []
        assert bank.names("surveys?state=following_up") == ["unhappy"]
        assert bank.names("surveys?handler=sun") == ["unhappy"]

    def test_applications_by_reviewer_and_step(self, bank: Bank) -> None:
        """Late when the step has taken longer than the process gives it."""
        [item] = bank.staff.get("/v1/applications?state=in_review&handler=zhang&due=overdue").json()["items"]
        step = next(step["code"] for step in item["steps"] if step["status"] == "current")

        assert item["due_at"] < "2026-11-20T12"
        assert bank.names(f"applications?step={step}&order=due") == ["applied"]
        assert bank.names(f"applications?step={step}&order=since&team=credit") == ["applied"]
        assert bank.names("applications?due=soon") == []
        assert bank.names("applications?handler=nobody") == []

    def test_everything_that_is_urgent(self, bank: Bank) -> None:
        """Of all kinds, the most urgent first; each page begins where the one before it ended."""
        assert bank.names("work") == ["applied", "late", "near"]
        assert bank.names("work?limit=1") == ["applied", "late", "near"]
        assert bank.names("work?due=overdue") == ["applied", "late"]
        assert bank.names("work?kind=complaint") == ["late", "near"]
        assert bank.names("work?kind=application") == ["applied"]
        assert bank.names("work?turn=customer") == []
        [item] = bank.staff.get("/v1/work?handler=zhang").json()["items"]
        assert (item["kind"], item["number"]) == ("application", bank.numbers["applied"])
        assert (item["overdue"], item["soon"], item["team"]) == (True, False, "credit")

    def test_time_alone_makes_things_late(self, bank: Bank) -> None:
        """Nothing is stored of it: the same rows answer otherwise when it is later."""
        bank.now = NOON + timedelta(days=16)
        try:
            answer = bank.staff.get("/v1/complaints?due=overdue")
            assert [item["customer"] for item in answer.json()["items"]] == ["late", "near", "fresh"]
            assert answer.headers["journey-as-of"] == "2026-12-06T12:00:00.000000Z"
        finally:
            bank.now = NOON
        assert bank.names("complaints?due=overdue") == ["late"]

    def test_in_chinese_and_as_a_table(self, bank: Bank) -> None:
        """The same columns on every page."""
        headers = {"Accept-Language": "zh", "Accept": "text/csv"}
        told_ = bank.staff.get("/v1/complaints?due=overdue", headers=headers)

        head, row, *_ = told_.text.splitlines()
        assert head.startswith("number,kind,kind_name,customer,state,state_name,turn,team,handler")
        assert "投诉,late,assigned,已分派,institution,cards,wu" in row

    def test_what_is_inserted_meanwhile_moves_no_page(self, bank: Bank) -> None:
        """A cursor says where a page begins, not how many cases came before."""
        first = bank.staff.get("/v1/consultations?state=waiting&limit=1").json()
        channel = bank.site.client("events:write")
        at = (NOON - timedelta(minutes=70)).isoformat()
        new = told(channel, "consultation.requested", QUESTION, subject="earliest", time=at)
        bank.site.caught_up()

        second = bank.staff.get(first["next"]).json()["items"]

        assert [item["customer"] for item in second] == ["asked-late"]
        told(channel, "consultation.abandoned", {}, subject="earliest", case=new["case"], time=at)
        bank.site.caught_up()

    @pytest.mark.parametrize("query", ["due=never", "turn=me", "order=size", "kind=customer", "cursor=WzFd"])
    def test_what_there_is_not(self, bank: Bank, query: str) -> None:
        """A mistyped filter answers with nothing."""
        name = query.partition("=")[0]

        assert_problem(bank.staff.get(f"/v1/work?{query}"), "invalid-parameter", f"#/query/{name}")

    def test_strict_readers_are_not_told_what_is_old(self, bank: Bank) -> None:
        """Both projections must show the position."""
        answer = bank.staff.get("/v1/work?min_position=99999999", headers={"Prefer": "handling=strict"})

        assert_problem(answer, "projection-behind")
        assert bank.staff.get("/v1/work?min_position=99999999").json()["stale"] is True


class TestCounts:
    def _counts(self, client: httpx.Client, query: str) -> dict[tuple[str, Any], tuple[int, ...]]:
        answer = client.get(f"/v1/work/counts?{query}")
        assert answer.status_code == 200, answer.text
        return {
            (item["kind"], item["value"]): tuple(
                item[name] for name in ("open", "overdue", "soon", "escalated")
            )
            for item in answer.json()["items"]
        }

    def test_by_kind(self, bank: Bank) -> None:
        """Closed cases count nowhere."""
        assert self._counts(bank.staff, "by=kind") == {
            ("complaint", "complaint"): (3, 1, 1, 1),
            ("consultation", "consultation"): (2, 0, 0, 0),
            ("ticket", "ticket"): (1, 0, 0, 0),
            ("survey", "survey"): (1, 0, 0, 0),
            ("application", "application"): (1, 1, 0, 0),
        }

    def test_by_group_and_filter(self, bank: Bank) -> None:
        """Each with its name and the oldest of it."""
        assert self._counts(bank.staff, "by=handler&kind=complaint") == {
            ("complaint", "li"): (2, 0, 1, 0),
            ("complaint", "wu"): (1, 1, 0, 1),
        }
        assert self._counts(bank.staff, "by=team&due=overdue") == {
            ("application", "credit"): (1, 1, 0, 0),
            ("complaint", "cards"): (1, 1, 0, 1),
        }
        assert self._counts(bank.staff, "by=channel&kind=consultation&state=waiting") == {
            ("consultation", "chat"): (1, 0, 0, 0),
            ("consultation", "phone"): (1, 0, 0, 0),
        }
        headers = {"Accept-Language": "zh"}
        [item] = bank.staff.get("/v1/work/counts?by=state&kind=ticket", headers=headers).json()["items"]
        assert (item["name"], item["value"]) == ("已转派", "routed")
        assert item["oldest_since"] == "2026-11-20T11:40:00.000000Z"
