"""`GET /v1/customers/{id}`: what is known of a customer now."""

from urllib.parse import quote

import httpx
import pytest

from tests.api.posting import CHINESE, assert_problem, new_customer
from tests.api.stories import opened, visits
from tests.sites import Site


class TestCustomer:
    def test_nobody_without_the_right_key(self, site: Site) -> None:
        """A profile is for analysts."""
        assert_problem(site.anonymous().get("/v1/customers/C1"), "unauthorized")
        assert_problem(site.client("status:read").get("/v1/customers/C1"), "insufficient-scope")

    def test_what_is_known(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """Open cases, last contact, counts; headers tell language, tag and freshness."""
        customer = new_customer()
        application = opened(channel, customer)
        visits(channel, customer, "13:00:00")
        head = site.caught_up()

        answer = analyst.get(f"/v1/customers/{customer}")

        told = answer.json()
        assert answer.status_code == 200
        assert (told["customer"], told["events"], told["version"]) == (customer, 2, 2)
        assert [case["number"] for case in told["open_cases"]] == [application["case"]]
        assert told["last_contact"]["at"] == "2026-11-20T13:00:00.000000Z"
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-language"] == "en"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["vary"] == "Accept-Language, Authorization"
        assert answer.headers["journey-position"] == str(head)
        assert float(answer.headers["journey-lag"]) == 0
        assert answer.headers["etag"].startswith('"')

    def test_in_chinese(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """Names are told in the caller's language, fields are not."""
        customer = opened(channel)["customer"]
        site.caught_up()
        english, chinese = (
            analyst.get(f"/v1/customers/{customer}", headers={"Accept-Language": tag})
            for tag in ("en", "zh-CN")
        )

        assert chinese.headers["content-language"] == "zh-CN"
        assert chinese.json()["open_cases"][0]["kind_name"] == "申请"
        assert english.json()["open_cases"][0]["kind_name"] == "Application"
        assert english.json().keys() == chinese.json().keys()
        assert english.headers["etag"] != chinese.headers["etag"]
        assert not CHINESE.search(english.text)

    @pytest.mark.parametrize("customer", ["分行/王小明", "x?y#z%20", "customer 1", "é"])
    def test_ids_of_any_kind_have_an_address(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client, customer: str
    ) -> None:
        """Slashes, spaces and Chinese letters in an id are percent-encoded in the address."""
        visits(channel, customer, "12:00:00")
        site.caught_up()

        answer = analyst.get(f"/v1/customers/{quote(customer, safe='')}")

        assert answer.status_code == 200, answer.text
        assert answer.json()["customer"] == customer

    def test_nobody_there(self, site: Site, analyst: httpx.Client) -> None:
        """Not found yet; the answer says what was looked through."""
        head = site.caught_up()

        answer = analyst.get("/v1/customers/nobody")

        assert_problem(answer, "not-found")
        assert answer.headers["journey-position"] == str(head)
        assert float(answer.headers["journey-lag"]) == 0


class TestTags:
    def test_an_answer_that_is_known_is_not_sent_again(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client
    ) -> None:
        """304 with all headers and no body, until there is news."""
        customer = new_customer()
        visits(channel, customer, "12:00:00")
        site.caught_up()
        first = analyst.get(f"/v1/customers/{customer}")
        tag = first.headers["etag"]

        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            answer = analyst.get(f"/v1/customers/{customer}", headers={"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            for name in ("etag", "cache-control", "vary", "content-language", "journey-position"):
                assert answer.headers[name] == first.headers[name]

        visits(channel, customer, "13:00:00")
        site.caught_up()
        answer = analyst.get(f"/v1/customers/{customer}", headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer.headers["etag"] != tag

    def test_other_customers_do_not_matter(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client
    ) -> None:
        """The tag stays while nothing happens to this customer."""
        customer = new_customer()
        visits(channel, customer, "12:00:00")
        site.caught_up()
        tag = analyst.get(f"/v1/customers/{customer}").headers["etag"]
        visits(channel, new_customer(), "12:00:00")
        site.caught_up()

        assert analyst.get(f"/v1/customers/{customer}", headers={"If-None-Match": tag}).status_code == 304
