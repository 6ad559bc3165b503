"""Who asks too often waits; nobody else does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.problems import Problem
from api.rate_limits import RateLimit
from journey.settings import Settings
from tests.api.calling import Running, running_app
from tests.facts import cloudevent
from tests.provider import token, trusting


@contextmanager
def limited(directory: Path, **limits: float) -> Iterator[Running]:
    """Run an app with these limits, and no others."""
    none = {"requests_per_second": 0, "customer_requests_per_second": 0, "failures_per_second": 0}
    further: dict[str, Any] = {**trusting(directory), **none, **limits}
    with running_app(Settings(data=directory / "data", roles=frozenset({"api"}), **further)) as app:
        app.service.engine.prepare()
        yield app


def taken(limit: RateLimit, name: str = "one") -> int:
    """Ask until it is too often, and return how often it was not."""
    for count in range(1000):
        try:
            limit.count(name)
        except Problem:
            return count
    return 1000


@pytest.fixture
def now() -> list[float]:
    """Give a clock that is set by hand."""
    return [1000.0]


@pytest.fixture
def clock(now: list[float]) -> Callable[[], float]:
    """Read that clock."""
    return lambda: now[0]


class TestCounting:
    def test_rest_gives_requests_back(self, now: list[float], clock: Callable[[], float]) -> None:
        """A whole bucket at most may be saved up, and each caller has one."""
        limit = RateLimit("caller", 5, 10, clock=clock)

        assert taken(limit) == 10
        assert taken(limit, "another") == 10
        now[0] += 0.4
        assert taken(limit) == 2
        now[0] += 1000
        assert taken(limit) == 10

    def test_what_is_left_is_told(self, now: list[float], clock: Callable[[], float]) -> None:
        """How much, until when, and by which rule; as draft-ietf-httpapi-ratelimit-headers-10 has it."""
        limit = RateLimit("caller", 5, 10, clock=clock)
        rule = (b"ratelimit-policy", b'"caller";q=10;w=2')

        assert limit.count("one") == (rule, (b"ratelimit", b'"caller";r=9;t=1'))
        for _ in range(8):
            told = limit.count("one")
        assert told == (rule, (b"ratelimit", b'"caller";r=1;t=2'))
        now[0] += 100
        assert limit.count("one") == (rule, (b"ratelimit", b'"caller";r=9;t=1'))

    def test_how_long_to_wait(self, now: list[float], clock: Callable[[], float]) -> None:
        """After that time the request is taken, and not before."""
        limit = RateLimit("caller", 0.05, 1, clock=clock)
        limit.count("one")
        with pytest.raises(Problem) as raised:
            limit.count("one")
        wait = int(raised.value.headers["Retry-After"])
        assert wait == 20
        now[0] += wait - 1
        assert taken(limit) == 0
        now[0] += 1
        assert taken(limit) == 1

    def test_to_check_counts_nothing(self, clock: Callable[[], float]) -> None:
        """Whoever is only looked at has as many requests as before."""
        limit = RateLimit("caller", 1, 2, clock=clock)
        for _ in range(10):
            limit.check("one")
        assert taken(limit) == 2
        with pytest.raises(Problem):
            limit.check("one")

    def test_callers_who_rest_are_forgotten(
        self, now: list[float], clock: Callable[[], float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Names without end take memory with an end; who asked too often lately is remembered."""
        monkeypatch.setattr("api.rate_limits._MOST_CALLERS", 50)
        limit = RateLimit("caller", 1, 2, clock=clock)
        for place in range(500):
            limit.count(f"caller {place}")
            now[0] += 1
        assert taken(limit) == 2
        for place in range(40):
            limit.count(f"later {place}")
        assert taken(limit) == 0
        assert len(limit._full_at) <= 51  # noqa: SLF001  # what is measured here


class TestCallers:
    def test_a_key_that_asks_too_often(self, tmp_path: Path) -> None:
        """It is refused with the time to wait, in both languages; nothing is written, nobody else waits."""
        with limited(tmp_path, requests_per_second=0.05, request_burst=2) as app:
            key, other = (app.service.keys.create(["events:write"], app.service.clock()) for _ in "12")
            assert [app.call("POST /v1/events", key, cloudevent()).status for _ in "12"] == [201, 201]
            head = app.service.log.head()
            for language, word in (("en", "Wait"), ("zh-CN", "请等待")):
                answer = app.call("POST /v1/events", key, cloudevent(), accept_language=language)
                assert (answer.status, answer.json()["code"]) == (429, "too-many-requests")
                assert word in answer.json()["detail"]
                assert 1 <= int(answer.headers["retry-after"]) <= 20
                assert answer.headers["ratelimit-policy"] == '"caller";q=2;w=40'
                assert answer.headers["ratelimit"].startswith('"caller";r=0;t=')
            assert app.service.log.head() == head
            answer = app.call("POST /v1/events", other, cloudevent())
            assert (answer.status, answer.headers["ratelimit"]) == (201, '"caller";r=1;t=20')

    def test_customers_have_a_limit_of_their_own(self, tmp_path: Path) -> None:
        """Each for themselves; staff is not slowed down by it."""
        with limited(tmp_path, customer_requests_per_second=0.05, customer_request_burst=1) as app:
            customers = [token("status:read", sub=f"customer-{place}") for place in (1, 2)]
            for shown in customers:
                asked = [app.call("GET /v1/event-types/review.started", shown) for _ in "12"]
                assert [answer.status for answer in asked] == [200, 429]
                assert asked[0].headers["ratelimit-policy"] == '"customer";q=1;w=20'
            staff = token("journeys:read", sub="customer-1")
            for _ in "123":
                answer = app.call("GET /v1/event-types/review.started", staff)
                assert answer.status == 200
                assert "ratelimit" not in answer.headers

    def test_by_default_there_are_limits(self, tmp_path: Path) -> None:
        """Generous ones."""
        settings = Settings(data=tmp_path)
        assert settings.requests_per_second >= 10_000
        assert settings.customer_requests_per_second >= 10
        assert settings.failures_per_second > 0


class TestFailures:
    def test_an_address_that_guesses_is_kept_out(self, tmp_path: Path) -> None:
        """Its further guesses are not even looked at; other addresses are."""
        with limited(tmp_path, failures_per_second=0.3) as app:
            guesses = [f"cj_0000000{place}_x" for place in range(3)] + ["a.b.c", "x"]
            answers = [app.call("GET /v1/event-types", guess) for guess in guesses]

            assert [answer.status for answer in answers] == [401, 401, 401, 429, 429]
            assert int(answers[-1].headers["retry-after"]) >= 1
            assert app.call("GET /v1/event-types", "x", client="192.0.2.2").status == 401
            assert app.call("GET /v1/event-types").status == 401

    def test_who_was_let_in_is_not_kept_out_by_others(self, tmp_path: Path) -> None:
        """Behind one proxy all have one address."""
        with limited(tmp_path, failures_per_second=0.1) as app:
            key, late = (app.service.keys.create(["journeys:read"], app.service.clock()) for _ in "12")
            shown = token("journeys:read")
            for good in (key, shown):
                assert app.call("GET /v1/event-types", good).status == 200
            assert [app.call("GET /v1/event-types", "x").status for _ in "12"] == [401, 429]

            assert app.call("GET /v1/event-types", late).status == 429
            for good in (key, shown):
                assert app.call("GET /v1/event-types", good).status == 200

    def test_one_network_is_one_address(self, tmp_path: Path) -> None:
        """Whoever has an IPv6 network has addresses without end."""
        with limited(tmp_path, failures_per_second=0.1) as app:
            addresses = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]
            answers = [app.call("GET /v1/event-types", "x", client=each).status for each in addresses]

            assert answers == [401, 429, 401]
