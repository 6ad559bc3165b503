"""A witness: sees a log's newest checkpoint, checks that the log only grew, and keeps it before it tells."""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from journey_verify.findings import CannotCheck
from journey_verify.notes import Checkpoint, Pinned
from journey_verify.proofs import check_consistency, hashes_of

_SECONDS = 30.0
_LARGEST = 1_000_000


def witness(url: str, state: Path, pinned: Pinned) -> tuple[Checkpoint, str]:
    """See the newest checkpoint of a service; return it and its note, once it lies in `state`.

    Raises a `Finding` where it does not follow from the one that lies there; then that one stays.
    """
    note = _fetched(url, "/v1/proof/checkpoint")
    new = pinned.checkpoint(note)
    if state.exists():
        old = pinned.checkpoint(state.read_text(encoding="utf-8"))
        path: list[bytes] = []
        if 0 < old.size < new.size:
            answer = _fetched(url, f"/v1/proof/consistency?old={old.size}&new={new.size}")
            path = hashes_of(json.loads(answer))
        check_consistency(old, new, path)
    _keep(state, note)
    return new, note


def _fetched(url: str, address: str) -> str:
    if urlsplit(url).scheme not in ("http", "https"):
        raise CannotCheck(url)
    request = urllib.request.Request(url.rstrip("/") + address)  # noqa: S310  # http or https, as was looked at
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
