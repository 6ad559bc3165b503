"""`GET /v1/applications`: the status of an application, and the list of all."""

import threading
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest

from projections import registry
from tests.api.posting import CHINESE, assert_problem, new_customer
from tests.api.stories import SUBMITTED, opened, reviewed, told
from tests.databases import database_settings
from tests.sites import Site, serving


@pytest.fixture(scope="module")
def reader(site: Site) -> httpx.Client:
    """Give a client that may read the status of a case and nothing else."""
    return site.client("status:read")


class TestStatus:
    def test_nobody_without_the_right_key(self, site: Site) -> None:
        """A status is for who may read one."""
        assert_problem(site.anonymous().get("/v1/applications/A-1"), "unauthorized")
        assert_problem(site.client("events:write").get("/v1/applications/A-1"), "insufficient-scope")

    def test_how_it_stands(self, site: Site, channel: httpx.Client, reader: httpx.Client) -> None:
        """Progress, steps, what is missing, whose turn it is; tag and freshness in headers."""
        application = opened(channel)
        reviewed(channel, application)
        head = site.caught_up()

        answer = reader.get(f"/v1/applications/{application['case']}")

        status = answer.json()
        assert answer.status_code == 200
        assert (status["number"], status["customer"]) == (application["case"], application["customer"])
        assert (status["state"], status["product_name"]) == ("in_review", "Personal loan")
        assert status["waiting_for"]["who"] == "institution"
        assert {step["status"] for step in status["steps"]} >= {"current", "to_come"}
        assert "income_proof" in {material["code"] for material in status["materials"]["missing"]}
        assert answer.headers["journey-position"] == str(head)
        assert float(answer.headers["journey-lag"]) == 0
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["content-language"] == "en"

    def test_in_chinese(self, site: Site, channel: httpx.Client, reader: httpx.Client) -> None:
        """The same fields, in other words; the tag is another one."""
        number = opened(channel)["case"]
        site.caught_up()
        english, chinese = (
            reader.get(f"/v1/applications/{number}", headers={"Accept-Language": tag})
            for tag in ("en", "zh-TW")
        )

        assert chinese.json()["product_name"] == "个人消费贷款"
        assert chinese.headers["content-language"] == "zh-CN"
        assert not CHINESE.search(english.text)
        assert english.headers["etag"] != chinese.headers["etag"]

    def test_a_number_may_be_written_as_people_write_it(
        self, site: Site, channel: httpx.Client, reader: httpx.Client
    ) -> None:
        """Small letters, spaces, other dashes, full-width letters: read over the phone or from a letter."""
        number = opened(channel)["case"]
        site.caught_up()
        wide = number.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
        for written in (
            number.lower(),
            number.replace("-", " "),
            number.replace("-", "–"),
            f" {number} ",
            wide,
        ):
            answer = reader.get(f"/v1/applications/{written}")

            assert answer.status_code == 200, written
            assert answer.json()["number"] == number

    @pytest.mark.parametrize("path", ["", "/stream"])
    def test_a_mistyped_number_has_its_own_problem(
        self, channel: httpx.Client, reader: httpx.Client, path: str
    ) -> None:
        """Not found would send people looking; a wrong check character says that they mistyped."""
        number = opened(channel)["case"]
        mistyped = number[:-1] + ("A" if number[-1] != "A" else "B")
        swapped = number[:-3] + number[-2] + number[-3] + number[-1]
        for written in {mistyped, swapped} - {number}:
            answer = reader.get(f"/v1/applications/{written}{path}")

            assert_problem(answer, "case-number-mistyped")

    def test_channels_numbers_are_taken_as_they_are(
        self, site: Site, channel: httpx.Client, reader: httpx.Client
    ) -> None:
        """A number that is not ours has no check character, and may have slashes."""
        customer = new_customer()
        case = f"hq/2026/{customer}"
        told(channel, "application.submitted", SUBMITTED, subject=customer, case=case)
        site.caught_up()

        answer = reader.get(f"/v1/applications/{case}")

        assert (answer.status_code, answer.json()["number"]) == (200, case)
        assert_problem(reader.get(f"/v1/applications/{case.upper()}"), "not-found")

    def test_nobody_there(self, site: Site, reader: httpx.Client) -> None:
        """Not found yet; the answer says what was looked through."""
        head = site.caught_up()

        answer = reader.get("/v1/applications/NO-SUCH")

        assert_problem(answer, "not-found")
        assert answer.headers["journey-position"] == str(head)
        assert float(answer.headers["journey-lag"]) == 0


class TestTags:
    def test_other_logic_has_other_tags(
        self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After an upgrade that tells the status in another way, nobody keeps an old answer."""
        directory = tmp_path_factory.mktemp("tags")
        with database_settings("sqlite", directory) as settings:
            with serving(settings) as site:
                number = opened(site.client())["case"]
                site.caught_up()
                before = site.client().get(f"/v1/applications/{number}").headers["etag"]
            later = [
                replace(projection, version=projection.version + 1)
                for projection in registry.projections(site.service.processes)
            ]
            monkeypatch.setattr("api.service.projections", lambda _: later)
            with serving(settings) as site:
                client = site.client()
                deadline = time.monotonic() + 20
                while client.get("/v1/projections/review_progress").json()["live_build"] < 2:
                    assert time.monotonic() < deadline
                answer = client.get(f"/v1/applications/{number}", headers={"If-None-Match": before})

        assert answer.status_code == 200
        assert answer.headers["etag"] != before

    def test_an_answer_that_is_known_is_not_sent_again(
        self, site: Site, channel: httpx.Client, reader: httpx.Client
    ) -> None:
        """304 until something happens to this application."""
        application = opened(channel)
        site.caught_up()
        address = f"/v1/applications/{application['case']}"
        tag = reader.get(address).headers["etag"]

        known = reader.get(address, headers={"If-None-Match": tag})
        reviewed(channel, application)
        site.caught_up()
        news = reader.get(address, headers={"If-None-Match": tag})

        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
        assert (news.status_code, news.json()["state"]) == (200, "in_review")


class TestLongPoll:
    def test_it_answers_when_news_comes(
        self, site: Site, channel: httpx.Client, reader: httpx.Client
    ) -> None:
        """Long before the time is over, and not for other applications."""
        application = opened(channel)
        site.caught_up()
        address = f"/v1/applications/{application['case']}"
        tag = reader.get(address).headers["etag"]
        answers: list[httpx.Response] = []

        def ask() -> None:
            answers.append(reader.get(address, params={"wait": 25}, headers={"If-None-Match": tag}))

        asking = threading.Thread(target=ask)
        asking.start()
        opened(channel)
        site.caught_up()
        assert answers == []
        started = time.monotonic()
        reviewed(channel, application)
        asking.join(20)

        assert time.monotonic() - started < 10
        assert (answers[0].status_code, answers[0].json()["state"]) == (200, "in_review")

    def test_without_news_it_ends(self, site: Site, channel: httpx.Client, reader: httpx.Client) -> None:
        """304 when the time is over."""
        number = opened(channel)["case"]
        site.caught_up()
        address = f"/v1/applications/{number}"
        tag = reader.get(address).headers["etag"]
        started = time.monotonic()

        answer = reader.get(address, params={"wait": 0.3}, headers={"If-None-Match": tag})

        assert (answer.status_code, answer.content) == (304, b"")
        assert time.monotonic() - started >= 0.3

    def test_without_a_tag_it_does_not_wait(
        self, site: Site, channel: httpx.Client, reader: httpx.Client
    ) -> None:
        """Who knows nothing is told at once."""
        number = opened(channel)["case"]
        site.caught_up()
        started = time.monotonic()

        assert reader.get(f"/v1/applications/{number}", params={"wait": 25}).status_code == 200
        assert time.monotonic() - started < 10


class TestList:
    def _numbers(self, client: httpx.Client, **query: Any) -> list[str]:
        answer = client.get("/v1/applications", params=query)
        assert answer.status_code == 200, answer.text
        return [item["number"] for item in answer.json()["items"]]

    def test_nobody_without_the_right_key(self, site: Site) -> None:
        """Who may read one status may not go through all."""
        assert_problem(site.anonymous().get("/v1/applications"), "unauthorized")
        assert_problem(site.client("status:read").get("/v1/applications"), "insufficient-scope")

    def test_filters(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """By customer, by state, by product; several together must all hold."""
        customer, product = new_customer(), f"product-{new_customer()}"
        first, second = opened(channel, customer), opened(channel, customer, product=product)
        third = opened(channel, product=product)
        reviewed(channel, second)
        head = site.caught_up()

        assert self._numbers(analyst, customer=customer) == sorted([first["case"], second["case"]])
        assert self._numbers(analyst, product=product) == sorted([second["case"], third["case"]])
        assert self._numbers(analyst, product=product, state="in_review") == [second["case"]]
        assert self._numbers(analyst, customer=customer, state="submitted") == [first["case"]]
        assert self._numbers(analyst, customer="nobody") == []
        headers = analyst.get("/v1/applications").headers
        assert headers["journey-position"] == str(head)
        assert float(headers["journey-lag"]) == 0
        assert headers["vary"] == "Accept, Accept-Language, Authorization"

    def test_from_page_to_page(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """Following `next` gives each application once, with the filters kept."""
        customer = new_customer()
        numbers = sorted(opened(channel, customer)["case"] for _ in range(5))
        site.caught_up()
        seen: list[str] = []
        address = f"/v1/applications?limit=2&customer={customer}"
        while address:
            answer = analyst.get(address)
            seen += [item["number"] for item in answer.json()["items"]]
            assert answer.json()["next"] == answer.links.get("next", {}).get("url")
            address = answer.json()["next"]

        assert seen == numbers

    def test_in_chinese(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """The items are what the single address answers."""
        application = opened(channel)
        site.caught_up()
        headers = {"Accept-Language": "zh"}
        query = {"customer": application["customer"]}

        (item,) = analyst.get("/v1/applications", params=query, headers=headers).json()["items"]

        assert item == analyst.get(f"/v1/applications/{application['case']}", headers=headers).json()
        assert item["product_name"] == "个人消费贷款"
