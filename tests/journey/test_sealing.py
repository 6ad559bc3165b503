"""Personal data is sealed on its way into the log: nothing but its customer's key opens it."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import BaseModel

from journey.errors import DamagedEvent, EventIdReused, IllegalTransition, KeysUnavailable
from journey.event_log import EventLog
from journey.migrating import migrate
from journey.sealing.ciphers import ALGORITHMS, Algorithm, NotOpened, decrypt, encrypt
from journey.sealing.data_keys import DATA_KEYS, DataKey, KeyName
from journey.sealing.destroying import Destroyer
from journey.sealing.keyring import Keyring, epoch_keys, open_keyring
from journey.sealing.sealed_text import ERASED, Place, placed, seal, taken_apart, unseal
from journey.sealing.sealer import Sealer
from journey.sealing.wrapping import Wrapping
from journey.settings import Settings
from journey.storage import storage_of
from journey.submissions import Appended
from journey.touchpoints import PERSONAL_FIELDS, TOUCHPOINTS
from journey.touchpoints.touchpoint import Personal
from tests import loops
from tests.facts import event, visit
from tests.journey.writing import Writer, accept, send, writing

CANARY = "陈晓燕-CANARY"
PLACE = Place("C1", 3, "/channels/web", "e1", "customer.registered", "name")
NAME = KeyName("C1", "identity")
KEY = DataKey(1, b"k" * 16 + b"q" * 16)


def registered(customer: str = "C1", **further: Any) -> Any:
    """Return a registration full of personal data."""
    data = {"name": CANARY, "phone": f"+86 {CANARY}", "birth_year": 1980, "segment": "mass"}
    return event("customer.registered", data, customer=customer, **further)


def answered(**further: Any) -> Any:
    """Return an answer to a complaint, with a list of free texts."""
    data = {"result": f"refund {CANARY}", "measures": [CANARY, "training"], "medium": "phone"}
    return event("complaint.answered", data, case="CMP-1", **further)


@pytest.fixture
def keyring(settings: Settings) -> Iterator[Keyring]:
    """Give the keys of an empty service."""
    with opened(settings) as found:
        yield found


@contextmanager
def opened(settings: Settings) -> Iterator[Keyring]:
    """Open the keys of a service."""
    engine = storage_of(settings).engine("keys", writer=True)
    yield open_keyring(engine, settings)
    engine.dispose()


@pytest.fixture
def sealing(log: EventLog, settings: Settings, keyring: Keyring) -> Iterator[Writer]:
    """Give a writer that seals."""
    with writing(log, settings, sealer=Sealer(keyring, settings.sealing)) as writer:
        yield writer


class TestStored:
    def test_nothing_personal_is_legible(self, sealing: Writer, log: EventLog) -> None:
        """The log holds no personal value, not even as a digest; all else is stored as it was sent."""
        accept(sealing, registered(), visit())
        told, plain = log.read_stream("C1")

        assert CANARY not in str(told)
        assert 1980 not in told.data.values()
        assert told.data["segment"] == "mass"
        assert plain.data == visit().data

    def test_opens_to_what_was_sent(self, sealing: Writer, log: EventLog, keyring: Keyring) -> None:
        """With its key every value is what it was, of any type, also those of a list."""
        accept(sealing, registered(), answered(), mode="record")
        first, second = log.read_stream("C1")

        assert _open(first.data, keyring) == dict(registered().data)
        assert _open(second.data, keyring) == dict(answered().data)

    def test_the_touchpoint_can_be_read(self, sealing: Writer, log: EventLog) -> None:
        """What follows from an event needs no key: sealed text stands for personal values, of any type."""
        accept(sealing, registered(), answered(), mode="record")

        assert [type(each.touchpoint).type for each in log.read_all()] == [
            "customer.registered",
            "complaint.answered",
        ]

    def test_twice_the_same_value_is_sealed_otherwise(self, sealing: Writer, log: EventLog) -> None:
        """Nobody can tell from the log who has the same name."""
        accept(sealing, registered(), registered())
        first, second = log.read_stream("C1")

        assert first.data["name"] != second.data["name"]


class TestRepeats:
    def test_the_same_is_a_duplicate(self, sealing: Writer) -> None:
        """An event that comes again is known by a digest under its customer's key."""
        accept(sealing, registered(id="r1"))
        (again,) = accept(sealing, registered(id="r1"))
        (other,) = send(sealing, event("customer.registered", {"name": "Other"}, id="r1"))

        assert again.duplicate
        assert isinstance(other, EventIdReused)

    def test_what_was_stored_before_there_were_keys(
        self, log: EventLog, settings: Settings, keyring: Keyring
    ) -> None:
        """An event that an older version stored as it was sent is still known when it comes again."""
        with writing(log, settings) as writer:
            accept(writer, registered(id="r1"))
        with writing(log, settings, sealer=Sealer(keyring, settings.sealing)) as writer:
            (again,) = accept(writer, registered(id="r1"))
            (other,) = send(writer, event("customer.registered", {"name": "Other"}, id="r1"))

        assert again.duplicate
        assert isinstance(other, EventIdReused)

    def test_after_the_key_is_gone(self, sealing: Writer, settings: Settings, log: EventLog) -> None:
        """Of a customer whose keys are destroyed an event that comes again is taken for what it was."""
        accept(sealing, registered(id="r1"))
        _destroy(settings)
        with (
            opened(settings) as keyring,
            writing(log, settings, sealer=Sealer(keyring, settings.sealing)) as writer,
        ):
            (again,) = accept(writer, registered(id="r1"))

        assert again.duplicate


class TestKeys:
    def test_validation_makes_none(self, sealing: Writer, settings: Settings) -> None:
        """What is only checked leaves no key behind."""
        (told,) = send(sealing, registered(), validate_only=True)

        assert isinstance(told, Appended)
        assert _count(settings) == 0

    def test_many_make_one(self, settings: Settings) -> None:
        """Of processes that make a customer's first key at once, all use the one that was kept."""
        with opened(settings) as one, opened(settings) as other, ThreadPoolExecutor(2) as pool:
            rings = (one, other)
            list(pool.map(lambda ring: loops.wait_for(ring.provide([NAME])), rings))

            assert one.newest(NAME) == other.newest(NAME)
            assert one.newest(NAME).secret
        assert _count(settings) == 1

    def test_a_destroyed_key_leaves_a_tombstone(self, sealing: Writer, settings: Settings) -> None:
        """A key that is gone opens nothing, and is not made anew."""
        accept(sealing, registered())
        _destroy(settings)
        with opened(settings) as keyring:
            loops.wait_for(keyring.provide([NAME]))

            assert keyring.newest(NAME) == DataKey(1, None)

    def test_refused_events_make_none(self, sealing: Writer, settings: Settings) -> None:
        """A key is committed with an event that it seals: one that was refused leaves nothing behind."""
        (told,) = send(sealing, answered())

        assert isinstance(told, IllegalTransition)
        assert _count(settings) == 0

    def test_a_new_one_is_stored_at_once(self, sealing: Writer, settings: Settings) -> None:
        """Keys that nobody has made before are kept with the first attempt, however many they are."""
        accept(sealing, *(registered(customer=f"C{number}") for number in range(1_100)))

        assert (sealing.counts.groups, sealing.counts.conflicts) == (1, 0)
        assert _count(settings) == 1_100 * len(set(PERSONAL_FIELDS["customer.registered"].values()))

    def test_one_that_is_not_at_hand(self, sealing: Writer, settings: Settings, log: EventLog) -> None:
        """Another process's key is used, and not replaced, although nobody looked for it beforehand."""
        accept(sealing, registered())
        with (
            opened(settings) as keyring,
            writing(log, settings, sealer=Sealer(keyring, settings.sealing)) as writer,
        ):
            accept(writer, registered(), registered(customer="C2"))

            first, second = log.read_stream("C1")
            assert _open(first.data, keyring) == _open(second.data, keyring) == dict(registered().data)
        assert _count(settings) == 2 * len(set(PERSONAL_FIELDS["customer.registered"].values()))

    def test_an_epoch_that_has_ended_meanwhile(
        self, sealing: Writer, settings: Settings, keyring: Keyring
    ) -> None:
        """A key that the key of an ended epoch wraps is refused, and made again in the new one."""
        accept(sealing, registered())
        engine = storage_of(settings).engine("keys", writer=True)
        Destroyer(engine, Wrapping(settings.tenant, epoch_keys(settings))).rotate()
        engine.dispose()
        accept(sealing, registered(customer="C2"))

        with _table(settings) as connection:
            epochs = connection.execute(sa.select(DATA_KEYS.c.epoch)).scalars().all()
        assert set(epochs) == {2}
        assert keyring.newest(KeyName("C2", "identity")).secret

    @pytest.mark.parametrize("held", ["IMMEDIATE", "EXCLUSIVE"])
    def test_keys_that_cannot_be_stored(
        self, sealing: Writer, log: EventLog, settings: Settings, held: str
    ) -> None:
        """Who needs a new key is told to come again; all others' events are appended, and soon."""
        if log.writer.works_beside:
            pytest.skip("keys lie in the log's own database")
        accept(sealing, registered())
        file = storage_of(settings).file("keys")
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute(f"BEGIN {held}")
            sent = [visit("C2"), registered(customer="C3"), visit("C3"), registered()]
            outcomes = [type(outcome) for outcome in send(sealing, *sent)]

        assert outcomes == [Appended, KeysUnavailable, KeysUnavailable, Appended]

    def test_no_place_for_keys(self, log: EventLog, settings: Settings) -> None:
        """Without a directory of keys personal data is refused for now; all else goes on."""
        nowhere = Settings(data=None, database="postgresql://nowhere/x")
        storage = storage_of(settings)
        migrate(storage, ["keys"])
        engine = storage.engine("keys", writer=True)
        keyring = open_keyring(engine, nowhere)
        with writing(log, settings, sealer=Sealer(keyring, settings.sealing)) as writer:
            sent = [visit("C2"), registered(), visit(), visit("C3")]
            outcomes = [type(outcome) for outcome in send(writer, *sent)]

        engine.dispose()

        assert outcomes == [Appended, KeysUnavailable, KeysUnavailable, Appended]

    def test_a_lost_epoch_is_not_replaced(self, sealing: Writer, settings: Settings) -> None:
        """Without the key that wraps the others no new one takes its place: the loss must be seen."""
        accept(sealing, registered())
        (file,) = _directory(settings).iterdir()
        file.rename(file.with_suffix(".lost"))
        with opened(settings) as keyring, pytest.raises(KeysUnavailable):
            loops.wait_for(keyring.provide([KeyName("C2", "identity")]))

    @pytest.mark.parametrize("bad", ["00" * 32, "short", "zz" * 32])
    def test_weak_keys_are_refused(self, sealing: Writer, settings: Settings, bad: str) -> None:
        """A key that is no key, or a sample, is refused."""
        accept(sealing, registered())
        (file,) = _directory(settings).iterdir()
        file.chmod(0o600)
        file.write_text(bad)
        with opened(settings) as keyring, pytest.raises(KeysUnavailable):
            loops.wait_for(keyring.provide([NAME]))

    def test_keys_that_others_can_read_are_refused(self, sealing: Writer, settings: Settings) -> None:
        """The file of a key is for the service alone; it is made so."""
        accept(sealing, registered())
        (file,) = _directory(settings).iterdir()
        assert file.stat().st_mode & 0o777 == 0o400
        file.chmod(0o444)
        with opened(settings) as keyring, pytest.raises(KeysUnavailable):
            loops.wait_for(keyring.provide([NAME]))

    def test_stored_wrapped(self, sealing: Writer, settings: Settings, keyring: Keyring) -> None:
        """The store holds no key that opens anything by itself."""
        accept(sealing, registered())
        secret = keyring.newest(NAME).secret
        with _table(settings) as connection:
            stored = connection.execute(sa.select(DATA_KEYS.c.wrapped)).scalars().all()

        assert secret
        assert all(secret not in wrapped for wrapped in stored)


class TestBinding:
    @pytest.mark.parametrize("field", Place._fields)
    def test_opens_nowhere_else(self, field: str) -> None:
        """A value that was moved to another event, customer or field does not open."""
        elsewhere = Place(**PLACE._asdict() | {field: 4 if field == "version" else "other"})
        moved = taken_apart(*_parts(_sealed("x"), elsewhere))
        with pytest.raises(DamagedEvent):
            unseal(moved, "main", KEY)

    def test_nor_for_another_tenant(self) -> None:
        """Nor does it open in another legal entity's service."""
        sealed = taken_apart(*_parts(_sealed("x"), PLACE))

        assert unseal(sealed, "main", KEY) == "x"
        with pytest.raises(DamagedEvent):
            unseal(sealed, "other", KEY)

    def test_without_its_key_it_is_erased(self) -> None:
        """What was sealed with a key that is gone reads as erased, which is no text."""
        sealed = taken_apart(*_parts(_sealed(""), PLACE))

        assert unseal(sealed, "main", DataKey(1, None)) is ERASED

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_algorithms(self, algorithm: Algorithm) -> None:
        """Each algorithm opens what it sealed, and notices every bit that changes."""
        secret = b"k" * 16 + b"q" * 16
        sealed = encrypt(b"plain", secret, b"place", algorithm)
        spoilt = [bytes([*sealed[:i], sealed[i] ^ 1, *sealed[i + 1 :]]) for i in range(len(sealed))]

        assert decrypt(sealed, secret, b"place") == b"plain"
        assert b"plain" not in sealed
        for each in [*spoilt, sealed[:-1], b"", sealed[:13]]:
            with pytest.raises(NotOpened):
                decrypt(each, secret, b"place")


@pytest.mark.parametrize("touchpoint", TOUCHPOINTS.values(), ids=TOUCHPOINTS)
def test_personal_fields_are_where_they_are_sealed(touchpoint: type[BaseModel]) -> None:
    """Only fields of the payload itself, or the texts of a list there, are sealed: none lies deeper."""
    inner = touchpoint.model_json_schema().get("$defs", {})
    nested = [model for model in _models(touchpoint) if model is not touchpoint]

    assert len(nested) >= len(inner) or not inner
    for model in nested:
        for field in model.model_fields.values():
            assert not any(isinstance(mark, Personal) for mark in field.metadata)


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _models(part)


def _open(data: Any, keyring: Keyring) -> dict[str, Any]:
    return {name: _opened(value, keyring) for name, value in data.items()}


def _opened(value: Any, keyring: Keyring) -> Any:
    if isinstance(value, list):
        return [_opened(each, keyring) for each in value]
    if not (isinstance(value, str) and value.startswith("cjs1.")):
        return value
    sealed = taken_apart(*value.encode().split(b".")[1:])
    loops.wait_for(keyring.load([sealed.name]))
    return unseal(sealed, keyring.tenant, keyring.version(sealed.name, sealed.version))


def _parts(text: str, place: Place) -> list[bytes]:
    whole: str = placed({place.field: text}, {place.field: "identity"}, place)[place.field]
    return whole.encode().split(b".")[1:]


def _sealed(value: str) -> str:
    return seal(value, PLACE, "identity", KEY, tenant="main", algorithm="aes-256-gcm")


def _directory(settings: Settings) -> Path:
    if settings.key_directory is not None:
        return settings.key_directory
    assert settings.data is not None
    return settings.data.with_name(f"{settings.data.name}.keys")


@contextmanager
def _table(settings: Settings) -> Iterator[sa.Connection]:
    engine = storage_of(settings).engine("keys", writer=True)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _destroy(settings: Settings) -> None:
    with _table(settings) as connection:
        connection.execute(sa.update(DATA_KEYS).values(wrapped=None, destroyed_at="2026-11-22"))


def _count(settings: Settings) -> int:
    with _table(settings) as connection:
        return len(connection.execute(sa.select(DATA_KEYS)).all())
