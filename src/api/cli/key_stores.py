"""The keys of a service, as commands open them and people name them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer

from api.cli import terminal
from api.cli.speech import said
from api.keys import KeyStore
from journey.migrating import migrate
from journey.storage import Storage

KeyName = Annotated[
    str,
    typer.Argument(
        metavar="KEY",
        help=said(
            "The key's first part, as 'journey keys list' shows it.", "密钥前缀，见 journey keys list。"
        ),
    ),
]


@contextmanager
def opened_keys(storage: Storage) -> Iterator[KeyStore]:
    """Open the keys of a service, made where there are none yet."""
    migrate(storage, ["access"])
    access = storage.engine("access", writer=True)
    try:
        yield KeyStore(access)
    finally:
        access.dispose()


def prefix_of(key: str) -> str:
    """Return the public part of a key, also where somebody pastes all of it."""
    return "_".join(key.split("_")[:2])


def no_such_key(prefix: str) -> NoReturn:
    """End the command: there is no such key in force."""
    terminal.fail(
        said(
            f"There is no key {prefix} in force; 'journey keys list' shows them.",
            f"没有生效中的密钥 {prefix}；可用 journey keys list 查看。",
        ),
        status=1,
    )
