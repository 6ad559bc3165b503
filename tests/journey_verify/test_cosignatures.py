"""Witnesses cosign checkpoints: the service takes it of those it knows, and a verifier can ask for many."""

import base64
import io
import json
import time
from pathlib import Path

import httpx
import pytest

from journey.proof.cosignatures import read_witnesses
from journey.settings import Settings
from journey_verify.commands import run
from journey_verify.cosigning import Cosigner
from tests.facts import cloudevent
from tests.journey.proof.tampering import tamper
from tests.journey.writing import until
from tests.journey_verify.second import cosigned_at
from tests.journey_verify.test_witness import verification_key
from tests.processes import new_key, server

NOTE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
"""The example of the specification; its log's key is not published."""


def verify(*arguments: str) -> tuple[int, str]:
    """Run the program; return its status and all that it says."""
    out, err = io.StringIO(), io.StringIO()
    status = run([*arguments, "--language", "en"], out, err)
    return status, out.getvalue() + err.getvalue()


def witness_key(file: Path, name: str) -> str:
    """Make the key of a witness; return what others check it with."""
    status, told = verify("cosigner", name, str(file))
    assert status == 0, told
    return told.strip()


def later(note: str, name: str) -> str:
    """Return a note in which a witness's cosignature is said to be of another time."""
    lines = note.split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith(f"— {name} "))
    signature = bytearray(base64.b64decode(lines[at].rsplit(" ", 1)[1]))
    signature[11] ^= 1
    lines[at] = f"— {name} {base64.b64encode(signature).decode()}"
    return "\n".join(lines)


def test_three_implementations_agree(tmp_path: Path) -> None:
    """The program's, the service's and the tests' own, on a note and on each change of one character."""
    cosigner = Cosigner("witness.example/w1", tmp_path / "w1.pem")
    other = Cosigner("witness.example/w2", tmp_path / "w2.pem")
    note = cosigner.cosign(other.cosign(cosigner.cosign(NOTE)))
    (known,) = read_witnesses(cosigner.verification_key)
    lines = note.rstrip("\n").split("\n")

    assert note.startswith(NOTE)
    assert [line.split(" ")[1] for line in lines[5:]] == ["witness.example/w2", "witness.example/w1"]
    moment = cosigned_at(note, cosigner.verification_key)
    assert moment is not None
    assert abs(moment - time.time()) < 60
    assert known.has_cosigned("\n".join(lines[:3]) + "\n", lines[-1])
    for place in range(NOTE.index("\n\n")):
        changed = note[:place] + ("x" if note[place] != "x" else "y") + note[place + 1 :]
        assert cosigned_at(changed, cosigner.verification_key) is None
        text = changed[: NOTE.index("\n\n") + 1]
        assert not known.has_cosigned(text, lines[-1])
    assert not known.has_cosigned(
        "\n".join(lines[:3]) + "\n", later(note, "witness.example/w1").split("\n")[-2]
    )
    assert cosigned_at(later(note, "witness.example/w1"), cosigner.verification_key) is None


def test_a_witness_cosigns_what_it_has_on_disk(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the key to a proof that one of two witnesses stands for, with the programs as they are started."""
    keys = [witness_key(tmp_path / f"w{number}.pem", f"audit.example/w{number}") for number in (1, 2)]
    seen = tmp_path / "seen.note"

    def cosign(url: str) -> tuple[int, str]:
        sign = ["--sign", str(tmp_path / "w1.pem"), "--name", "audit.example/w1"]
        return verify("witness", url, str(seen), "--key", pinned, *sign)

    with server(settings) as running:
        shown = new_key(settings, "events:write", "journeys:read")
        monkeypatch.setenv("JOURNEY_KEY", shown)
        pinned = verification_key(settings)
        with running.client(shown) as client:
            event = cloudevent()
            for each in (event, cloudevent(), cloudevent()):
                assert client.post("/v1/events", json=each).status_code == 201
    with server(settings) as running, running.client(shown) as client:
        assert client.get("/v1/proof/checkpoint?witnesses=1").json()["code"] == "proof-unavailable"
        status, said = cosign(running.url)
        assert (status, "422" in said) == (2, True)  # this service knows no witness
        assert cosigned_at(seen.read_text(), keys[0]) is not None
    with server(settings, JOURNEY_WITNESS_KEYS=" ".join(keys)) as running, running.client(shown) as client:
        status, said = cosign(running.url)
        assert status == 0, said
        key = {"source": event["source"], "id": event["id"]}
        proof = client.get("/v1/proof/inclusion", params={**key, "witnesses": 1}).json()
        _with_two_witnesses(client, tmp_path, pinned, keys)
    file, both = tmp_path / "proof.json", ["--witness", keys[0], "--witness", keys[1]]
    file.write_text(json.dumps(proof))
    assert verify("event", str(file), "--key", pinned, *both, "--witnesses", "1")[0] == 0
    status, said = verify("event", str(file), "--key", pinned, *both)
    assert (status, "and 2 are wanted" in said) == (2, True)
    file.write_text(json.dumps({**proof, "checkpoint": later(proof["checkpoint"], "audit.example/w1")}))
    assert verify("event", str(file), "--key", pinned, *both, "--witnesses", "1")[0] == 1


def _with_two_witnesses(client: httpx.Client, directory: Path, pinned: str, keys: list[str]) -> None:
    """Look at the first checkpoint, which both witnesses have cosigned."""
    first = client.get("/v1/proof/checkpoint?witnesses=1").text
    assert first.split("\n")[1] == "3"
    assert cosigned_at(first, keys[0]) is not None
    assert client.get("/v1/proof/checkpoint?witnesses=2").status_code == 503
    twice = Cosigner("audit.example/w2", directory / "w2.pem").cosign(first)
    answer = client.post("/v1/proof/cosignatures", content=twice)
    assert answer.status_code == 200
    assert cosigned_at(answer.text, keys[1]) is not None
    assert client.post("/v1/proof/cosignatures", content=answer.text).text == answer.text
    assert client.get("/v1/proof/checkpoint?witnesses=2").text == answer.text
    (directory / "first.note").write_text(answer.text)
    both = ["--witness", keys[0], "--witness", keys[1]]
    note = str(directory / "first.note")
    assert verify("consistency", note, note, "--key", pinned, *both)[0] == 0


def test_what_does_not_follow_is_not_cosigned(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a log that is not what it was the witness signs nothing, and keeps what it has seen."""
    seen = tmp_path / "seen.note"
    key = witness_key(tmp_path / "w1.pem", "audit.example/w1")
    with server(settings, JOURNEY_WITNESS_KEYS=key) as running:
        shown = new_key(settings, "events:write", "journeys:read")
        monkeypatch.setenv("JOURNEY_KEY", shown)
        with running.client(shown) as client:
            for _ in range(5):
                assert client.post("/v1/events", json=cloudevent()).status_code == 201
    sign = ["--sign", str(tmp_path / "w1.pem"), "--name", "audit.example/w1"]
    arguments = [str(seen), "--key", verification_key(settings), *sign]
    with server(settings, JOURNEY_WITNESS_KEYS=key) as running:
        assert verify("witness", running.url, *arguments)[0] == 0
    kept = seen.read_text()
    tamper(settings, "DELETE FROM tree_batches", "DELETE FROM stored_events WHERE {position} > 3")
    with server(settings, JOURNEY_WITNESS_KEYS=key) as running, running.client(shown) as client:
        until(lambda: client.get("/v1/proof/checkpoint").status_code == 200, "a checkpoint of what is left")
        assert verify("witness", running.url, *arguments)[0] == 3
        assert seen.read_text() == kept
        assert client.get("/v1/proof/checkpoint?witnesses=1").status_code == 503
        now = client.get("/v1/proof/checkpoint").text
        stranger, known = (Cosigner("audit.example/w1", tmp_path / f"{each}.pem") for each in ("x", "w1"))
        another_root = known.cosign(now.replace(now.split("\n")[2], kept.split("\n")[2]))
        for other in (kept, now, "nothing", "", stranger.cosign(now), another_root):
            answer = client.post("/v1/proof/cosignatures", content=other)
            assert (answer.status_code, answer.json()["code"]) == (422, "cosignature-refused")
