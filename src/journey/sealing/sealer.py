"""Seals the personal fields of events on their way into the log."""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import structlog

from journey.encoding import content_digest
from journey.errors import KeysUnavailable
from journey.events import Event, Version
from journey.sealing.ciphers import Algorithm
from journey.sealing.data_keys import DataKey, KeyName, WrappedKey
from journey.sealing.keyring import Keyring
from journey.sealing.sealed_text import Place, seal
from journey.touchpoints import PERSONAL_FIELDS
from journey.touchpoints.touchpoint import CLASSES, Retention

Ask = Callable[[Collection[KeyName]], Awaitable[list[WrappedKey]]]
"""Finds what is stored of keys."""

# So long nobody who lacks a key waits for a store that does not answer.
_REST_SECONDS = 1.0

_log = structlog.get_logger()


class Sealer:
    """Seals with the keys of a keyring."""

    def __init__(self, keyring: Keyring, algorithm: Algorithm) -> None:
        self._keyring, self._algorithm = keyring, algorithm
        self._made: dict[KeyName, tuple[WrappedKey, DataKey]] = {}
        self._used: set[str] = set()
        """Customers that events were sealed of with keys that were made."""
        self._rests_until = 0.0

    def lacks(self, events: Iterable[Event]) -> set[KeyName]:
        """Name the keys that are not at hand of customers whose events are sealed with one of them.

        A customer's keys are looked up, made and stored together: the next event may need another one, and a
        file of keys takes as long to store one as to store all.
        """
        lacks = self._keyring.lacks
        customers = {name.stream_id for event in events for name in _names(event) if lacks(name)}
        return {name for each in customers for name in _names_of(each) if lacks(name)}

    async def look(self, names: Collection[KeyName], ask: Ask) -> bool:
        """Have those of the keys at hand that `ask` finds stored; tell whether there were any."""
        if self._rests():
            return False
        try:
            while True:
                forgotten, stored = self._keyring.forgotten, await ask(names)
                if self._keyring.take_in(names, stored, forgotten):
                    return bool(stored)
        except KeysUnavailable as error:
            _log.warning("keys_unavailable", error=str(error))
            self.rest()
            return False

    async def make(self, names: Collection[KeyName]) -> None:
        """Make keys, for one group: they are stored with what it seals, or thrown away.

        Where that fails, each event that needs one will tell.
        """
        self._made, self._used = {}, set()
        if not names or self._rests():
            return
        try:
            epoch = await self._keyring.epoch()
            self._made = {name: self._keyring.make(name, epoch) for name in names}
        except KeysUnavailable as error:
            _log.warning("keys_unavailable", error=str(error))

    def doubt(self) -> None:
        """Doubt what is known of epochs: a key was refused that was made, or may have been."""
        self._keyring.doubt_epoch()

    def rest(self) -> None:
        """Look for no keys and make none for a while: the store does not answer."""
        self._rests_until = time.monotonic() + _REST_SECONDS

    def used(self) -> list[WrappedKey]:
        """Return the keys that were made for this group, of customers whose events were sealed with them."""
        used = self._used
        return [key for key, _ in self._made.values() if key.name.stream_id in used] if used else []

    def keep(self, stored: Iterable[WrappedKey]) -> None:
        """Have keys at hand that were made for this group, and are stored now."""
        for each in stored:
            self._keyring.keep(each.name, self._made[each.name][1])
        self._made, self._used = {}, set()

    def digest(self, event: Event, validate_only: bool) -> bytes | None:  # noqa: FBT001  # as the submission has it
        """Digest what the source told, under the customer's key where it is personal.

        None where the customer's data was erased, and what was told then cannot be compared any more.
        Raises `KeysUnavailable` where the keys are not at hand.
        """
        names = _names(event)
        if not names:
            return content_digest(event)
        keys = [self._newest(name) for name in (sorted(names) if len(names) > 1 else names)]
        if validate_only and keys[0].version == 0:
            return content_digest(event)
        if any(key.version == 0 for key in keys):
            raise KeysUnavailable
        if keys[0].secret is None:
            return None
        return content_digest(event, keys[0].of_digests)

    def sealed(self, event: Event, version: Version) -> Mapping[str, Any] | None:
        """Return the payload of an event as the log is to have it; None where nothing in it is personal."""
        filled = _filled(event)
        if not filled:
            return None
        data = dict(event.data)
        place = Place(event.stream_id, version, event.source, event.id, event.touchpoint.type, "")
        for field, retention in filled:
            name = KeyName(event.stream_id, retention)
            key, value = self._newest(name), data[field]
            if name in self._made:
                self._used.add(event.stream_id)
            if type(value) is list:
                data[field] = [
                    self._seal(each, place, f"{field}/{number}", retention, key)
                    for number, each in enumerate(value)
                ]
            else:
                data[field] = self._seal(value, place, field, retention, key)
        return data

    def _seal(self, value: Any, place: Place, field: str, retention: Retention, key: DataKey) -> str:
        at = Place(*place[:5], field)
        return seal(value, at, retention, key, tenant=self._keyring.tenant, algorithm=self._algorithm)

    def _rests(self) -> bool:
        return time.monotonic() < self._rests_until

    def _newest(self, name: KeyName) -> DataKey:
        made = self._made.get(name)
        return made[1] if made else self._keyring.newest(name)


def _names_of(stream_id: str) -> Iterator[KeyName]:
    """Name all keys that a customer may have."""
    return (KeyName(stream_id, each) for each in CLASSES)


def _filled(event: Event) -> Sequence[tuple[str, Retention]]:
    """Return the personal fields that an event tells something in, and what each is kept for."""
    # Most events have none, and this is asked several times of each: `Event.type` would be one step more.
    fields = PERSONAL_FIELDS.get(event.touchpoint.type)
    if fields is None:
        return ()
    data = event.data
    return [(field, retention) for field, retention in fields.items() if data.get(field) is not None]


def _names(event: Event) -> Collection[KeyName]:
    """Name the keys that an event is sealed with."""
    filled = _filled(event)
    return {KeyName(event.stream_id, retention) for _, retention in filled} if filled else ()
