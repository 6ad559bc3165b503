"""What every provider of epoch keys keeps to: one that is added is added to `PROVIDERS`."""

import atexit
import hashlib
import secrets
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from journey.errors import KeysUnavailable
from journey.sealing.ciphers import KEY_BYTES
from journey.sealing.data_keys import KeyName
from journey.sealing.epoch_keys import EpochKeyFiles, EpochKeys
from journey.sealing.vault_transit import VaultTransit
from journey.sealing.wrapping import Wrapping
from tests.vault_like import token_file, vault_like

Opened = Callable[[Path], EpochKeys]
"""Opens the provider at a place: twice at one place, as two processes do."""


class Remembered:
    """The least that a provider must do: keys in memory, the same for all who open it at one place."""

    _places: dict[Path, dict[int, bytes]] = {}  # noqa: RUF012  # it stands for a service outside of the process

    def __init__(self, place: Path) -> None:
        self._keys = self._places.setdefault(place, {})

    def newest(self) -> int:
        """Return the newest epoch."""
        return max(self._keys, default=0)

    def known(self) -> list[int]:
        """Return all epochs."""
        return list(self._keys)

    def make(self, epoch: int) -> None:
        """Make a key."""
        self._keys.setdefault(epoch, secrets.token_bytes(KEY_BYTES))

    def destroy(self, epoch: int) -> None:
        """Forget a key."""
        self._keys.pop(epoch, None)

    def secret(self, epoch: int) -> bytes:
        """Return a key."""
        if epoch not in self._keys:
            raise KeysUnavailable
        return self._keys[epoch]


def in_vault(place: Path) -> EpochKeys:
    """Open a transit engine at a place: one server of all tests, with keys of the place's own."""
    url, directory = _vault()
    digest = hashlib.sha256(str(place).encode()).hexdigest()[:16]
    return VaultTransit(url, token_file(directory), prefix=f"journey-{digest}")


@cache
def _vault() -> tuple[str, Path]:
    """Start a server that behaves as Vault is documented to; it stops with the run."""
    stack = ExitStack()
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    atexit.register(stack.close)
    return stack.enter_context(vault_like(directory)).url, directory


PROVIDERS: list[Opened] = [EpochKeyFiles, Remembered, in_vault]


@pytest.fixture(params=PROVIDERS, ids=["files", "remembered", "vault"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], EpochKeys]:
    """Give what opens one provider at one place, as each process does for itself."""
    provider: Opened = request.param
    return lambda: provider(tmp_path / "keys")


def test_nothing_at_first(opened: Callable[[], EpochKeys]) -> None:
    """There is no epoch, and no key that could be taken for one."""
    keys = opened()

    assert (keys.newest(), keys.known()) == (0, [])
    with pytest.raises(KeysUnavailable):
        keys.secret(1)


def test_a_key_that_is_made_is_there_for_all(opened: Callable[[], EpochKeys]) -> None:
    """Every process has the same one, of full length, and each epoch another."""
    one, other = opened(), opened()
    for epoch in (1, 2):
        one.make(epoch)

    assert (other.newest(), sorted(other.known())) == (2, [1, 2])
    assert other.secret(1) == one.secret(1) != one.secret(2)
    assert len(one.secret(1)) == KEY_BYTES


def test_who_makes_one_second_has_the_first(opened: Callable[[], EpochKeys]) -> None:
    """Two processes begin an epoch at once: what is wrapped already must still open."""
    opened().make(1)
    before = opened().secret(1)
    opened().make(1)

    assert opened().secret(1) == before


def test_what_is_destroyed_is_gone(opened: Callable[[], EpochKeys]) -> None:
    """For whoever destroyed it at once, for who opens the provider later, and destroying it again is fine."""
    keys = opened()
    keys.make(1)
    keys.make(2)
    keys.secret(1)
    for _ in range(2):
        keys.destroy(1)

    assert keys.known() == opened().known() == [2]
    for each in (keys, opened()):
        with pytest.raises(KeysUnavailable):
            each.secret(1)


def test_keys_open_what_they_wrapped(opened: Callable[[], EpochKeys]) -> None:
    """Data keys go from epoch to epoch, and an epoch that is destroyed opens none of its own any more."""
    opened().make(1)
    opened().make(2)
    wrapping = Wrapping("bank", opened())
    before, key = wrapping.new(KeyName("C1", "identity"), 1)
    after = wrapping.again(before, 2)
    wrapping.epochs.destroy(1)

    assert Wrapping("bank", opened()).unwrapped(after) == key.secret
    with pytest.raises(KeysUnavailable):
        Wrapping("bank", opened()).unwrapped(before)
