"""The key that signs: made once, outside the data, for the service alone."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from journey.errors import UnusableProofKey
from journey.proof.keys import signer_of
from journey.proof.notes import Signer
from journey.settings import Settings


def signer(settings: Settings) -> Signer:
    """Return what signs."""
    found = signer_of(settings)
    assert found is not None
    return found


def test_it_is_made_beside_the_data_directory_and_stays(tmp_path: Path) -> None:
    """The first start makes it, for its owner to read and for nobody to write."""
    settings = Settings(data=tmp_path / "data")
    made = signer(settings)

    assert stat.S_IMODE((tmp_path / "data.keys" / "proof.key").stat().st_mode) == 0o400
    assert str(signer(settings).verifier) == str(made.verifier)
    assert [file.name for file in (tmp_path / "data.keys").iterdir()] == ["proof.key"]


def test_many_starts_at_once_make_one(tmp_path: Path) -> None:
    """All of them sign by the same key."""
    settings = Settings(
        database="postgresql://nowhere", key_directory=tmp_path / "keys", proof_origin="bank/log"
    )
    with ThreadPoolExecutor(8) as pool:
        keys = {str(each.verifier) for each in pool.map(signer, [settings] * 40)}

    assert len(keys) == 1
    assert keys.pop().startswith("bank/log+")


def test_without_a_place_there_is_none() -> None:
    """PostgreSQL has no directory to be beside of."""
    assert signer_of(Settings(database="postgresql://nowhere")) is None


def test_refused_where_others_may_read_it(tmp_path: Path) -> None:
    """Whoever can read it can sign."""
    settings = Settings(data=tmp_path / "data")
    signer(settings)
    for mode in (0o440, 0o404, 0o600 | 0o001):
        (tmp_path / "data.keys" / "proof.key").chmod(mode)
        with pytest.raises(UnusableProofKey, match="others may read"):
            signer_of(settings)


def test_refused_among_the_data(tmp_path: Path) -> None:
    """Whoever has the data must not have the key that vouches for them."""
    for place in ("data", "data/keys", "data/../data/keys"):
        with pytest.raises(UnusableProofKey, match="data directory"):
            signer_of(Settings(data=tmp_path / "data", key_directory=tmp_path / place))


@pytest.mark.parametrize("content", [b"", b"no key", None])
def test_refused_where_it_is_no_such_key(tmp_path: Path, content: bytes | None) -> None:
    """Only Ed25519 signs notes."""
    if content is None:
        content = generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    file = tmp_path / "proof.key"
    file.touch(0o600)
    file.write_bytes(content)
    with pytest.raises(UnusableProofKey):
        signer_of(Settings(data=tmp_path / "data", key_directory=tmp_path))


def test_refused_where_it_cannot_be_made(tmp_path: Path) -> None:
    """Nothing goes on without a signature in silence."""
    (tmp_path / "file").touch()
    with pytest.raises(UnusableProofKey):
        signer_of(Settings(data=tmp_path / "data", key_directory=tmp_path / "file" / "keys"))
