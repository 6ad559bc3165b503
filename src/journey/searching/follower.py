"""Follows the log for what customers are found by, in the role that keeps projections."""

import asyncio
import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
import structlog

from journey.causes import cause, trace
from journey.errors import DamagedEvent, KeysUnavailable
from journey.event_log import EventLog
from journey.events import Position, RecordedEvent
from journey.sealing.data_keys import KeyName
from journey.sealing.keyring import Keyring
from journey.sealing.sealed_text import Sealed, taken_apart, unseal
from journey.searching.table import Followed, Term, begin_anew, followed, held, replace
from journey.searching.terms import FIELDS, Field, digest
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import SEALED

INDEX_KEY = KeyName("", "identity")
"""The key of the digests: a data key that belongs to no customer, and so is destroyed with none."""
_TYPES = tuple(sorted(type_ for type_ in TOUCHPOINTS if type_.startswith("customer.")))
_VERSION = b"search 1"
# Few enough that nobody waits long for the transaction that takes in so many.
_POSITIONS = 2_000
_INTERVAL = 1.0

_log = structlog.get_logger()


class SearchFollower:
    """Keeps the index; any number of processes may, and none wins twice."""

    def __init__(self, log: EventLog, views: sa.Engine, keyring: Callable[[], Keyring], country: str) -> None:
        """Follow with keys that `keyring` gives; one that has nothing at hand yet, each time."""
        self._log, self._views, self._keyring, self._country = log, views, keyring, country
        self._failure: str | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run the loop in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the loop after the step at hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def catch_up(self) -> None:
        """Follow the log to its end."""
        while self.step():
            pass

    def step(self) -> bool:
        """Take in some of the log; tell whether there may be more."""
        head = self._log.head()
        if followed(self._views).position >= head:
            return False
        with held(self._views) as (connection, last):
            until = Position(min(head, last.position + _POSITIONS))
            touched = self._log.touched(_TYPES, last.position, until)
            terms, mark = list[Term](), last.mark
            if touched:
                # Keys are looked up only now: whoever was forgotten before this began has none any more.
                keyring = self._keyring()
                key, mark = _key(keyring)
                if last.mark not in {"", mark}:
                    begin_anew(connection, mark)
                    return True
                terms = self._made(list(touched), keyring, key)
            replace(connection, list(touched), terms, Followed(until, mark))
        return until < head

    def _made(self, streams: list[str], keyring: Keyring, key: bytes) -> list[Term]:
        """Make the terms of customers anew, from all that they were found by so far."""
        told = {stream_id: list(_values(self._log.read_stream(stream_id))) for stream_id in streams}
        sealed = (value for values in told.values() for _, value in values if isinstance(value, Sealed))
        asyncio.run(keyring.load({value.name for value in sealed}))
        return [
            term
            for stream_id, values in told.items()
            for term in self._terms(stream_id, _opened(values, keyring), key)
        ]

    def _terms(self, stream_id: str, told: Iterator[tuple[Field, str]], key: bytes) -> list[Term]:
        """Return the terms of a customer: of each field the value told last is the current one."""
        latest: dict[tuple[Field, bytes], int] = {}
        last: dict[Field, bytes] = {}
        for place, (field, value) in enumerate(told):
            made = digest(key, field, value, self._country)
            if made is not None:
                latest[field, made] = place
                last[field] = made
        return [Term(stream_id, field, made, last[field] == made) for field, made in latest]

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                more = self.step()
                self._failure = None
            except Exception as error:  # noqa: BLE001  # without this thread nobody would be found any more
                more, told = False, cause(error)
                if told != self._failure:
                    _log.warning("search_rests", error=told, trace=trace(error))
                self._failure = told
            if not more:
                self._stop.wait(_INTERVAL)


def _key(keyring: Keyring) -> tuple[bytes, str]:
    """Return the key of the digests, made at the first need, and the mark of what is made with it."""
    asyncio.run(keyring.provide([INDEX_KEY]))
    key = keyring.newest(INDEX_KEY).secret
    if key is None:
        raise KeysUnavailable("the key of the index is destroyed")
    return key, hmac.digest(key, _VERSION, "sha256").hex()


def _values(events: list[RecordedEvent]) -> Iterator[tuple[Field, Sealed | str]]:
    """Give what a customer was found by, in the order in which it was recorded, sealed as it is."""
    for event in events:
        if event.type not in _TYPES:
            continue
        for field in FIELDS:
            value = event.data.get(field)
            if isinstance(value, str) and value.startswith(SEALED):
                sealed, _, where = value.removeprefix(SEALED).encode().partition(b".")
                with suppress(DamagedEvent):  # whoever reads it is told; here it is only not found
                    yield field, taken_apart(sealed, where)
            elif isinstance(value, str):
                yield field, value


def _opened(told: list[tuple[Field, Sealed | str]], keyring: Keyring) -> Iterator[tuple[Field, str]]:
    """Open values; those whose key is gone are left out."""
    for field, value in told:
        opened: Any = value
        if isinstance(value, Sealed):
            key = keyring.version(value.name, value.version)
            with suppress(DamagedEvent):  # as above
                opened = unseal(value, keyring.tenant, key)
        if isinstance(opened, str):
            yield field, opened
