"""Notes are signed and read as C2SP specifies, and nothing is trusted that the pinned key has not signed."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from journey.errors import UntrustedNote
from journey.proof.notes import Checkpoint, Signer, read_checkpoint, read_verifier

PUBLISHED = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""The verification key in the documentation of Go's package `note`."""
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The signed note in the same place."""
CHECKPOINT = Checkpoint("bank.example/log", 7, bytes(range(32)))


@pytest.fixture
def signer() -> Signer:
    """Give a key."""
    return Signer("bank.example/log", Ed25519PrivateKey.generate())


def test_what_others_signed_is_read() -> None:
    """The published example is a note of the published key."""
    verifier = read_verifier(PUBLISHED)

    assert str(verifier) == PUBLISHED
    assert verifier.text_of(NOTE).startswith("If you think")
    with pytest.raises(UntrustedNote, match="no signature"):
        verifier.text_of(NOTE.replace("is the answer", "is no answer"))


def test_a_checkpoint_comes_back(signer: Signer) -> None:
    """What is signed is what is read."""
    note = signer.sign(CHECKPOINT.text())

    assert note.splitlines()[:3] == ["bank.example/log", "7", base64.b64encode(CHECKPOINT.root).decode()]
    assert read_verifier(str(signer.verifier)).checkpoint_of(note) == CHECKPOINT


def test_signatures_of_others_beside_it_do_not_matter(signer: Signer) -> None:
    """A witness adds a line of its own."""
    note = signer.sign(CHECKPOINT.text())
    cosigned = note + "— witness.example AAAAAAAA\n"

    assert signer.verifier.checkpoint_of(cosigned) == CHECKPOINT
    assert (
        signer.verifier.checkpoint_of(note.replace("\n— ", "\n— witness.example AAAAAAAA\n— ")) == CHECKPOINT
    )


def test_another_key_is_not_trusted(signer: Signer) -> None:
    """Neither one of the same name, nor the same key of another log."""
    note = signer.sign(CHECKPOINT.text())
    for other in (
        Signer(signer.name, Ed25519PrivateKey.generate()),
        Signer("another.example/log", signer.key),
    ):
        with pytest.raises(UntrustedNote, match="no signature"):
            other.verifier.checkpoint_of(note)


def test_another_origin_is_not_trusted(signer: Signer) -> None:
    """A checkpoint of another log is none of this one, whoever signed it."""
    note = signer.sign(CHECKPOINT._replace(origin="another.example/log").text())

    with pytest.raises(UntrustedNote, match=r"another\.example"):
        signer.verifier.checkpoint_of(note)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        "o\n01\nAA==\n",
        "o\n-1\n" + "A" * 43 + "=\n",
        "o\n1\nAA==\n",
        "o\nx\n" + "A" * 43 + "=\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(UntrustedNote, match="not a checkpoint"):
        read_checkpoint(text)


@pytest.mark.parametrize(
    "text", ["", "a", "a+b", "a+00000000+AQ==", PUBLISHED.replace("c74f", "c74e"), "+" + PUBLISHED]
)
def test_what_is_no_key(text: str) -> None:
    """A key that is not whole is none."""
    with pytest.raises(UntrustedNote, match="verification key"):
        read_verifier(text)


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_bits_that_stand_for_nothing(signer: Signer, bits: int) -> None:
    """The last symbol of a signature has two bits to spare: another that means the same is not the same."""
    note = signer.sign(CHECKPOINT.text())
    symbols = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = symbols[symbols.index(note[-3]) + bits]
    changed = f"{note[:-3]}{last}{note[-2:]}"
    meant, same = (base64.b64decode(each.rpartition(" ")[2]) for each in (note, changed))
    assert meant == same

    with pytest.raises(UntrustedNote):
        signer.verifier.checkpoint_of(changed)


@pytest.mark.parametrize("damaged", [0, 5, 40, -1, -3, -20])
def test_what_is_not_whole_is_not_trusted(signer: Signer, damaged: int) -> None:
    """One character, wherever it is."""
    note = signer.sign(CHECKPOINT.text())
    letter = "x" if note[damaged] != "x" else "y"
    changed = note[: damaged % len(note)] + letter + note[damaged % len(note) + 1 :]

    with pytest.raises(UntrustedNote):
        signer.verifier.checkpoint_of(changed)
