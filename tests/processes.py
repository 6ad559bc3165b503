"""The service as a process of its own, to be ended in any way."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

import httpx

from api.cli.key_stores import opened_keys
from api.keys import Scope
from journey.settings import Settings
from journey.storage import storage_of

START_SECONDS = 60.0
END_SECONDS = 900.0
"""Only what hangs is ended: a whole log is imported in minutes, in more of them where others work beside."""
BELOW_CHOSEN = range(20_000, 32_000)
"""Ports that no system gives to outgoing connections: tests that run beside open many."""


def place(settings: Settings) -> list[str]:
    """Return the options of the command line that name the databases."""
    if settings.database is not None:
        return ["--database", settings.database]
    return ["--data", str(settings.data)]


def _keys(settings: Settings) -> list[str]:
    """Return the options that name the keys of personal data."""
    return ["--key-directory", str(settings.key_directory)] if settings.key_directory else []


def command(*arguments: str) -> list[str]:
    """Return the command line as a process is started with it."""
    return [sys.executable, "-m", "api.cli", *arguments]


def surroundings(**environment: str) -> dict[str, str]:
    """Return an environment that tells the service nothing but `environment`; it speaks English."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("JOURNEY_")}
    return {**others, "JOURNEY_LANGUAGE": "en", **environment}


def journey(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        command(*arguments),
        env=surroundings(**environment),
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def new_key(settings: Settings, *scopes: Scope) -> str:
    """Make a key as the command line does: the service need not run, and may."""
    with opened_keys(storage_of(settings)) as keys:
        return keys.create(scopes, datetime.now(UTC))


@dataclass
class Server:
    """One process that serves."""

    url: str
    process: subprocess.Popen[bytes]

    def client(self, key: str) -> httpx.Client:
        """Return a client with a key."""
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def kill(self) -> None:
        """End it without any warning, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    """Return a port that nobody has, and that nobody gets who lets the system choose one in the meantime."""
    while True:
        port = BELOW_CHOSEN.start + secrets.randbelow(len(BELOW_CHOSEN))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def server(
    settings: Settings,
    options: Sequence[str] = (),
    messages: int | IO[bytes] = subprocess.DEVNULL,
    **environment: str,
) -> Iterator[Server]:
    """Serve in a process until the block ends; what it says goes to `messages`."""
    port = free_port()
    process = subprocess.Popen(
        command("serve", *place(settings), *_keys(settings), "--port", str(port), *options),
        env=surroundings(**environment),
        stderr=messages,
        stdin=subprocess.DEVNULL,
    )
    running = Server(f"http://127.0.0.1:{port}", process)
    try:
        deadline = time.monotonic() + START_SECONDS
        # One client for all attempts: to make one takes longer than to ask.
        with httpx.Client(trust_env=False) as asking:
            while True:
                assert process.poll() is None, "the service ended"
                assert time.monotonic() < deadline, "the service does not start"
                with suppress(httpx.TransportError):
                    if asking.get(f"{running.url}/healthz").is_success:
                        break
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)
