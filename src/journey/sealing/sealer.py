"""Seals the personal fields of events on their way into the log."""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
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
from journey.touchpoints.touchpoint import Retention

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
        self._used: set[KeyName] = set()
        self._rests_until = 0.0

    def lacks(self, events: Iterable[Event]) -> set[KeyName]:
        """Name the keys that the events are sealed with and that are not at hand."""
        lacks = self._keyring.lacks
        return {
            name
            for event in events
            if event.touchpoint.type in PERSONAL_FIELDS
            for name in _names(event)
            if lacks(name)
        }

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
        """Return the keys that were made for this group and that events were sealed with."""
        return [self._made[name][0] for name in self._used]

    def keep(self, stored: Iterable[WrappedKey]) -> None:
        """Have keys at hand that were made for this group, and are stored now."""
        for each in stored:
            self._keyring.keep(each.name, self._made[each.name][1])
        self._made, self._used = {}, set()

    def digests(
        self,
        events: Sequence[Event],
        validate_only: bool,  # noqa: FBT001  # as the submission has it
    ) -> list[bytes | KeysUnavailable | None]:
        """Digest what the source told, under the customer's key where it is personal.

        `KeysUnavailable` stands for what cannot be digested now, and None for what never can be any more,
        because the customer's data was erased.
        """
        return [
            self._digest(event, validate_only)
            if event.touchpoint.type in PERSONAL_FIELDS
            else content_digest(event)
            for event in events
        ]

    def _digest(self, event: Event, validate_only: bool) -> bytes | KeysUnavailable | None:  # noqa: FBT001  # as above
        names = _names(event)
        if not names:
            return content_digest(event)
        keys = [self._newest(name) for name in (sorted(names) if len(names) > 1 else names)]
        if validate_only and keys[0].version == 0:
            return content_digest(event)
        if any(key.version == 0 for key in keys):
            return KeysUnavailable()
        if keys[0].secret is None:
            return None
        return content_digest(event, keys[0].of_digests)

    def sealed(self, event: Event, version: Version) -> Mapping[str, Any] | None:
        """Return the payload of an event as the log is to have it; None where nothing in it is personal."""
        if event.touchpoint.type not in PERSONAL_FIELDS or not (filled := _filled(event)):
            return None
        data = dict(event.data)
        place = Place(event.stream_id, version, event.source, event.id, event.touchpoint.type, "")
        for field, retention in filled:
            name = KeyName(event.stream_id, retention)
            key, value = self._newest(name), data[field]
            if name in self._made:
                self._used.add(name)
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


def _filled(event: Event) -> Sequence[tuple[str, Retention]]:
    """Return the personal fields that an event tells something in, and what each is kept for.

    Of types that have any: most have none, and are not asked about, several times an event.
    """
    fields, data = PERSONAL_FIELDS[event.touchpoint.type], event.data
    return [(field, retention) for field, retention in fields.items() if data.get(field) is not None]


def _names(event: Event) -> set[KeyName]:
    """Name the keys that an event is sealed with, of a type that has personal fields."""
    return {KeyName(event.stream_id, retention) for _, retention in _filled(event)}
