"""The demo: what it shows, and that nothing of it is left."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from rich.cells import cell_len

from journey.vocabulary import CASE_STATES
from tests.processes import command, free_port, journey, surroundings

SECONDS = 60.0
URL = re.compile(r"JOURNEY_URL=(http://127\.0\.0\.1:\d+)")
KEY = re.compile(r"JOURNEY_KEY=(cj_\S+)")


def gone(printed: str, place: Path) -> bool:
    """Tell whether neither the service nor a directory of a demo is left."""
    [url] = URL.findall(printed)
    try:
        httpx.get(f"{url}/healthz", trust_env=False)
    except httpx.ConnectError:
        return list(place.iterdir()) == []
    return False


class TestByItself:
    """With no terminal attached, or with --exit, it ends when all is shown."""

    def test_english(self, tmp_path: Path) -> None:
        """It shows a status and a timeline, an address and a key, and ends with status 0."""
        port = str(free_port())
        ran = journey("demo", "--port", port, TMPDIR=str(tmp_path), COLUMNS="80")

        assert ran.returncode == 0, ran.stderr
        assert ran.stderr == ""
        for text in (
            "events of 40 invented customers are in the log",
            "Application SIM",
            "responsible",
            "✔  Submit the application",
            "Journey of SIM",
            "what happened",
            f"The service answers at http://127.0.0.1:{port}.",
            "export JOURNEY_KEY=cj_",
        ):
            assert text in ran.stdout
        # Whatever day it is, the application is under review, with several steps behind it.
        under_way = "|".join(CASE_STATES["application", state].en for state in ("in_review", "supplementing"))
        assert re.search(rf"^Application \S+ · [^·]+ · ({under_way}) · ", ran.stdout, re.MULTILINE)
        assert ran.stdout.count("✔") >= 3
        assert ran.stdout.count("▶") == 1
        assert gone(ran.stdout, tmp_path)

    def test_chinese(self, tmp_path: Path) -> None:
        """In Chinese everything that is shown is Chinese; the data stays where it was asked to."""
        data = tmp_path / "kept"
        (tmp_path / "tmp").mkdir()
        options = ("--exit", "--port", "0", "--data", str(data), "--customers", "30", "--seed", "3")
        ran = journey("demo", *options, TMPDIR=str(tmp_path / "tmp"), JOURNEY_LANGUAGE="zh")

        assert ran.returncode == 0, ran.stderr
        texts = "已写入 30 位虚构客户的|申请 SIM|负责方|✔  提交申请|客户旅程：SIM|渠道|服务地址："
        for text in texts.split("|"):
            assert text in ran.stdout
        for text in ("responsible", "Journey of", "Application SIM"):
            assert text not in ran.stdout
        assert gone(ran.stdout, tmp_path / "tmp")
        assert (data / "log.db").exists()


def _heed_ctrl_c() -> None:
    """Heed Ctrl-C, as what runs in a terminal does, though the tests may run where nobody can press it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A demo in a terminal of 80 columns, which goes on serving."""

    def __init__(self, place: Path) -> None:
        self._own, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
        environment = surroundings(TMPDIR=str(place), TERM="xterm")
        environment.pop("COLUMNS", None)
        self.process = subprocess.Popen(
            command("demo", "--port", "0"),
            env=environment,
            stdin=its,
            stdout=its,
            stderr=subprocess.PIPE,
            preexec_fn=_heed_ctrl_c,  # noqa: PLW1509  # no thread runs beside it here
        )
        os.close(its)
        self.printed = ""

    def read_until(self, text: str) -> None:
        """Read what it prints until a text appears."""
        deadline, raw = time.monotonic() + SECONDS, b""
        while text.encode() not in raw:
            assert time.monotonic() < deadline, raw.decode()
            if select.select([self._own], [], [], 1)[0]:
                raw += os.read(self._own, 65536)
        self.printed += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw.decode()).replace("\r\n", "\n")

    def close(self) -> None:
        """Close the terminal, and end what is left."""
        if self.process.poll() is None:
            self.process.kill()
        assert self.process.stderr is not None
        self.process.stderr.close()
        os.close(self._own)


@contextmanager
def in_terminal(place: Path) -> Iterator[Terminal]:
    """Run a demo in a terminal."""
    terminal = Terminal(place)
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_in_a_terminal_it_serves_until_it_is_ended(tmp_path: Path, how: signal.Signals) -> None:
    """It fits 80 columns, answers with the key that it printed, and ends cleanly."""
    with in_terminal(tmp_path) as terminal:
        terminal.read_until("Ctrl-C ends it.")
        [url], [key] = URL.findall(terminal.printed), KEY.findall(terminal.printed)
        access = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{url}/v1/applications", headers=access, trust_env=False).status_code == 200
        assert list(tmp_path.iterdir()) != []

        terminal.process.send_signal(how)

        assert terminal.process.wait(20) == 0
        assert gone(terminal.printed, tmp_path)
    tables, _, _ = terminal.printed.partition("The service answers")
    assert "…" not in tables
    assert max(map(cell_len, tables.splitlines())) <= 80


def test_killed_while_it_starts(tmp_path: Path) -> None:
    """A signal before anything is shown leaves nothing either."""
    process = subprocess.Popen(
        command("demo", "--exit", "--port", "0"),
        env=surroundings(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        deadline = time.monotonic() + SECONDS
        while not list(tmp_path.glob("*/data/lock")):
            assert time.monotonic() < deadline
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.wait(20)

    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []
