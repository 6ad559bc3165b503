"""Callers of the service, whom the tests of a module share."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.databases import migrated_settings
from tests.sites import Site, serving


@pytest.fixture(scope="module")
def channel(site: Site) -> httpx.Client:
    """Give the client of a channel that may write events of every source."""
    return site.client("events:write")


@pytest.fixture(scope="module")
def analyst(site: Site) -> httpx.Client:
    """Give the client of an analyst, who may read journeys."""
    return site.client("journeys:read")


@pytest.fixture(scope="module")
def operator(site: Site) -> httpx.Client:
    """Give the client of an operator, who may do everything."""
    return site.client()


@pytest.fixture
def standing_still(tmp_path: Path) -> Iterator[Site]:
    """Give a service whose projections move only when the test says so: `site.service.engine.catch_up()`."""
    database = migrated_settings("sqlite", tmp_path / "data", roles=frozenset({"api"}))
    with database as settings, serving(settings) as site:
        site.service.engine.prepare()
        yield site
