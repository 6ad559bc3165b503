"""Requests that are wrong in themselves: methods, addresses, parameters, types of content."""

from typing import Any

import httpx
import pytest

from api.languages import TAGS
from tests.api.posting import BATCHED, LINES, assert_problem, new_customer, post, recorded
from tests.facts import cloudevent
from tests.sites import Site

TIMELINE = "/v1/customers/C1/timeline"


class TestContentTypes:
    @pytest.mark.parametrize("tag", TAGS)
    @pytest.mark.parametrize(
        "media_type",
        [
            "",
            "text/plain",
            "text/json",
            "application/xml",
            "application/cloudevents",
            "application/cloudevents+avro",
            "application/cloudevents-batch+protobuf",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application",
            ";;;",
        ],
    )
    def test_others_are_not_read(self, site: Site, channel: httpx.Client, media_type: str, tag: str) -> None:
        """The problem lists those that are."""
        with recorded(site) as new:
            answer = post(channel, cloudevent(), media_type, headers={"Accept-Language": tag})

        told = assert_problem(answer, "unsupported-content-type")
        assert told["supported"] == ["application/cloudevents+json", "application/json", BATCHED, LINES]
        assert all(media_type in told["detail"] for media_type in told["supported"])
        assert new == []

    def test_none_at_all(self, site: Site, channel: httpx.Client) -> None:
        """A body of which nobody says what it is."""
        with recorded(site) as new:
            answer = channel.post("/v1/events", content=b"{}")

        assert_problem(answer, "unsupported-content-type")
        assert new == []

    @pytest.mark.parametrize("media_type", ["text/plain", "application/cloudevents+avro"])
    def test_binary_mode_needs_json(self, site: Site, channel: httpx.Client, media_type: str) -> None:
        """Data of other types are not read."""
        headers = {"ce-id": "1", "ce-specversion": "1.0"}
        with recorded(site) as new:
            answer = post(channel, b"hello", media_type, headers=headers)

        assert_problem(answer, "unsupported-content-type")
        assert new == []

    @pytest.mark.parametrize("media_type", ["application/json", BATCHED, LINES])
    @pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "GZIP", "gzip, identity"])
    def test_compressed_bodies_are_not_read(
        self, site: Site, channel: httpx.Client, media_type: str, coding: str
    ) -> None:
        """A small body that becomes a large one is a way to harm; the answer says what may be sent."""
        with recorded(site) as new:
            answer = post(channel, b"\x1f\x8b", media_type, headers={"Content-Encoding": coding})

        assert_problem(answer, "unsupported-encoding")
        assert answer.headers["accept-encoding"] == "identity"
        assert new == []

    @pytest.mark.parametrize("charset", ["gbk", '"gb18030"', "iso-8859-1", "utf-16", "UTF-7"])
    def test_other_character_sets_are_not_read(self, site: Site, channel: httpx.Client, charset: str) -> None:
        """Text is UTF-8."""
        with recorded(site) as new:
            answer = post(channel, cloudevent(), f"application/json; charset={charset}")

        assert_problem(answer, "unsupported-encoding")
        assert new == []


class TestMethods:
    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PUT", "/v1/events", "GET, OPTIONS, POST"),
            ("DELETE", "/v1/events", "GET, OPTIONS, POST"),
            ("PATCH", "/v1/customers/C1", "GET"),
            ("POST", "/v1/customers/C1/timeline", "GET"),
            ("DELETE", "/v1/applications/A-1", "GET"),
            ("GET", "/v1/projections/timeline/rebuild", "POST"),
            ("POST", "/healthz", "GET"),
            ("PROPFIND", "/v1/events", "GET, OPTIONS, POST"),
        ],
    )
    def test_others_are_refused(
        self, site: Site, operator: httpx.Client, method: str, path: str, allowed: str
    ) -> None:
        """The answer names every method that the address takes."""
        with recorded(site) as new:
            answer = operator.request(method, path)

        assert_problem(answer, "method-not-allowed")
        assert answer.headers["allow"] == allowed
        assert new == []


class TestAddresses:
    @pytest.mark.parametrize("tag", TAGS)
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/v1",
            "/v2/events",
            "/v1/nothing",
            "/v1/events/",
            "/v1/event-types/",
            "/v1/event-types/no.such",
            "/v1/processes/no-such",
            "/v1/processes/personal-loan/",
            "/v1/projections/no-such",
            "/v1/customers/",
            "/v1/customers/%00",
            "/v1/customers/%FF",
            "/v1/customers/..%2F..%2Fetc%2Fpasswd",
            "/v1/customers/%F0%9F%98%80/timeline",
            "/v1/applications/NO-SUCH/stream",
            "/docs",
            "/redoc",
            "/problems/no-such",
            "/%E4%B8%AD",
        ],
    )
    def test_what_is_not_there(self, operator: httpx.Client, path: str, tag: str) -> None:
        """Not found is a problem like others, and names the address; nothing is redirected."""
        answer = operator.get(path, headers={"Accept-Language": tag})

        told = assert_problem(answer, "not-found")
        assert told["instance"].isascii()


class TestParameters:
    @pytest.mark.parametrize(
        ("path", "query", "pointers"),
        [
            (TIMELINE, "limit=0", ["#/query/limit"]),
            (TIMELINE, "limit=501", ["#/query/limit"]),
            (TIMELINE, "limit=abc", ["#/query/limit"]),
            (TIMELINE, "limit=" + "9" * 5000, ["#/query/limit"]),
            (TIMELINE, "cursor=abc", ["#/query/cursor"]),
            (TIMELINE, "cursor=", ["#/query/cursor"]),
            (TIMELINE, "cursor=WyIyMDI2IiwgInh4Il0", ["#/query/cursor"]),
            (TIMELINE, "cursor=WyJcdTAwMDAiLDFd", ["#/query/cursor"]),
            (TIMELINE, "cursor=WyIyMDI2IiwxODQ0Njc0NDA3MzcwOTU1MTYxNV0", ["#/query/cursor"]),
            (TIMELINE, "cursor=%F0%9F%98%80", ["#/query/cursor"]),
            (TIMELINE, "since=2026-11-20T12:00:00", ["#/query/since"]),
            (TIMELINE, "since=yesterday", ["#/query/since"]),
            (TIMELINE, "since=1763640000", ["#/query/since"]),
            (TIMELINE, "until=2026-11-20", ["#/query/until"]),
            (TIMELINE, "as_of=2026-02-30T12:00:00Z", ["#/query/as_of"]),
            (TIMELINE, "as_known_at=", ["#/query/as_known_at"]),
            (TIMELINE, "stage=nothing", ["#/query/stage"]),
            (TIMELINE, "channel=fax&stage=x&limit=x", ["#/query/channel", "#/query/stage", "#/query/limit"]),
            (TIMELINE, "type=%00", ["#/query/type"]),
            (TIMELINE, "case=a%00b", ["#/query/case"]),
            (TIMELINE, "min_position=-1", ["#/query/min_position"]),
            (TIMELINE, "min_position=99999999999999999999", ["#/query/min_position"]),
            (TIMELINE, "stagee=review", ["#/query/stagee"]),
            (TIMELINE, "api_key=x&key=y", ["#/query/api_key", "#/query/key"]),
            ("/v1/applications", "state=%00", ["#/query/state"]),
            ("/v1/applications", "customerr=C1", ["#/query/customerr"]),
            ("/v1/applications", "cursor=WzFd", ["#/query/cursor"]),
            ("/v1/applications/A-1", "wait=-1", ["#/query/wait"]),
            ("/v1/applications/A-1", "wait=nan", ["#/query/wait"]),
            ("/v1/customers/C1", "wait=soon", ["#/query/wait"]),
            ("/v1/events", "after=-1", ["#/query/after"]),
            ("/v1/events", "after=99999999999999999999", ["#/query/after"]),
            ("/v1/events", "source=/x", ["#/query/id"]),
            ("/v1/events", "id=x", ["#/query/source"]),
            ("/v1/events", "source=%00&id=%00", ["#/query/source", "#/query/id"]),
            ("/v1/processes/personal-loan", "version=%00", ["#/query/version"]),
            ("/openapi.json", "x=1", ["#/query/x"]),
        ],
    )
    @pytest.mark.parametrize("tag", ["en", "zh-CN"])
    def test_bad_ones_are_named(
        self, operator: httpx.Client, path: str, query: str, pointers: list[str], tag: str
    ) -> None:
        """Unknown ones too: a mistyped filter must not answer with everything."""
        answer = operator.get(f"{path}?{query}", headers={"Accept-Language": tag})

        assert_problem(answer, "invalid-parameter", *pointers)

    @pytest.mark.parametrize(
        ("headers", "pointer"),
        [
            ({"Journey-Min-Position": "x"}, "#/header/Journey-Min-Position"),
            ({"Journey-Min-Position": "-1"}, "#/header/Journey-Min-Position"),
        ],
    )
    def test_bad_headers_are_named(
        self, analyst: httpx.Client, headers: dict[str, str], pointer: str
    ) -> None:
        """As the parameters are."""
        answer = analyst.get("/v1/customers/C1", headers=headers)

        assert_problem(answer, "invalid-parameter", pointer)

    @pytest.mark.parametrize(
        "options", [{"validate_onyl": True}, {"on_reject": "quarantine"}, {"atomic": "x"}]
    )
    def test_a_mistyped_option_writes_nothing(
        self, site: Site, channel: httpx.Client, options: dict[str, Any]
    ) -> None:
        """Whoever meant to check only must not write."""
        with recorded(site) as new:
            answer = post(channel, cloudevent(subject=new_customer()), **options)

        assert_problem(answer, "invalid-parameter", f"#/query/{next(iter(options))}")
        assert new == []

    @pytest.mark.parametrize("accept", ["text/html", "application/xml;q=0.5, text/plain", "text/csv;q=0"])
    def test_a_list_in_no_form_that_there_is(self, analyst: httpx.Client, accept: str) -> None:
        """The problem lists the forms."""
        answer = analyst.get("/v1/events", headers={"Accept": accept})

        told = assert_problem(answer, "not-acceptable")
        assert told["supported"] == ["application/json", "application/x-ndjson", "text/csv"]
        assert "text/csv" in told["detail"]
