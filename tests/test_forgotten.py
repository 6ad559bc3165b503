"""What is erased is nowhere any more, in no form, back-ups included; what is not erased is all there.

Each person's fields hold words of their own that occur nowhere else. They go through a real process by every
way, right and wrong; half of the people are erased while the process is killed again and again.
"""

import base64
import gzip
import itertools
import re
import shutil
import sqlite3
import subprocess
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from api.keys import SCOPES
from journey.settings import Settings
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.journey.erasure.offices import SHORT
from tests.processes import journey, new_key, place, server
from tests.test_backup import program

PEOPLE, ERASED = 200, 100
KILLS = 5
BATCHED = "application/cloudevents-batch+json"


def word(number: int, field: str) -> str:
    """Return what nobody else has in this field, of twelve letters and digits."""
    return f"Qz{number:03d}{field:x<7}"[:12]


def about(number: int) -> list[dict[str, Any]]:
    """Return what is told of a person: profile, alias, a withdrawn application, a closed complaint."""
    who = f"W{number}"
    profile = {field: word(number, field) for field in ("name", "phone", "email", "address", "id_number")}
    case, complaint = f"APP-{who}", f"CMP-{who}"
    described = {"category": "service", "severity": "low"}
    described |= {"description": word(number, "descr"), "contact": word(number, "contact")}
    return [
        cloudevent("customer.registered", profile, subject=who),
        cloudevent("customer.alias_added", {"alias": word(number, "alias")}, subject=who),
        cloudevent("application.started", {"product": "personal-loan"}, subject=who, case=case),
        cloudevent("application.withdrawn", {"reason": word(number, "reason")}, subject=who, case=case),
        cloudevent("complaint.registered", described, subject=who, case=complaint),
        cloudevent("complaint.withdrawn", {"reason": word(number, "ended")}, subject=who, case=complaint),
    ]


def wrong(number: int) -> list[dict[str, Any]]:
    """Return what is refused, with personal words in it."""
    who = f"W{number}"
    return [
        cloudevent(
            "customer.registered", {"name": word(number, "name"), "no": word(number, "no")}, subject=who
        ),
        cloudevent("review.started", {"reviewer": "x", "note": word(number, "note")}, subject=who),
        cloudevent("customer.registered", {"birth_year": word(number, "year")}, subject=who),
    ]


def forms(text: str) -> Iterator[bytes]:
    """Give a word in every form that a search must find."""
    raw = text.encode()
    yield from (raw, text.encode("utf-16-le"), text.encode("utf-16-be"), raw.hex().encode())
    yield raw.hex().upper().encode()
    for shift in range(3):
        # In the middle of a longer text, base64 looks otherwise by where it begins.
        encoded = base64.b64encode(b"\0" * shift + raw)
        yield encoded[(0, 2, 3)[shift] : len(encoded) - 4]


def contents(folder: Path) -> Iterator[bytes]:
    """Give the bytes of every file, and of everything in them that was compressed."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            held = file.read_bytes()
            yield held
            for start in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", held):
                for bits in (zlib.MAX_WBITS, zlib.MAX_WBITS | 16):
                    try:
                        yield zlib.decompressobj(bits).decompress(held[start.start() :], 1 << 20)
                    except zlib.error:
                        continue


FIELDS = ("name", "phone", "email", "address", "id_number", "alias", "reason", "descr", "contact", "ended")


def hits(folder: Path, numbers: range) -> list[str]:
    """Name the words of people that are found in a folder."""
    words = [word(number, field) for number in numbers for field in (*FIELDS, "no", "note", "year")]
    looks = [_look(shape) for shape in zip(*(forms(text) for text in words), strict=True)]
    found: set[int] = set()
    for held in contents(folder):
        for beginning, length, places in looks:
            at = held.find(beginning)
            while at >= 0:
                found.update(places.get(held[at : at + length], ()))
                at = held.find(beginning, at + 1)
    return sorted({words[number] for number in found})


def _look(shape: Sequence[bytes]) -> tuple[bytes, int, dict[bytes, list[int]]]:
    """Return how all words begin in one form, how long they are in it, and whose each is."""
    places: dict[bytes, list[int]] = {}
    for number, form in enumerate(shape):
        places.setdefault(form, []).append(number)
    same = zip(min(shape), max(shape), strict=True)
    beginning = bytes(one for one, _ in itertools.takewhile(lambda both: both[0] == both[1], same))
    return beginning, len(shape[0]), places


def test_the_search_finds_every_form(tmp_path: Path) -> None:
    """A search that finds nothing proves something only if it can find."""
    text = word(7, "name")
    for made in (
        text.encode(),
        text.encode("utf-16-le"),
        text.encode().hex().encode(),
        base64.b64encode(b"before " + text.encode() + b" and after"),
        base64.b64encode(b"before" + text.encode() + b" and after"),
        base64.b64encode(b"befor" + text.encode() + b" and after"),
        b"head" + gzip.compress(b"x" * 99 + text.encode()),
        b"head" + zlib.compress(b"x" * 99 + text.encode()),
    ):
        (tmp_path / "held").write_bytes(made)
        assert hits(tmp_path, range(7, 8)) == [text], made


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_nothing_is_left_of_who_was_erased(kind: str, tmp_path: Path) -> None:
    """Databases, logs, exports, and three back-ups with their keys; the process is killed again and again."""
    schedules, kept = tmp_path / "schedules", tmp_path / "kept"
    messages = kept / "messages"
    schedules.mkdir()
    kept.mkdir()
    (schedules / "now.toml").write_text(SHORT.format("NOW", 0))
    told = {
        "JOURNEY_RETENTION": str(schedules),
        "JOURNEY_JURISDICTION": "NOW",
        "JOURNEY_ERASURE_EPOCH_HOURS": "0",
    }
    with database_settings(kind, tmp_path / "data") as settings:
        key = new_key(settings, *SCOPES)
        with (
            messages.open("ab") as stream,
            server(settings, messages=stream, **told) as running,
            running.client(key) as client,
        ):
            for number in range(PEOPLE):
                posted(client, about(number), 200)
                posted(client, wrong(number), 422)
            back_up(settings, kept / "backup-1")
            ask(client, range(ERASED))
            back_up(settings, kept / "backup-2")
            running.kill()
        for pause in range(KILLS):
            with messages.open("ab") as stream, server(settings, messages=stream, **told) as running:
                with running.client(key) as client:
                    wait_for(client, pause * ERASED // KILLS)
                running.kill()
        with (
            messages.open("ab") as stream,
            server(settings, messages=stream, **told) as running,
            running.client(key) as client,
        ):
            wait_for(client, ERASED)
            back_up(settings, kept / "backup-3")
            seen = {number: client.get(f"/v1/customers/W{number}/export").text for number in range(PEOPLE)}
            for number in range(ERASED):
                (kept / f"export-{number}").write_text(seen[number])
            for number in range(ERASED, PEOPLE):
                assert all(word(number, field) in seen[number] for field in FIELDS), number
        verified = journey("verify", *place(settings))
        assert verified.returncode == 0, verified.stdout
        if settings.data is not None:
            shutil.copytree(settings.data, kept / "data")
    assert hits(kept, range(ERASED)) == []


def posted(client: httpx.Client, events: list[dict[str, Any]], status: int) -> None:
    """Post a batch, and see that all of it is taken, or none."""
    answer = client.post(
        "/v1/events?lifecycle=record", content=orjson.dumps(events), headers={"Content-Type": BATCHED}
    )
    assert answer.status_code == status, answer.text


def ask(client: httpx.Client, numbers: range) -> None:
    """Ask for erasures."""
    for number in numbers:
        body = {"request_id": f"DSR-{number}", "basis": "PIPL Art. 47"}
        assert client.post(f"/v1/customers/W{number}/erasure", json=body).status_code == 200


def wait_for(client: httpx.Client, erased: int) -> None:
    """Wait until so many erasures are done, whatever step the others are at; ask no more of what is done."""
    deadline = time.monotonic() + 120
    waiting = list(range(ERASED))
    while True:
        waiting = [number for number in waiting if state(client, number) != "erased"]
        if ERASED - len(waiting) >= erased:
            return
        assert time.monotonic() < deadline


def state(client: httpx.Client, number: int) -> str:
    """Return how far an erasure is."""
    found: str = client.get(f"/v1/customers/W{number}/erasure").json()["state"]
    return found


def back_up(settings: Settings, folder: Path) -> None:
    """Copy the databases and the keys of epochs, as the page on operations says."""
    folder.mkdir()
    if settings.data is None:
        database = str(settings.database)
        subprocess.run(
            [program("pg_dump", database), "--format=plain", f"--file={folder / 'dump'}", database],
            check=True,
        )
    else:
        for part in ("log", "access", "keys", "views"):
            with closing(sqlite3.connect(f"file:{settings.data}/{part}.db?mode=ro", uri=True)) as source:
                source.execute("VACUUM INTO ?", (str(folder / f"{part}.db"),))
    keys = settings.key_directory or Path(f"{settings.data}.keys")
    shutil.copytree(keys, folder / "keys")
