"""Fixtures of all tests: real databases, and the real service behind real HTTP."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from xdist.remote import Producer

from api.service import Service, running
from journey.event_log import EventLog, open_event_log
from journey.settings import Settings
from journey.storage import storage_of
from tests.databases import database_settings, migrated_settings
from tests.sharing import ByModuleAndDatabase, longest_first
from tests.sites import Site, serving

DATABASES = ["sqlite", "postgres"]


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """Leave no test the logs of another: their stream is closed with the test that set them up."""
    yield
    structlog.reset_defaults()


def pytest_configure() -> None:
    """Let the command line speak English, as wide as it likes, whatever the terminal is.

    It decides on the language when it is imported, and workers are told the width of the terminal.
    How long an example of Hypothesis takes tells more of what runs beside it than of what it shows.
    """
    os.environ["JOURNEY_LANGUAGE"] = "en"
    os.environ.pop("COLUMNS", None)
    unhurried = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
    hypothesis.settings.register_profile("unhurried", unhurried)
    hypothesis.settings.load_profile("unhurried")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run more workers than there are cores: each waits for disks and other processes much of its time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByModuleAndDatabase:
    """Share the tests out by what they share, in their own order instead of by how many they are."""
    config.option.loadscopereorder = False
    return ByModuleAndDatabase(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest where workers share the tests: else the others wait for it at the end."""
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)


@pytest.fixture(params=DATABASES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Give settings on a database without events, once on SQLite and once on PostgreSQL.

    It has its tables already, unless the test is marked as a first start.
    """
    first = request.node.get_closest_marker("first_start") is not None
    with (database_settings if first else migrated_settings)(request.param, tmp_path / "data") as found:
        yield found


@pytest.fixture
def log(settings: Settings) -> Iterator[EventLog]:
    """Give an empty event log, once on SQLite and once on PostgreSQL."""
    opened = open_event_log(storage_of(settings), settings)
    yield opened
    opened.close()


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    """Give a running service without HTTP, once on SQLite and once on PostgreSQL."""
    with running(settings) as found:
        yield found


@pytest.fixture(scope="module", params=DATABASES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a service behind HTTP that the tests of a module share: each uses customers of its own."""
    directory = tmp_path_factory.mktemp("site") / "data"
    with migrated_settings(request.param, directory) as found, serving(found) as site:
        yield site
