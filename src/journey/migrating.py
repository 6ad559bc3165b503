"""Brings the databases to today's shape: Alembic owns every table."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import journey
from journey.storage import PARTS, Part, Storage

# Any number that nobody else locks: two processes that start at once migrate one after the other.
_MIGRATION_LOCK = 0x6A6F7572


def migrate(storage: Storage, parts: Sequence[Part] = PARTS) -> None:
    """Run every migration that is missing, on all parts; do nothing where all have run."""
    for part in parts:
        engine = storage.engine(part, writer=True)
        try:
            with engine.begin() as connection:
                if not storage.embedded:
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATION_LOCK})
                _upgrade(connection, part)
        finally:
            engine.dispose()


def _upgrade(connection: sa.Connection, part: Part) -> None:
    scripts = _scripts()
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("version_locations", str(scripts / part).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, part=part)
    command.upgrade(config, "head")


def _scripts() -> Path:
    """Return the folder of the migrations: inside an installed package, else beside the sources."""
    package = Path(journey.__file__).parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"
