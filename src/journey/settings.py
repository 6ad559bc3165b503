"""What an operator may set, read once: from the environment (`JOURNEY_…`) and the command line."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Role = Literal["api", "project"]


class Settings(BaseSettings):
    """Every setting of the service; sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="JOURNEY_", extra="ignore", frozen=True)

    data: Path | None = None
    """Directory of the embedded databases; exclusive with `database`."""
    database: str | None = None
    """URL of a PostgreSQL database; exclusive with `data`."""
    roles: frozenset[Role] = frozenset({"api", "project"})
    """What this process does: answer requests, keep projections."""
    key_directory: Path | None = None
    """Directory of the keys that wrap those of personal data; with `data`, beside it by default."""
    sealing: Literal["aes-256-gcm", "sm4-gcm"] = "aes-256-gcm"
    """How personal data is sealed from now on."""
    tenant: str = Field(default="main", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """The legal entity whose customers these are."""
    definitions: Path | None = None
    """Directory with the institution's own process definitions."""

    max_event_bytes: int = 64 * 1024
    max_batch_bytes: int = 8 * 1024 * 1024
    max_batch_events: int = 10_000
    max_depth: int = 32
    """How deeply an event's JSON may be nested."""
    future_tolerance: float = 300.0
    """How far in the future an event may have happened, for clocks that are ahead."""

    queue_events: int = 20_000
    """How many events may wait for the writer."""
    group_events: int = 2_000
    """How many events one commit may hold."""
    cached_journeys: int = 20_000
    """How many customers' journeys the writer keeps in memory."""
    lock_timeout: float = 3.0
    """How long an append waits for another writer on PostgreSQL."""

    page_events: int = Field(default=2_000, ge=1)
    """How many events a projection handles in one transaction."""
    load_events: int = Field(default=20_000, ge=1)
    """From how many events on a new build is loaded customer by customer."""
    load_processes: int | None = Field(default=None, ge=1)
    """How many processes load a build on PostgreSQL; None for one per processor."""
    poll_interval: float = 0.25
    """How long a projection sleeps when nobody tells it of new events."""
    ready_max_lag: float = 300.0
    """Above this lag of a projection the service says that it is not ready."""
    max_wait: float = 60.0
    """The longest that a reader may wait for news or for its own write."""

    max_requests_per_second: float | None = Field(default=None, gt=0)
    """How many requests one key may make to this process in a second; None sets no limit."""

    @model_validator(mode="after")
    def _one_place(self) -> "Settings":
        if (self.data is None) == (self.database is None):
            raise ValueError("name either a data directory (--data) or a PostgreSQL database (--database)")
        return self
