"""A witness sees a service's log grow, and keeps nothing that does not follow from what it has seen."""

import io
from pathlib import Path

import pytest

from journey.settings import Settings
from journey_verify.commands import run
from tests.facts import cloudevent
from tests.journey.proof.tampering import tamper
from tests.processes import journey, new_key, place, server

ORIGIN = "journey/log"


def verification_key(settings: Settings) -> str:
    """Ask the command line for the key that checks the log."""
    keys = ["--key-directory", str(settings.key_directory)] if settings.key_directory else []
    made = journey("proof", "key", *place(settings), *keys)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def test_a_log_is_witnessed_rolled_back_and_acknowledged(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first checkpoint to the signed statement, with the programs as people start them."""
    seen, pinned = tmp_path / "seen.note", None

    def witnessed(url: str) -> tuple[int, str]:
        out, err = io.StringIO(), io.StringIO()
        arguments = ["witness", url, str(seen), "--key", str(pinned), "--language", "en"]
        return run(arguments, out, err), out.getvalue() + err.getvalue()

    with server(settings) as running:
        shown = new_key(settings, "events:write", "journeys:read")
        monkeypatch.setenv("JOURNEY_KEY", shown)
        pinned = verification_key(settings)
        with running.client(shown) as client:
            for _ in range(5):
                assert client.post("/v1/events", json=cloudevent()).status_code == 201
    with server(settings) as running, running.client(shown) as client:
        status, said = witnessed(running.url)
        assert status == 0, said
        assert seen.read_text().splitlines()[:2] == [ORIGIN, "5"]
        assert client.post("/v1/events", json=cloudevent()).status_code == 201
    with server(settings, JOURNEY_WITNESS=str(seen)) as running, running.client(shown) as client:
        assert witnessed(running.url)[0] == 0
        assert seen.read_text().splitlines()[1] == "6"
        assert client.get("/v1/events").status_code == 200

    tamper(
        settings,
        "DELETE FROM tree_batches WHERE size > 5",
        "DELETE FROM stored_events WHERE {position} > (SELECT max(position) FROM tree_batches)",
    )
    with server(settings, JOURNEY_WITNESS=str(seen)) as running, running.client(shown) as client:
        assert client.get("/v1/events").json()["code"] == "log-rolled-back"
        status, said = witnessed(running.url)
        assert status == 3
        assert seen.read_text().splitlines()[1] == "6"
    keys = ["--key-directory", str(settings.key_directory)] if settings.key_directory else []
    restored = journey("proof", "acknowledge-restore", *place(settings), *keys, "--witness", str(seen))
    assert restored.returncode == 0, restored.stderr
    again = journey(
        "proof", "acknowledge-restore", *place(settings), *keys, "--witness", str(tmp_path / "none")
    )
    assert "nothing is lost" in again.stderr
    with server(settings, JOURNEY_WITNESS=str(seen)) as running, running.client(shown) as client:
        assert client.get("/v1/events").status_code == 200
        assert witnessed(running.url)[0] == 3


def test_what_cannot_be_fetched_is_not_seen(tmp_path: Path) -> None:
    """Nothing is kept of a service that cannot be asked."""
    seen = tmp_path / "seen.note"
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    for url in ("http://127.0.0.1:1", "file:///etc"):
        assert run(["witness", url, str(seen), "--key", key], io.StringIO(), io.StringIO()) == 2
    assert not seen.exists()
