"""Fixtures of the projections' tests."""

from collections.abc import Iterator

import pytest

from journey.event_log import EventLog
from journey.settings import Settings
from tests.projections.keeping import Kept, keeping


@pytest.fixture
def kept(settings: Settings, log: EventLog) -> Iterator[Kept]:
    """Give a log and its read models, all empty, once on SQLite and once on PostgreSQL."""
    with keeping(settings, log) as found:
        yield found
