"""The data keys that a process has at hand: loaded, and made, before they are needed."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, TypeVar

import sqlalchemy as sa

from journey.errors import KeysUnavailable
from journey.sealing.data_keys import DataKey, DataKeyStore, KeyName, Mark, WrappedKey
from journey.sealing.epoch_keys import EpochKeyFiles, EpochKeys, NoEpochKeys
from journey.sealing.vault_transit import VaultTransit
from journey.sealing.wrapping import Wrapping
from journey.settings import Settings

_T = TypeVar("_T")

_MOST_AT_HAND = 50_000
# How long a key is used to open what is sealed before it is looked up again: so long may another process
# that does not know of an erasure go on reading.
TRUSTED_SECONDS = 2.0
_NEVER = DataKey(0, None)


class _AtHand(NamedTuple):
    keys: dict[int, DataKey]
    """By version."""
    until: float


class Keyring:
    """Keys of one service, unwrapped, as many as fit.

    To seal, a key at hand is good for ever: a customer's erasure is an event of the customer's stream, and
    what is appended upon an older version of the stream is refused.
    """

    def __init__(self, store: DataKeyStore, epochs: EpochKeys, tenant: str) -> None:
        self.tenant = tenant
        self._store, self._epochs = store, epochs
        self._wrapping = Wrapping(tenant, epochs)
        self._marks: dict[str, Mark] = {}
        self._last_change, self._noticed_at = 0, -TRUSTED_SECONDS
        self.forgotten = 0
        """How often keys were let go of: what was looked up meanwhile is looked up again."""
        self._at_hand: OrderedDict[KeyName, _AtHand] = OrderedDict()
        self._newest_epoch: int | None = None

    async def provide(self, names: Collection[KeyName]) -> None:
        """Have keys at hand that seal, and make those that do not exist; raise `KeysUnavailable`."""
        lacking = [name for name in names if name not in self._at_hand]
        if lacking:
            await asyncio.to_thread(self._provide, lacking)

    def lacks(self, name: KeyName) -> bool:
        """Tell whether no key is at hand that seals."""
        return name not in self._at_hand

    async def epoch(self) -> int:
        """Return the epoch that wraps new keys; raise `KeysUnavailable`."""
        # The store refuses an epoch that has ended: only then is it looked up again.
        if self._newest_epoch is None:
            self._newest_epoch = await asyncio.to_thread(lambda: self._asked(self._epoch))
        return self._newest_epoch

    def doubt_epoch(self) -> None:
        """Look the epoch up again before the next key is made."""
        self._newest_epoch = None

    def make(self, name: KeyName, epoch: int) -> tuple[WrappedKey, DataKey]:
        """Make a key, which whoever asks for it keeps with what it seals; raise `KeysUnavailable`."""
        return self._wrapping.new(name, epoch)

    def keep(self, name: KeyName, key: DataKey) -> None:
        """Have a key at hand that was made, and is stored now."""
        self._keep({name: {key.version: key}})

    def take_in(self, names: Collection[KeyName], stored: Collection[WrappedKey], forgotten: int) -> bool:
        """Have keys at hand that the store was seen to hold, and know of the others that they do not exist.

        Nothing, and False, where keys were let go of since there were `forgotten`; raises `KeysUnavailable`.
        """
        found: dict[KeyName, dict[int, DataKey]] = {}
        for each in stored:
            key = DataKey(each.version, self._wrapping.unwrapped(each))
            found.setdefault(each.name, {})[each.version] = key
        if forgotten != self.forgotten:
            return False
        for name in set(names).difference(found):
            self._at_hand.pop(name, None)
        self._keep(found)
        return True

    def newest(self, name: KeyName) -> DataKey:
        """Return the newest key at hand; one that was not provided has no secret."""
        at_hand = self._at_hand.get(name)
        return at_hand.keys[max(at_hand.keys)] if at_hand else _NEVER

    async def load(self, names: Collection[KeyName]) -> None:
        """Have keys at hand that open; none is made."""
        now = time.monotonic()
        old = [name for name in names if name not in self._at_hand or self._at_hand[name].until < now]
        if old:
            await asyncio.to_thread(self._load, old)

    def version(self, name: KeyName, version: int) -> DataKey:
        """Return a key at hand; one that does not exist has no secret, as one that was destroyed."""
        at_hand = self._at_hand.get(name)
        return (at_hand.keys.get(version) if at_hand else None) or _NEVER

    async def notice(self) -> None:
        """Learn whose data was restricted or erased; at most so often as keys are trusted."""
        if time.monotonic() - self._noticed_at >= TRUSTED_SECONDS:
            await asyncio.to_thread(self.notice_now)

    def notice_now(self) -> None:
        """Learn whose data was restricted or erased, and let go of their keys."""
        began = time.monotonic()
        for mark in self._asked(lambda: self._store.marks(self._last_change)):
            self._marks[mark.stream_id] = mark
            self.forget(mark.stream_id)
            self._last_change = max(self._last_change, mark.change)
        self._noticed_at = began

    def mark(self, stream_id: str) -> Mark | None:
        """Return how a customer's answers have changed; None where nothing is restricted or erased."""
        return self._marks.get(stream_id)

    def forget(self, stream_id: str) -> None:
        """Let go of a customer's keys."""
        self.forgotten += 1
        for name in [each for each in self._at_hand if each.stream_id == stream_id]:
            self._at_hand.pop(name, None)

    def _provide(self, names: Collection[KeyName]) -> None:
        there = self._load(names)
        missing = [name for name in names if name not in there]
        while missing:
            epoch = self._asked(self._epoch)
            made = [self._wrapping.new(name, epoch)[0] for name in missing]
            if self._asked(lambda: self._store.add(made, epoch)):  # noqa: B023  # it is called at once
                self._load(missing)
                return

    def _load(self, names: Collection[KeyName]) -> set[KeyName]:
        """Load keys and return the names of those that exist."""
        again = False
        while True:
            forgotten, stored = self.forgotten, self._asked(lambda: self._store.of(names))
            try:
                if self.take_in(names, stored, forgotten):
                    return {each.name for each in stored}
            except KeysUnavailable:
                # An epoch may have ended between the two; then the keys are there again, wrapped by the next.
                if again:
                    raise
                again = True

    def _keep(self, found: Mapping[KeyName, dict[int, DataKey]]) -> None:
        until = time.monotonic() + TRUSTED_SECONDS
        for name, keys in found.items():
            self._at_hand[name] = _AtHand(keys, until)
            self._at_hand.move_to_end(name)
        while len(self._at_hand) > _MOST_AT_HAND:
            self._at_hand.popitem(last=False)

    def _epoch(self) -> int:
        """Return the epoch that wraps new keys; the first one begins with the first key of all."""
        known, newest = self._store.epochs(), self._epochs.newest()
        if not known and not newest:
            self._epochs.make(1)
            newest = 1
        if newest not in known and newest > max(known, default=0):
            self._store.begin_epoch(newest, self._wrapping.fingerprint(newest))
            known = self._store.epochs()
        # A new key in place of one that was lost would hide for a while that what it wrapped is lost too.
        epoch = max(known)
        if self._wrapping.fingerprint(epoch) != known[epoch]:
            raise KeysUnavailable(f"the key of epoch {epoch} is not the one that was used before")
        return epoch

    def _asked(self, ask: Callable[[], _T]) -> _T:
        try:
            return ask()
        except sa.exc.DBAPIError as error:
            raise KeysUnavailable("the store of keys does not answer") from error


def open_keyring(engine: sa.Engine, settings: Settings) -> Keyring:
    """Return the keys of a migrated store, wrapped by the epoch keys that the settings name."""
    return Keyring(DataKeyStore(engine), epoch_keys(settings), settings.tenant)


def epoch_keys(settings: Settings) -> EpochKeys:
    """Return where the settings keep the keys of epochs."""
    if settings.vault_address is not None and settings.vault_token_file is not None:
        return VaultTransit(
            settings.vault_address,
            settings.vault_token_file.expanduser(),
            mount=settings.vault_mount,
            prefix=settings.vault_keys,
            namespace=settings.vault_namespace,
            ca_file=settings.vault_ca_file,
        )
    directory = settings.keys_beside()
    return NoEpochKeys() if directory is None else EpochKeyFiles(directory)
