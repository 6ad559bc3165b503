"""`journey privacy` asks the service, prints how things stand, and ends epochs beside it."""

from pathlib import Path

import orjson

from api.keys import SCOPES
from journey.sealing.keyring import epoch_keys
from journey.settings import Settings
from tests.api.posting import post
from tests.facts import cloudevent
from tests.journey.writing import until
from tests.processes import journey, new_key, place, server


def test_from_request_to_epoch(tmp_path: Path) -> None:
    """A customer is restricted, told of, copied; keys wrapped anew open what they opened."""
    settings = Settings(data=tmp_path / "data")
    key = new_key(settings, *SCOPES)
    with server(settings) as running, running.client(key) as client:
        there = ["--url", running.url, "--key", key]
        assert post(client, cloudevent("customer.registered", {"name": "Chen"}, subject="C/1")).is_success
        asked = ["--request", "R1", "--basis", "PIPL Art. 47"]
        restricted = journey("privacy", "restrict", "C/1", *asked, *there)
        assert orjson.loads(restricted.stdout)["state"] == "restricted", restricted.stderr
        lifted = journey("privacy", "lift", "C/1", *asked, *there)
        assert orjson.loads(lifted.stdout)["state"] == "active", lifted.stderr
        ended = journey("privacy", "end-epoch", *place(settings))
        assert "Epoch 2" in ended.stdout, ended.stderr
        assert epoch_keys(settings).known() == [2]
        copy = journey("privacy", "copy", "C/1", *there)
        assert orjson.loads(copy.stdout)["events"][0]["data"]["name"] == "Chen", copy.stderr
        page = journey("privacy", "copy", "C/1", "--page", *there).stdout
        assert page.startswith("<!doctype html>")
        assert "<dd>Chen</dd>" in page
        assert journey("privacy", "show", "nobody", *there).returncode != 0
    with server(settings) as running, running.client(key) as client:
        assert client.get("/v1/customers/C%2F1/export").json()["events"][0]["data"] == {"name": "Chen"}


def test_whoever_waits_for_the_epoch_is_erased_when_it_ends(tmp_path: Path) -> None:
    """Nobody who was erased waits for the time at which the epoch would have ended by itself."""
    settings = Settings(data=tmp_path / "data", erasure_epoch_hours=24)
    key = new_key(settings, *SCOPES)
    with server(settings) as running, running.client(key) as client:
        there = ["--url", running.url, "--key", key]
        assert post(client, cloudevent("customer.registered", {"phone": "13"}, subject="C1")).is_success
        asked = ["--request", "R1", "--basis", "GDPR Art. 17", "--jurisdiction", "EU"]
        assert journey("privacy", "erase", "C1", *asked, *there).returncode == 0

        def of_contact() -> tuple[str, set[str]]:
            told = orjson.loads(journey("privacy", "show", "C1", *there).stdout)
            contact = next(each for each in told["classes"] if each["retention"] == "contact")
            return contact["state"], {place["name"] for place in told["places"] if not place["confirmed"]}

        until(lambda: of_contact() == ("erasing", {"key-backups"}), "keys destroyed")
        assert journey("privacy", "end-epoch", *place(settings)).returncode == 0
        until(lambda: of_contact()[0] == "erased", "the certificate")
