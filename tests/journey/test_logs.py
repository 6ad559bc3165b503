"""Logs say what happened and where; nothing that somebody sent gets into them, whoever writes the line."""

import ast
import asyncio
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import structlog

from journey.logs import KEYS, log_to_stderr
from tests.databases import new_postgres_database
from tests.documents import ROOT

CANARY = "canary-4711"
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Give what is logged; the hooks of the test run come back."""
    stream, root = io.StringIO(), logging.getLogger()
    monkeypatch.setattr(sys, "stderr", stream)
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    # Servers of tests before may have kept their lines to themselves, as uvicorn does by default.
    monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
    handlers, root.handlers, level = root.handlers, [], root.level
    log_to_stderr()
    yield stream
    root.handlers = handlers
    root.setLevel(level)


def lines(told: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines that were logged; none holds what was sent."""
    assert CANARY not in told.getvalue()
    return [json.loads(line) for line in told.getvalue().splitlines()]


def failure_of_a_statement() -> sa.exc.IntegrityError:
    """Return the error of a database that quotes the row, under one that quotes the parameters."""
    url = sa.make_url(new_postgres_database()).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE people (name text PRIMARY KEY)")
        insert = sa.text("INSERT INTO people VALUES (:name)")
        connection.execute(insert, {"name": CANARY})
        with pytest.raises(sa.exc.IntegrityError) as failed:
            connection.execute(insert, {"name": CANARY})
    engine.dispose()
    assert f"DETAIL:  Key (name)=({CANARY}) already exists" in str(failed.value)
    assert "[parameters: " in str(failed.value)
    return failed.value


class TestOwnLines:
    def test_an_error(self, told: io.StringIO) -> None:
        """It is told by its kind, those of its causes, and where it came from."""
        try:
            raise failure_of_a_statement()
        except sa.exc.IntegrityError:
            structlog.get_logger().exception("append_failed")

        [line] = lines(told)
        assert (line["event"], line["level"]) == ("append_failed", "error")
        assert line["error"] == "IntegrityError < UniqueViolation"
        assert any(frame.endswith(" failure_of_a_statement") for frame in line["frames"])

    def test_keys_that_nobody_answers_for(self, told: io.StringIO) -> None:
        """Of a key that is not in the list the line has the name alone."""
        structlog.get_logger().warning("met", customer=CANARY, position=7)

        [line] = lines(told)
        assert (line["position"], line["left_out"]) == (7, ["customer"])

    def test_the_list_is_what_is_logged(self) -> None:
        """Every key of every line in the code is in the list: nothing of use is left out by accident."""
        keys = {key for path in (ROOT / "src").rglob("*.py") for key in _keys(path)}

        assert keys - KEYS == set()
        assert len(keys) > 10


class TestLinesOfLibraries:
    def test_an_error(self, told: io.StringIO) -> None:
        """Their tracebacks go without messages."""
        try:
            raise failure_of_a_statement()
        except sa.exc.IntegrityError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")

        [line] = lines(told)
        assert (line["event"], line["logger"]) == ("Exception in ASGI application", "uvicorn.error")
        assert line["error"] == "IntegrityError < UniqueViolation"

    def test_values(self, told: io.StringIO) -> None:
        """Numbers are shown, of other values their kind."""
        logging.getLogger("library").warning("%s has %d of %r", CANARY, 3, [CANARY])

        assert lines(told)[0]["event"] == "<str> has 3 of '<list>'"

    def test_a_traceback_as_message(self, told: io.StringIO) -> None:
        """Of a traceback in words the way is left, and the kind of the error."""
        way = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    x()\n'
        logging.getLogger("uvicorn.error").error(f"{way}ValueError: {CANARY}\n")  # noqa: G004  # as it does

        [line] = lines(told)
        assert (line["error"], line["frames"]) == ("ValueError", ["a.py:3 f"])

    def test_a_task_that_nobody_waited_for(self, told: io.StringIO) -> None:
        """The event loop writes out the task, with its error, and that with its values."""

        async def fail() -> None:
            raise ValueError(CANARY)

        async def run() -> None:
            task = asyncio.ensure_future(fail())
            await asyncio.wait((task,))

        asyncio.run(run())

        [line] = lines(told)
        assert line["event"] == "Task exception was never retrieved"
        assert line["error"] == "ValueError"


class TestUncaught:
    def test_in_a_thread(self, told: io.StringIO) -> None:
        """What ends a thread is logged like everything else."""

        def fail() -> None:
            raise psycopg.DataError(CANARY)

        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()

        [line] = lines(told)
        assert (line["event"], line["error"]) == ("uncaught", "DataError")

    def test_at_the_end(self, told: io.StringIO) -> None:
        """So is what ends the process."""
        error = ValueError(CANARY)
        sys.excepthook(ValueError, error, None)

        assert lines(told)[0]["error"] == "ValueError"


def _keys(path: Path) -> Iterator[str]:
    """Give the keys of every line that a module logs."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="_log"), attr=level), keywords=keywords):
                if level in LEVELS:
                    yield from (each.arg for each in keywords if each.arg and each.arg != "exc_info")
            case _:
                pass
