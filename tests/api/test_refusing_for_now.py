"""What can be sent again later: the writer is busy, or cannot write; nothing is lost and nothing doubled."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from journey.settings import Settings
from tests.api.posting import answered_lines, assert_problem, post, post_batch, post_lines, recorded
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.sites import Site, serving


@contextmanager
def _nobody_writes(settings: Settings) -> Iterator[None]:
    """Keep every writer from the log while the block runs."""
    assert settings.database is not None
    with psycopg.connect(settings.database) as connection:
        connection.execute("LOCK TABLE stored_events IN EXCLUSIVE MODE")
        yield


@contextmanager
def _site(**further: float) -> Iterator[Site]:
    with database_settings("postgres", Path(), **further) as settings, serving(settings) as site:
        yield site


class TestLogUnavailable:
    @pytest.mark.parametrize("tag", ["en", "zh-CN"])
    def test_every_mode_says_so(self, tag: str) -> None:
        """503 and `Retry-After` for one event and for a batch; lines have their problem each."""
        events = [cloudevent() for _ in range(3)]
        with _site(lock_timeout=0.2) as site:
            client = site.client("events:write")
            client.headers["Accept-Language"] = tag
            with recorded(site) as new, _nobody_writes(site.service.settings):
                single, batch = post(client, events[0]), post_batch(client, events)
                lines = answered_lines(post_lines(client, events))

            assert_problem(single, "log-unavailable")
            assert single.headers["retry-after"] == "1"
            assert (batch.status_code, batch.headers["retry-after"]) == (503, "1")
            for item in (*batch.json()["items"], *lines):
                assert (item["status"], item["retryable"]) == ("rejected", True)
                assert item["problem"]["code"] == "log-unavailable"
            assert new == []
            with recorded(site) as new:
                assert post_batch(client, events).json()["accepted"] == 3
            assert len(new) == 3


class TestQueueFull:
    def test_who_comes_too_late_is_told_and_nobody_is_dropped(self) -> None:
        """A full queue refuses at once; what was queued before is written when the writer can."""
        answers: list[httpx.Response] = []
        with _site(lock_timeout=30, queue_events=1) as site:
            client = site.client("events:write")

            def send() -> None:
                answers.append(post(client, cloudevent()))

            senders = [threading.Thread(target=send) for _ in range(2)]
            with recorded(site) as new, _nobody_writes(site.service.settings):
                post(client, cloudevent("no.such"))  # the key is known from here on
                senders[0].start()
                _until(site, 0, started=senders[0])
                senders[1].start()
                _until(site, 1, started=senders[1])
                refused = post(client, cloudevent())
                batch = post_batch(client, [cloudevent(), cloudevent("no.such")])
            for sender in senders:
                sender.join(20)

            assert_problem(refused, "queue-full")
            assert refused.headers["retry-after"] == "1"
            assert [item["problem"]["code"] for item in batch.json()["items"]] == [
                "queue-full",
                "unknown-event-type",
            ]
            assert [item["retryable"] for item in batch.json()["items"]] == [True, False]
            assert (batch.status_code, batch.headers["retry-after"]) == (503, "1")
            assert [answer.status_code for answer in answers] == [201, 201]
            assert site.service.log.head() > 0
            assert len(site.service.log.read_all()) == 2
            assert {event.type for event in new} <= {"interaction.recorded"}


def _until(site: Site, waiting: int, started: threading.Thread) -> None:
    """Wait until the writer has taken what it takes, and so many events wait."""
    assert started.is_alive()
    counts = site.service.appender.counts
    for _ in range(10_000):
        if counts.waiting == waiting and (waiting or _busy(site)):
            return
        site.service.log.wait_for_append(site.service.log.head(), 0.001)
    raise AssertionError("the queue does not fill")


def _busy(site: Site) -> bool:
    """Tell whether the writer waits for the log's lock."""
    assert site.service.settings.database is not None
    with psycopg.connect(site.service.settings.database) as connection:
        found = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return found is not None and found[0] > 0
