"""`GET /openapi.json`: the description is complete, and every example in it works when it is pasted."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from tests.api.posting import assert_problem
from tests.sites import Site

Operation = tuple[str, str, dict[str, Any]]
"""Method, path and description."""


@pytest.fixture(scope="module")
def described(site: Site) -> dict[str, Any]:
    """Give the description."""
    answer = site.client("status:read").get("/openapi.json")
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    return document


def _operations(described: dict[str, Any]) -> Iterator[Operation]:
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            yield method, path, operation


def _address(path: str, operation: dict[str, Any]) -> str:
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            (example,) = parameter["schema"].get("examples") or parameter["examples"]
            path = path.replace(f"{{{parameter['name']}}}", example)
    examples = [
        (parameter["name"], example)
        for parameter in operation["parameters"]
        if parameter["in"] == "query"
        for example in _examples(parameter["schema"])
    ]
    return f"{path}?{urlencode(examples)}" if examples else path


def _examples(schema: dict[str, Any]) -> list[Any]:
    return list(schema.get("examples", ()))


def _closed(schema: Any) -> Any:
    """Return a schema by which an answer may have no member that is not described."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    return {**closed, "additionalProperties": False} if isinstance(schema.get("properties"), dict) else closed


def _check(described: dict[str, Any], operation: dict[str, Any], answer: httpx.Response) -> None:
    """See that an answer is one of those that are described."""
    told = operation["responses"][str(answer.status_code)]
    media_type = answer.headers["content-type"].partition(";")[0]
    schema = told["content"][media_type]["schema"]
    components = {"schemas": _closed(described["components"]["schemas"])}
    bodies = [answer.json()] if media_type == "application/json" else [answer.text]
    if media_type == "application/x-ndjson":
        bodies = [json.loads(line) for line in answer.content.splitlines()]
    for body in bodies:
        Draft202012Validator({**schema, "components": components}).validate(body)


class TestDescription:
    def test_nobody_without_a_key(self, site: Site) -> None:
        """The map of the house is not hung out in the street."""
        assert_problem(site.anonymous().get("/openapi.json"), "unauthorized")
        assert site.anonymous().get("/docs").status_code == 404

    def test_it_is_openapi_3_1(self, described: dict[str, Any]) -> None:
        """References lead somewhere, and operations have names of their own."""
        assert described["openapi"].startswith("3.1")
        text = json.dumps(described)
        schemas = described["components"]["schemas"]
        referred = {part.partition('"')[0] for part in text.split('"$ref": "#/components/schemas/')[1:]}
        assert referred <= schemas.keys()
        assert schemas.keys() <= referred
        ids = [operation["operationId"] for _, _, operation in _operations(described)]
        assert len(ids) == len(set(ids))
        for schema in schemas.values():
            Draft202012Validator.check_schema(schema)

    def test_the_key_is_described(self, described: dict[str, Any]) -> None:
        """A bearer token everywhere but where none is needed."""
        assert described["security"] == [{"bearer": []}]
        assert described["components"]["securitySchemes"]["bearer"]["type"] == "http"
        assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
        opened = {path for _, path, operation in _operations(described) if operation.get("security") == []}
        assert opened == {"/healthz", "/readyz"}

    def test_every_operation_is_complete(self, described: dict[str, Any]) -> None:
        """Summary, description, a good answer with its shape, the common problems, examples of addresses."""
        for method, path, operation in _operations(described):
            assert operation["summary"], path
            assert operation["description"], path
            assert any(status.startswith("2") for status in operation["responses"]), path
            for status, answer in operation["responses"].items():
                assert answer["description"], (path, status)
                assert answer.get("content") or status == "304", (path, status)
            if path.startswith("/v1"):
                assert {"401", "403", "404", "422", "429", "500", "503"} <= operation["responses"].keys(), (
                    path
                )
                for status in ("401", "403", "422"):
                    assert "application/problem+json" in operation["responses"][status]["content"], path
            for parameter in operation["parameters"]:
                assert parameter.get("description") or parameter["schema"].get("enum"), (path, parameter)
                if parameter["in"] == "path":
                    assert len(parameter["schema"].get("examples") or parameter["examples"]) == 1
            if method == "post" and path == "/v1/events":
                assert {"400", "409", "412", "413", "415"} <= operation["responses"].keys()

    def test_headers_that_readers_may_send(self, described: dict[str, Any]) -> None:
        """What is not declared by a function of ours is described nevertheless."""
        status = described["paths"]["/v1/applications/{number}"]["get"]
        names = {parameter["name"] for parameter in status["parameters"]}

        assert {"Prefer", "If-None-Match", "Journey-Min-Position", "Accept-Language", "wait"} <= names
        assert status["responses"]["304"]["description"]
        assert {"Journey-Position", "Journey-Lag"} <= status["responses"]["200"]["headers"].keys()


class TestExamples:
    def test_every_example_works(self, site: Site, described: dict[str, Any]) -> None:
        """First what is posted, then what is asked; every answer has the shape that is described."""
        client = site.client()
        for _, path, operation in _operations(described):
            for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
                if media_type == "text/plain":
                    continue  # a cosignature is of one log alone: tests/journey_verify hands some in
                for example in content["examples"].values():
                    for answer in self._posted_twice(
                        client, _address(path, operation), media_type, example["value"]
                    ):
                        _check(described, operation, answer)
        site.caught_up()
        assert site.service.integrator is not None
        site.service.integrator.catch_up()
        asked = [each for each in _operations(described) if "requestBody" not in each[2]]
        for method, path, operation in sorted(asked, key=lambda each: ("rollback" in each[1], each[0])):
            address = _address(path, operation)
            if path.endswith("/stream"):
                self._follow(client, address)
                continue
            answer = client.request(method, address)
            assert answer.status_code // 100 == 2, (address, answer.text)
            _check(described, operation, answer)
            if path.endswith("/rebuild"):
                self._taken_over(client, answer.json())

    def _posted_twice(
        self, client: httpx.Client, path: str, media_type: str, value: Any
    ) -> Iterator[httpx.Response]:
        body = value.encode() if isinstance(value, str) else orjson.dumps(value)
        for statuses in ((200, 201), (200,)):
            answer = client.post(path, content=body, headers={"Content-Type": media_type})
            assert answer.status_code in statuses, answer.text
            assert b'"status":"rejected"' not in answer.content
            yield answer

    def _follow(self, client: httpx.Client, address: str) -> None:
        with client.stream("GET", address) as answer:
            assert answer.status_code == 200, address
            data = next(line for line in answer.iter_lines() if line.startswith("data: "))
            assert json.loads(data[6:])["position"] > 0

    def _taken_over(self, client: httpx.Client, ordered: dict[str, Any]) -> None:
        deadline = time.monotonic() + 20
        address = f"/v1/projections/{ordered['name']}"
        while client.get(address).json()["live_build"] != ordered["build"]:
            assert time.monotonic() < deadline

    def test_described_refusals_are_those_that_come(self, site: Site, described: dict[str, Any]) -> None:
        """A problem has the shape that is described for it."""
        for method, path, operation in _operations(described):
            if path.startswith("/v1"):
                answer = site.anonymous().request(method, _address(path, operation))
                schema = operation["responses"]["401"]["content"]["application/problem+json"]["schema"]
                components = {"schemas": described["components"]["schemas"]}
                assert answer.status_code == 401
                Draft202012Validator({**schema, "components": components}).validate(answer.json())
