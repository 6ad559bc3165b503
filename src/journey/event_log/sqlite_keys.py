"""The keys of customers beside an embedded log, for its one writer, on a connection that stays open."""

import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path

from journey.errors import AppendConflict, KeysUnavailable
from journey.event_log.sqlite_rows import STATEMENTS, chunks, marks
from journey.sealing.data_keys import KeyName, WrappedKey
from journey.storage import set_up_sqlite

_OF = "SELECT version, epoch, wrapped FROM data_keys WHERE stream_id = ? AND retention = ? ORDER BY version"
# It begins with INSERT: the driver counts the rows of no other statement.
_ADD = """
INSERT INTO data_keys (stream_id, retention, version, epoch, wrapped)
WITH given (stream_id, retention, version, epoch, wrapped) AS (VALUES {marks})
SELECT * FROM given WHERE epoch = (SELECT max(epoch) FROM epochs)
"""
_AT_ONCE = 1_000
"""How many keys one statement keeps, which is a transaction of its own."""


class KeyFile:
    """The file of keys, opened when it is needed; used in one thread."""

    def __init__(self, file: Path, lock_timeout: float) -> None:
        self._file, self._lock_timeout = file, lock_timeout
        self._connection: sqlite3.Connection | None = None

    def of(self, names: Collection[KeyName]) -> list[WrappedKey]:
        """Return every version of the keys that exist; raise `KeysUnavailable`."""
        try:
            return [WrappedKey(name, *row) for name in names for row in self._opened().execute(_OF, name)]
        except sqlite3.Error as error:
            raise KeysUnavailable(f"the file of keys cannot be read: {error}") from error

    def add(self, keys: Sequence[WrappedKey]) -> None:
        """Keep new keys, durably; some of them may be kept where not all can be, and do no harm.

        Raises `AppendConflict` when one is there already, or the epoch that wraps them has ended, and
        `KeysUnavailable` when they cannot be kept.
        """
        try:
            for some in chunks(keys, _AT_ONCE):
                statement = _ADD.format(marks=marks(len(some), len(WrappedKey._fields) + 1))
                values = [value for key in some for value in (*key.name, *key[1:])]
                if self._opened().execute(statement, values).rowcount < len(some):
                    raise AppendConflict
        except sqlite3.IntegrityError as error:
            raise AppendConflict from error
        except sqlite3.Error as error:
            raise KeysUnavailable(f"the file of keys cannot be written: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(
                self._file,
                timeout=self._lock_timeout,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=STATEMENTS,
            )
            set_up_sqlite(connection, wal=False, writer=True)
            self._connection = connection
        return self._connection
