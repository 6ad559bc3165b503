"""`GET /v1/event-types` and `/v1/processes`: what may be posted, and what customers may expect."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from journey.lifecycle import LIFECYCLES
from journey.touchpoints import TOUCHPOINTS
from tests.api.posting import CHINESE, assert_problem
from tests.sites import Site

FIXTURES = Path(__file__).parents[1] / "journey" / "fixtures" / "events"


@pytest.fixture(scope="module")
def reader(site: Site) -> httpx.Client:
    """Give a client with the least of all keys: the catalogue is for everybody who has one."""
    return site.client("analytics:read")


def _answer(client: httpx.Client, path: str, tag: str = "en") -> Any:
    answer = client.get(path, headers={"Accept-Language": tag})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-language"] == ("en" if tag == "en" else "zh-CN")
    assert answer.headers["vary"] == "Accept, Accept-Language"
    return answer.json()


class TestEventTypes:
    def test_nobody_without_a_key(self, site: Site) -> None:
        """Any key will do."""
        assert_problem(site.anonymous().get("/v1/event-types"), "unauthorized")
        assert_problem(site.anonymous().get("/v1/event-types/care.contacted"), "unauthorized")

    def test_every_type_is_listed(self, reader: httpx.Client) -> None:
        """In order of names, each as its own address tells it."""
        page = _answer(reader, "/v1/event-types")

        assert [item["type"] for item in page["items"]] == sorted(TOUCHPOINTS)
        assert page["next"] is None
        for item in page["items"]:
            assert item == _answer(reader, f"/v1/event-types/{item['type']}")

    def test_lifecycles_are_those_of_the_rules(self, reader: httpx.Client) -> None:
        """What the catalogue says of moves is what the service decides by."""
        told: dict[str, dict[str | None, set[str]]] = {}
        for item in _answer(reader, "/v1/event-types")["items"]:
            assert item["opens_case"] == any(move["from"] is None for move in item["lifecycle"])
            for move in item["lifecycle"]:
                told.setdefault(item["case"], {}).setdefault(move["from"], set()).add(item["type"])

        assert told == {
            kind: {state: set(types) for state, types in rows.items() if types}
            for kind, rows in LIFECYCLES.items()
        }

    @pytest.mark.parametrize("type_", sorted(TOUCHPOINTS))
    def test_schemas_are_json_schema(self, reader: httpx.Client, type_: str) -> None:
        """Each is valid JSON Schema 2020-12, and what is stored of its type now is valid by it."""
        schema = _answer(reader, f"/v1/event-types/{type_}")["schema"]
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)

        stored = list(FIXTURES.glob(f"{type_}.v{TOUCHPOINTS[type_].schema_version}.json"))
        assert stored, "there is no stored event of this type"
        for file in stored:
            validator.validate(json.loads(file.read_text()))
        assert not validator.is_valid({"no such field": 1})

    def test_in_both_languages(self, reader: httpx.Client) -> None:
        """Titles and stages in words; the rest is the same."""
        english = _answer(reader, "/v1/event-types")["items"]
        for item, chinese in zip(english, _answer(reader, "/v1/event-types", "zh-CN")["items"], strict=True):
            same = item.keys() - {"title", "stage_name"}
            assert {name: item[name] for name in same} == {name: chinese[name] for name in same}
            assert CHINESE.search(chinese["title"] + chinese["stage_name"])
            assert not CHINESE.search(item["title"] + item["stage_name"])

    def test_personal_fields_and_reserved_types_are_marked(self, reader: httpx.Client) -> None:
        """A channel learns what is sealed, and what it cannot send."""
        registered = _answer(reader, "/v1/event-types/customer.registered")

        assert {"name", "phone", "email"} <= set(registered["personal_fields"])
        assert _answer(reader, "/v1/event-types/customer.erased")["reserved"] is True
        assert registered["reserved"] is False

    def test_no_such_type(self, reader: httpx.Client) -> None:
        """Not found."""
        assert_problem(reader.get("/v1/event-types/no.such"), "not-found")


class TestProcesses:
    def test_nobody_without_a_key(self, site: Site) -> None:
        """Any key will do."""
        assert_problem(site.anonymous().get("/v1/processes"), "unauthorized")
        assert_problem(site.anonymous().get("/v1/processes/personal-loan"), "unauthorized")

    def test_products_and_their_steps(self, reader: httpx.Client) -> None:
        """At least four products; each says who does what, how long, and what to bring."""
        page = _answer(reader, "/v1/processes")

        products = [item["product"] for item in page["items"]]
        assert {"personal-loan", "credit-card"} <= set(products)
        assert len(products) >= 4
        for item in page["items"]:
            assert item == _answer(reader, f"/v1/processes/{item['product']}")
            assert item["steps"]
            assert all(step["takes"].startswith("P") and step["owner"] for step in item["steps"])

    def test_in_both_languages(self, reader: httpx.Client) -> None:
        """The same steps in the same order, in other words."""
        for item in _answer(reader, "/v1/processes")["items"]:
            chinese = _answer(reader, f"/v1/processes/{item['product']}", "zh")

            assert not CHINESE.search(json.dumps(item, ensure_ascii=False))
            for part in (chinese, *chinese["steps"], *chinese["materials"]):
                assert CHINESE.search(part["name"])
            for parts in ("steps", "materials"):
                assert [each["code"] for each in chinese[parts]] == [each["code"] for each in item[parts]]

    def test_by_version(self, reader: httpx.Client) -> None:
        """An application that runs under an older definition can still be explained."""
        latest = _answer(reader, "/v1/processes/personal-loan")

        assert _answer(reader, f"/v1/processes/personal-loan?version={latest['version']}") == latest
        assert_problem(reader.get("/v1/processes/personal-loan?version=1999-01"), "not-found")

    def test_no_such_product(self, reader: httpx.Client) -> None:
        """Not found."""
        assert_problem(reader.get("/v1/processes/no-such"), "not-found")
