"""Seals the personal fields of events on their way into the log."""

import hmac
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import structlog

from journey.encoding import content_digest
from journey.errors import KeysUnavailable
from journey.events import Event, Version
from journey.sealing.ciphers import Algorithm
from journey.sealing.data_keys import KeyName
from journey.sealing.keyring import Keyring
from journey.sealing.sealed_text import Place, seal
from journey.touchpoints import PERSONAL_FIELDS

_log = structlog.get_logger()


class Sealer:
    """Seals with the keys of a keyring."""

    def __init__(self, keyring: Keyring, algorithm: Algorithm) -> None:
        self._keyring, self._algorithm = keyring, algorithm

    async def provide(self, events: Collection[Event], *, make: bool) -> None:
        """Have the keys at hand that sealing the events needs; where that fails, each of them will tell."""
        names = {name for event in events if event.type in PERSONAL_FIELDS for name in _names(event)}
        if not names:
            return
        try:
            await (self._keyring.provide(names) if make else self._keyring.load(names))
        except KeysUnavailable as error:
            _log.warning("keys_unavailable", error=str(error))

    def digest(self, event: Event, validate_only: bool) -> bytes | None:  # noqa: FBT001  # as the submission has it
        """Digest what the source told, under the customer's key where it is personal.

        None where the customer's data was erased, and what was told then cannot be compared any more.
        Raises `KeysUnavailable` where the keys are not at hand.
        """
        if event.type not in PERSONAL_FIELDS:
            return content_digest(event)
        names = sorted(set(_names(event)))
        keys = [self._keyring.newest(name) for name in names]
        if not keys or (validate_only and keys[0].version == 0):
            return content_digest(event)
        if any(key.version == 0 for key in keys):
            raise KeysUnavailable
        if keys[0].secret is None:
            return None
        return content_digest(event, hmac.digest(keys[0].secret, b"content digest", "sha256"))

    def sealed(self, event: Event, version: Version) -> Mapping[str, Any] | None:
        """Return the payload of an event as the log is to have it; None where nothing in it is personal."""
        fields = PERSONAL_FIELDS.get(event.type)
        if fields is None or not fields.keys() & event.data.keys():
            return None
        data = dict(event.data)
        for field, retention in fields.items():
            value = data.get(field)
            if value is None:
                continue
            name = KeyName(event.stream_id, retention)
            if type(value) is list:
                data[field] = [
                    self._seal(each, event, version, f"{field}/{number}", name)
                    for number, each in enumerate(value)
                ]
            else:
                data[field] = self._seal(value, event, version, field, name)
        return data

    def _seal(self, value: Any, event: Event, version: Version, field: str, name: KeyName) -> str:
        place = Place(event.stream_id, version, event.source, event.id, event.type, field)
        key = self._keyring.newest(name)
        tenant = self._keyring.tenant
        return seal(value, place, name.retention, key, tenant=tenant, algorithm=self._algorithm)


def _names(event: Event) -> Iterator[KeyName]:
    for field, retention in PERSONAL_FIELDS[event.type].items():
        if event.data.get(field) is not None:
            yield KeyName(event.stream_id, retention)
