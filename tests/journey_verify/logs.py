"""Small logs at random, as the service leaves them, and the program's answers about them."""

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from journey.settings import Settings
from journey_verify.commands import run
from tests.databases import migrated_settings
from tests.journey.proof.growing import Proven, proven

CHANNELS = 3


@contextmanager
def log_at_random(kind: str, directory: Path, seed: int) -> Iterator[Proven]:
    """Give a log of a few dozen events in batches of any size, all signed."""
    rng = random.Random(seed)  # noqa: S311  # nothing secret
    with (
        migrated_settings(kind, directory / "data") as settings,
        proven(settings, directory / "keys", page_events=rng.choice([7, 16, 300])) as made,
    ):
        for _ in range(rng.randint(2, 5)):
            made.grow(rng.randint(1, 16), streams=rng.randint(1, 5))
            made.integrator.catch_up()
        yield made


def place(settings: Settings) -> str:
    """Return how the program is told where a log lies."""
    return settings.database or str(settings.data)


def verify(made: Proven, *arguments: str, key: str | None = None) -> tuple[int, str]:
    """Run the program with the log's key pinned; return its status and what it says."""
    out, err = io.StringIO(), io.StringIO()
    pinned = key or str(made.signer.verifier)
    status = run([*arguments, "--key", pinned, "--language", "en"], out, err)
    return status, out.getvalue() + err.getvalue()


def full(made: Proven, *further: str) -> tuple[int, str]:
    """Check all of a log."""
    return verify(made, "full", place(made.settings), *further)
