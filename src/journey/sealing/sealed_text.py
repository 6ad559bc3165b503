"""Sealed values as text: in place of the value in the log, and with the place they belong to in read models.

In the log: `cjs1.` and, in base64url, the retention class, the version of the key, and what the cipher wrote.
Outside the log `.` and, in base64url, where it belongs follows, as JSON: stream, version, source, id, type,
field. The cipher binds each value to its place: moved to another event or field it does not open.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from struct import Struct
from struct import error as StructError  # noqa: N812  # a class with the name of none
from typing import Any, Final, NamedTuple

import orjson

from journey.errors import DamagedEvent, KeysUnavailable
from journey.sealing.ciphers import Algorithm, NotOpened, decrypt, encrypt
from journey.sealing.data_keys import DataKey, KeyName
from journey.touchpoints.touchpoint import CLASSES, SEALED, Retention

_HEAD = Struct(">BH")
_LENGTH = Struct(">I")

ERASED: Final = object()
"""What was sealed and can never be opened again."""


class Place(NamedTuple):
    """Where a sealed value belongs."""

    stream_id: str
    version: int
    source: str
    id: str
    type: str
    field: str
    """The field of the payload; with a number behind a slash where the field holds several values."""


class Sealed(NamedTuple):
    """A sealed value, taken apart."""

    place: Place
    name: KeyName
    version: int
    """The version of its key."""
    head: bytes
    content: bytes


def seal(
    value: Any, place: Place, retention: Retention, key: DataKey, *, tenant: str, algorithm: Algorithm
) -> str:
    """Seal one value for its place, in the form that the log holds; raise `KeysUnavailable` without a key."""
    if key.secret is None:
        raise KeysUnavailable("the key is destroyed")
    head = _HEAD.pack(CLASSES.index(retention), key.version)
    sealed = encrypt(orjson.dumps(value), key.secret, _bound(tenant, place, head), algorithm)
    return SEALED + _text(head + sealed)


def placed(data: Mapping[str, Any], fields: Mapping[str, Retention], place: Place) -> Mapping[str, Any]:
    """Return the stored data of the event at a place, each sealed value with the place where it belongs."""
    told = dict(data)
    for field in fields.keys() & data.keys():
        value = data[field]
        if type(value) is str and value.startswith(SEALED):
            told[field] = _with_place(value, place._replace(field=field))
        elif type(value) is list:
            told[field] = [
                _with_place(each, place._replace(field=f"{field}/{number}"))
                for number, each in enumerate(value)
            ]
    return told


def taken_apart(value: bytes, place: bytes) -> Sealed:
    """Read the two parts of a sealed value; raise `DamagedEvent` where they are none."""
    try:
        sealed, told = _bytes(value), Place(*orjson.loads(_bytes(place)))
        head, content = sealed[: _HEAD.size], sealed[_HEAD.size :]
        number, version = _HEAD.unpack(head)
        return Sealed(told, KeyName(told.stream_id, CLASSES[number]), version, head, content)
    except (ValueError, TypeError, IndexError, StructError) as error:
        raise DamagedEvent("sealed data cannot be read") from error


def unseal(sealed: Sealed, tenant: str, key: DataKey) -> Any:
    """Return what was sealed, `ERASED` without its key; raise `DamagedEvent` where it was not sealed so."""
    if key.secret is None:
        return ERASED
    try:
        return orjson.loads(decrypt(sealed.content, key.secret, _bound(tenant, sealed.place, sealed.head)))
    except (NotOpened, ValueError) as error:
        raise DamagedEvent("sealed data does not open") from error


def _bound(tenant: str, place: Place, head: bytes) -> bytes:
    bound = [head]
    for part in (tenant, place[0], str(place[1]), *place[2:]):
        written = part.encode()
        bound += (_LENGTH.pack(len(written)), written)
    return b"".join(bound)


def _with_place(value: Any, place: Place) -> Any:
    if type(value) is str and value.startswith(SEALED):
        return f"{value}.{_text(orjson.dumps(tuple(place)))}"
    return value


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: bytes) -> bytes:
    return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
