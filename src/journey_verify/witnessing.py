"""A witness: sees a log's newest checkpoint, checks that the log only grew, keeps it, and then cosigns it."""

import fcntl
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from journey_verify.cosigning import Cosigner
from journey_verify.findings import CannotCheck
from journey_verify.notes import Checkpoint, Pinned
from journey_verify.proofs import check_consistency, hashes_of

_SECONDS = 30.0
_LARGEST = 1_000_000


def witness(
    url: str, state: Path, pinned: Pinned, cosigner: Cosigner | None = None
) -> tuple[Checkpoint, str]:
    """See the newest checkpoint of a service; return it and its note, once it lies in `state`.

    A cosigner's line is added, and handed to the service once it lies there too: whatever happens to this
    machine, nobody has a cosignature that it does not know of. Raises a `Finding` where the checkpoint does
    not follow from the one that lies there; then that one stays, and nothing is cosigned.
    """
    with _alone(state):
        note = _asked(url, "/v1/proof/checkpoint")
        new = pinned.checkpoint(note)
        if state.exists():
            old = pinned.checkpoint(state.read_text(encoding="utf-8"))
            path: list[bytes] = []
            if 0 < old.size < new.size:
                answer = _asked(url, f"/v1/proof/consistency?old={old.size}&new={new.size}")
                path = hashes_of(json.loads(answer))
            check_consistency(old, new, path)
        if cosigner is not None:
            note = cosigner.cosign(note)
        _keep(state, note)
    if cosigner is not None:
        _asked(url, "/v1/proof/cosignatures", note)
    return new, note


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Keep others from seeing for the same file meanwhile: of two who do the older would be kept."""
    with state.with_name(f"{state.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _asked(url: str, address: str, body: str | None = None) -> str:
    """Ask the service, or hand something to it; return what it answers."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise CannotCheck(url)
    data = None if body is None else body.encode()
    request = urllib.request.Request(url.rstrip("/") + address, data)  # noqa: S310  # as was looked at
    if data is not None:
        request.add_header("Content-Type", "text/plain; charset=utf-8")
    if key := os.environ.get("JOURNEY_KEY"):
        request.add_header("Authorization", f"Bearer {key.strip()}")
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310  # as above
            return str(answer.read(_LARGEST).decode())
    except (OSError, UnicodeError, ValueError) as error:
        raise CannotCheck(f"{url}{address}: {error}") from error


def _keep(state: Path, note: str) -> None:
    """Replace what was seen before, on disk when this returns."""
    written = state.with_name(f"{state.name}.new")
    with written.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    written.replace(state)
    descriptor = os.open(state.resolve().parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
