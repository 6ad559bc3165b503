"""Epoch keys from a transit engine: what the service does where the engine does not do its part."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from journey.errors import KeysUnavailable
from journey.sealing.keyring import epoch_keys
from journey.sealing.vault_transit import VaultTransit
from journey.settings import Settings
from tests.vault_like import Vault, token_file, vault_like


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """Give a server that behaves as the documentation of Vault says."""
    with vault_like(tmp_path) as running:
        yield running


def keys_of(vault: Vault, directory: Path) -> VaultTransit:
    """Open the keys as another process does."""
    return VaultTransit(vault.url, token_file(directory))


def test_settings_name_it(vault: Vault, tmp_path: Path) -> None:
    """With an address and a token's file it takes the place of files, whatever directory there is."""
    named: dict[str, Any] = {
        "vault_address": vault.url,
        "vault_token_file": token_file(tmp_path),
        "vault_keys": "bank-a",
    }
    settings = Settings(data=tmp_path / "data", **named)
    keys = epoch_keys(settings)
    keys.make(1)

    assert keys.known() == [1]
    assert list(vault.keys) == ["bank-a-0001"]
    assert not (tmp_path / "data.keys").exists()
    with pytest.raises(ValidationError, match="vault_token_file"):
        Settings(data=tmp_path / "data", vault_address=vault.url)
    token_file(tmp_path).chmod(0o444)
    with pytest.raises(ValidationError, match="others may read"):
        Settings(data=tmp_path / "data", **named)
    with pytest.raises(ValidationError, match="https"):
        Settings(data=tmp_path / "data", vault_address="http://vault.example:8200")


def test_keys_of_others_are_none_of_ours(vault: Vault, tmp_path: Path) -> None:
    """One engine may serve many: only what is named as an epoch of this service counts."""
    keys = keys_of(vault, tmp_path)
    keys.make(3)
    for name in ("payments", "journey-epoch", "journey-epoch-01", "other-journey-epoch-0009"):
        vault.answer("POST", f"/v1/transit/keys/{name}", vault.token, {"type": "aes256-gcm96"})

    assert keys.known() == [3]


def test_a_rotation_in_the_engine_changes_nothing(vault: Vault, tmp_path: Path) -> None:
    """What was wrapped still opens; to end an epoch is another thing."""
    keys_of(vault, tmp_path).make(1)
    before = keys_of(vault, tmp_path).secret(1)
    vault.rotate("journey-epoch-0001")

    assert keys_of(vault, tmp_path).secret(1) == before


def test_the_engine_is_asked_once(vault: Vault, tmp_path: Path) -> None:
    """Sealing goes on while it is away; what was not asked for before cannot be had."""
    keys = keys_of(vault, tmp_path)
    keys.make(1)
    before = keys.secret(1)
    vault.failing = (503, b'{"errors":["Vault is sealed"]}')

    assert keys.secret(1) == before
    assert sum("hmac" in path for _, path in vault.asked) == 1
    with pytest.raises(KeysUnavailable, match=r"503 to POST .*sealed"):
        keys_of(vault, tmp_path).secret(1)


def test_a_token_that_was_renewed_is_taken(vault: Vault, tmp_path: Path) -> None:
    """An agent writes another one into the file, and no restart is needed; a wrong one is told as such."""
    keys = keys_of(vault, tmp_path)
    keys.make(1)
    vault.token = "hvs.another-token-of-the-tests"  # as above
    with pytest.raises(KeysUnavailable, match=r"403 .*token"):
        keys.known()
    file = token_file(tmp_path)
    file.unlink()
    with pytest.raises(KeysUnavailable, match="cannot read"):
        keys.known()
    file.write_text(vault.token)
    file.chmod(0o400)
    assert keys.known() == [1]


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (200, b"garbage", "no JSON"),
        (200, b"[]", "no JSON object"),
        (200, b'{"data":{"hmac":"vault:v1:c2hvcnQ="}}', "no HMAC of 32 bytes"),
        (200, b'{"data":{"hmac":7}}', "no HMAC of 32 bytes"),
        (200, b'{"data":null}', "no HMAC of 32 bytes"),
        (500, b'{"errors":["secret-of-somebody"]}', "500 to POST"),
        (200, b"x" * 2_000_000, "no end"),
    ],
)
def test_nonsense_is_no_key(vault: Vault, tmp_path: Path, status: int, answer: bytes, told: str) -> None:
    """Whatever else answers, nothing is sealed with it, and nothing of it is repeated in the message."""
    keys = keys_of(vault, tmp_path)
    keys.make(1)
    vault.failing = status, answer
    with pytest.raises(KeysUnavailable, match=told) as error:
        keys.secret(1)

    assert "secret-of-somebody" not in str(error.value)
    assert vault.token not in str(error.value)


def test_nobody_waits_for_ever(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that says nothing, and one that is not there, are told as what they are."""
    monkeypatch.setattr("journey.sealing.vault_transit._TIMEOUT", httpx.Timeout(0.2))
    keys = keys_of(vault, tmp_path)
    vault.silent = threading.Event()
    with pytest.raises(KeysUnavailable, match="did not answer"):
        keys.known()
    vault.url = "http://127.0.0.1:1"
    with pytest.raises(KeysUnavailable, match="cannot be reached"):
        keys_of(vault, tmp_path).known()
