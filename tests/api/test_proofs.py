"""`/v1/proof`: whoever may ask can check that an event is in the log, and that the log only grew."""

import base64
from typing import Any

import pytest

from journey.proof.hashes import leaf_hash, node_hash
from journey.proof.notes import Checkpoint
from tests.api.posting import assert_problem
from tests.facts import cloudevent
from tests.sites import Site


@pytest.fixture(scope="module")
def told(site: Site) -> list[dict[str, Any]]:
    """Give events that are in the log and in the tree."""
    events = [cloudevent(subject=f"P{number % 3}", source="/channels/mine") for number in range(9)]
    client = site.client("events:write")
    for event in events:
        assert client.post("/v1/events", json=event).status_code == 201
    _signed(site)
    return events


def _signed(site: Site) -> None:
    assert site.service.integrator is not None
    site.service.integrator.catch_up()


def _checkpoint(site: Site, note: str) -> Checkpoint:
    assert site.service.integrator is not None
    return site.service.integrator.verifier.checkpoint_of(note)


def _hashes(answer: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(each) for each in answer["hashes"]]


def _root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Follow a path up to the root, as RFC 9162 says it (2.1.3.2)."""
    last = size - 1
    for sibling in path:
        assert last > 0
        if index % 2 or index == last:
            leaf = node_hash(sibling, leaf)
            while index and not index % 2:
                index, last = index >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        index, last = index >> 1, last >> 1
    assert last == 0
    return leaf


class TestCheckpoint:
    def test_is_a_signed_note_of_all_events(self, site: Site, told: list[dict[str, Any]]) -> None:
        """For everybody with a key, in plain text."""
        answer = site.client("status:read").get("/v1/proof/checkpoint")

        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert _checkpoint(site, answer.text).size >= len(told)
        assert_problem(site.anonymous().get("/v1/proof/checkpoint"), "unauthorized")

    def test_unavailable_before_the_first_event(self, site: Site, told: list[dict[str, Any]]) -> None:
        """What nobody has signed cannot be proven."""
        newest = _checkpoint(site, site.client().get("/v1/proof/checkpoint").text)
        answer = site.client().get(f"/v1/proof/consistency?old=1&new={newest.size + 1_000}")

        assert told
        assert_problem(answer, "proof-unavailable")


class TestInclusion:
    def test_leads_from_the_stored_bytes_to_the_checkpoint(
        self, site: Site, told: list[dict[str, Any]]
    ) -> None:
        """By key or by position; the bytes hold what was told."""
        analyst = site.client("journeys:read")
        for event in told:
            answer = analyst.get(
                "/v1/proof/inclusion", params={key: event[key] for key in ("source", "id")}
            ).json()
            stored = answer["event"]
            state = base64.b64decode(stored["state"])
            leaf = leaf_hash(stored["stream"], stored["version"], stored["type"], state)
            checkpoint = _checkpoint(site, answer["checkpoint"])

            assert event["id"].encode() in state
            assert stored["stream"] == event["subject"]
            assert _root(leaf, answer["index"], answer["size"], _hashes(answer)) == checkpoint.root
            assert checkpoint.size == answer["size"]

    def test_by_position(self, site: Site, told: list[dict[str, Any]]) -> None:
        """The same event, whichever way it is named."""
        operator = site.client("ops:admin")
        key = {name: told[0][name] for name in ("source", "id")}
        by_key = operator.get("/v1/proof/inclusion", params=key).json()
        positions = [
            position
            for position in range(1, 200)
            if operator.get(f"/v1/proof/inclusion?position={position}").json().get("event") == by_key["event"]
        ]
        assert len(positions) == 1

    def test_a_channel_may_have_it_of_its_own_events(self, site: Site, told: list[dict[str, Any]]) -> None:
        """Those of others are not there for it."""
        key = {name: told[0][name] for name in ("source", "id")}
        mine = site.client("events:write", source="/channels/mine")
        other = site.client("events:write", source="/channels/other")

        assert mine.get("/v1/proof/inclusion", params=key).status_code == 200
        assert_problem(other.get("/v1/proof/inclusion", params=key), "not-found")
        assert_problem(
            site.client("status:read").get("/v1/proof/inclusion", params=key), "insufficient-scope"
        )

    def test_what_is_asked_wrongly(self, site: Site) -> None:
        """An event is named by its key or its position, and it is there."""
        client = site.client()
        for query, missing in (
            ("", "source"),
            ("?source=/channels/mine", "id"),
            ("?id=1", "source"),
            ("?position=0", "position"),
        ):
            answer = client.get(f"/v1/proof/inclusion{query}")
            assert_problem(answer, "invalid-parameter", f"#/query/{missing}")
        for query in ("?position=9223372036854775807", "?source=/channels/mine&id=never"):
            assert_problem(client.get(f"/v1/proof/inclusion{query}"), "not-found")


class TestConsistency:
    def test_leads_from_an_older_checkpoint_to_the_newest(
        self, site: Site, told: list[dict[str, Any]]
    ) -> None:
        """Both roots come out of the same hashes."""
        client = site.client("status:read")
        old = _checkpoint(site, client.get("/v1/proof/checkpoint").text)
        site.client("events:write").post("/v1/events", json=cloudevent()).raise_for_status()
        _signed(site)
        answer = client.get(f"/v1/proof/consistency?old={old.size}").json()
        new = _checkpoint(site, answer["checkpoint"])

        assert told
        assert (answer["old"], answer["new"]) == (old.size, new.size)
        assert new.size > old.size
        assert _roots(old, new.size, _hashes(answer)) == (old.root, new.root)

    def test_of_one_checkpoint_with_itself(self, site: Site, told: list[dict[str, Any]]) -> None:
        """There is nothing to prove."""
        answer = site.client().get("/v1/proof/consistency?old=5&new=5").json()

        assert told
        assert answer["hashes"] == []

    @pytest.mark.parametrize("query", ["", "?old=0", "?old=5&new=4", "?old=x"])
    def test_what_is_asked_wrongly(self, site: Site, told: list[dict[str, Any]], query: str) -> None:
        """The older size is the smaller one."""
        assert told
        answer = site.client().get(f"/v1/proof/consistency{query}")
        assert_problem(answer, "invalid-parameter", "#/query/old")


def _roots(old: Checkpoint, size: int, path: list[bytes]) -> tuple[bytes, bytes]:
    """Follow a path up to both roots, as RFC 9162 says it (2.1.4.2)."""
    if old.size & (old.size - 1) == 0:
        path = [old.root, *path]
    place, last = old.size - 1, size - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for each in path[1:]:
        if place % 2 or place == last:
            before, after = node_hash(each, before), node_hash(each, after)
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, each)
        place, last = place >> 1, last >> 1
    assert last == 0
    return before, after
