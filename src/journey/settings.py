"""What an operator may set, read once: from the environment (`JOURNEY_…`) and the command line."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from journey.secret_files import is_sample, read_secret
from journey.words import Words

Role = Literal["api", "project", "react"]
TokenAlgorithm = Literal["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""Only signatures whose checker could not make them: never a shared secret, never none."""

_TWO_PASSWORDS = Words(
    "the password of the database stands in its URL and in database_password_file: name one of them",
    "数据库密码同时出现在地址和 database_password_file 中，请只保留一处",
)
_SAMPLE_PASSWORD = Words(
    "the password of the database is one that everybody guesses first: choose another, "
    "for example from openssl rand -hex 24",
    "数据库密码是极易猜到的示例密码，请更换，可用 openssl rand -hex 24 生成",
)
_PLAIN_VAULT = Words(
    "vault_address must be an https address; http is taken on this machine only",
    "vault_address 须为 https 地址，仅本机可用 http",
)
_NO_TOKEN_FILE = Words(
    "vault_address needs vault_token_file, a file with the token that only this service can read",
    "设置 vault_address 时须同时设置 vault_token_file：存放令牌、仅本服务可读的文件",
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Settings(BaseSettings):
    """Every setting of the service; sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="JOURNEY_", extra="ignore", frozen=True)

    data: Path | None = None
    """Directory of the embedded databases; exclusive with `database`."""
    database: str | None = None
    """URL of a PostgreSQL database; exclusive with `data`."""
    database_password_file: Path | None = None
    """File with the password for the database, in place of one in its URL."""
    roles: frozenset[Role] = frozenset({"api", "project"})
    """What this process does: answer requests, keep projections, let cases move by themselves."""
    key_directory: Path | None = None
    """Directory of the keys that wrap those of personal data; with `data`, beside it by default."""
    vault_address: str | None = None
    """Where HashiCorp Vault or OpenBao answers, whose transit engine then keeps the keys of epochs."""
    vault_token_file: Path | None = None
    """File with the token for it; it is read again with each request."""
    vault_mount: str = "transit"
    """Where the engine is mounted."""
    vault_keys: str = Field(default="journey-epoch", pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")
    """What the names of the keys in the engine begin with: another for each deployment that shares it."""
    vault_namespace: str | None = None
    """The namespace of the engine, where there are any."""
    vault_ca_file: Path | None = None
    """File with the authority that its certificate is checked by, in place of those of the machine."""
    sealing: Literal["aes-256-gcm", "sm4-gcm"] = "aes-256-gcm"
    """How personal data is sealed from now on."""
    phone_country: str = Field(default="86", pattern=r"^[1-9]\d{0,2}$")
    """The calling code of phone numbers that are written without one, so that searches find them."""
    bulk_reading_customers: int = Field(default=200, ge=0)
    """Of how many customers one caller may open personal data in an hour before it is told as unusual; 0 sets
    no limit."""
    definitions: Path | None = None
    """Directory with the institution's own process definitions."""
    rule_set: str = "plain"
    """The rule set that the time limits of new complaints go by, such as `cn`, `uk`, `us` or `tw`."""
    rule_sets: Path | None = None
    """Directory with the institution's own rule sets."""
    policies: Path | None = None
    """File with the institution's own arrangements for policies."""
    retention: Path | None = None
    """Directory with the institution's own schedules of retention."""
    jurisdiction: str = "CN"
    """Whose schedule of retention holds where a request for erasure names none."""
    erasure_epoch_hours: float = Field(default=24.0, ge=0)
    """How long erasures share the end of an epoch: then no back-up of the keys brings anything back."""

    max_event_bytes: int = 64 * 1024
    max_batch_bytes: int = 8 * 1024 * 1024
    max_batch_events: int = 10_000
    max_depth: int = 32
    """How deeply an event's JSON may be nested."""
    future_tolerance: float = 300.0
    """How far in the future an event may have happened, for clocks that are ahead."""

    client_timeout: float = Field(default=10.0, gt=0)
    """How long a client may take for the head of a request, or move next to nothing of a body or answer."""
    max_bodies_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024)
    """How much of batches a process holds at once while they come; an eighth of it is parsed at once."""
    max_connections: int = Field(default=4_000, ge=1)
    """How many connections a process may have open."""
    max_connections_per_address: int = Field(default=0, ge=0)
    """How many connections one address may have open to a process; 0 sets no limit."""

    queue_events: int = 20_000
    """How many events may wait for the writer."""
    group_events: int = 2_000
    """How many events one commit may hold."""
    writer_directory: Path | None = None
    """Directory in which processes of this machine that answer requests agree on the one that writes; None
    lets each write by itself. Nobody else may open it."""
    cached_journeys: int = 20_000
    """How many customers' journeys the writer keeps in memory."""
    lock_timeout: float = 3.0
    """How long an append waits for another writer on PostgreSQL."""

    page_events: int = Field(default=5_000, ge=1)
    """How many events a projection handles in one transaction."""
    pages_per_pass: int = Field(default=4, ge=1)
    """How many of these pages it goes on before it waits for the other projections, on PostgreSQL."""
    load_events: int = Field(default=20_000, ge=1)
    """From how many events on a new build is loaded customer by customer."""
    load_processes: int | None = Field(default=None, ge=1)
    """How many processes load a build on PostgreSQL; None for one per processor."""
    poll_interval: float = 0.25
    """How long a projection sleeps when nobody tells it of new events."""
    ready_max_lag: float = 300.0
    """Above this lag of a projection the service says that it is not ready."""
    max_batch_lag: float = Field(default=1.0, ge=0)
    """Above this lag of a projection batches wait a little for it, single events never; 0 lets them go on."""
    max_wait: float = 60.0
    """The longest that a reader may wait for news or for its own write."""

    proof_origin: str = Field(default="journey/log", pattern=r"^[^\s+]+$")
    """The name of the log in its checkpoints, such as `bank.example/journey`; whoever checks pins it."""
    proof_interval: float = Field(default=1.0, gt=0)
    """How long events may wait for the next signed checkpoint."""
    witness: str | None = None
    """Where the last checkpoint lies that a witness has seen, as a file or an address; a log that lacks what
    it names is not served."""
    witness_keys: str | None = None
    """The verification keys of the witnesses whose cosignatures are taken and served, joined by spaces."""

    tenant: str = Field(default="main", min_length=1)
    """The legal entity that this deployment serves; tokens of another one are refused."""
    token_issuer: str | None = None
    """The identity provider whose tokens are taken, as their claim `iss` names it; None takes none."""
    token_audience: str | None = None
    """What tokens must be meant for, as their claim `aud` names this service."""
    token_keys: str | None = None
    """Where the provider tells its public keys, as a JWK set: an address, or a file."""
    token_algorithms: frozenset[TokenAlgorithm] = frozenset({"RS256", "PS256", "ES256", "EdDSA", "Ed25519"})
    """How tokens may be signed."""
    token_leeway: float = Field(default=30.0, ge=0, le=60)
    """How far the provider's clock may be off."""
    token_keys_refresh: float = Field(default=300.0, gt=0)
    """After this time the provider's keys are looked at again."""
    token_keys_patience: float = Field(default=3_600.0, gt=0)
    """How long its last keys go on while they cannot be reached."""
    token_keys_pause: float = Field(default=10.0, ge=0)
    """The least time between two looks, however many tokens name unknown keys."""

    requests_per_second: float = Field(default=20_000.0, ge=0)
    """How many requests one key or system may make to this process in a second; 0 sets no limit."""
    request_burst: float = Field(default=40_000.0, ge=1)
    """How many requests it may make at once after a rest."""
    customer_requests_per_second: float = Field(default=20.0, ge=0)
    """The same for one customer."""
    customer_request_burst: float = Field(default=100.0, ge=1)
    """How many requests a customer may make at once after a rest."""
    failures_per_second: float = Field(default=10.0, ge=0)
    """How many requests of one address may show a wrong key or token in a second; 0 sets no limit."""

    def keys_beside(self) -> Path | None:
        """Return the directory of keys: the one that is set, or one beside the data; else None."""
        if self.key_directory is not None or self.data is None:
            return self.key_directory and self.key_directory.expanduser().resolve()
        data = self.data.expanduser().resolve()
        return data.with_name(f"{data.name}.keys")

    @model_validator(mode="after")
    def _one_place(self) -> "Settings":
        if (self.data is None) == (self.database is None):
            raise ValueError("name either a data directory (--data) or a PostgreSQL database (--database)")
        return self

    @model_validator(mode="after")
    def _safe_password(self) -> "Settings":
        url = urlsplit(self.database or "")
        if self.database_password_file is not None:
            if url.password is not None:
                raise ValueError(_TWO_PASSWORDS)
            read_secret(self.database_password_file)
        elif url.password and url.hostname not in {None, *_LOOPBACK} and is_sample(url.password):
            raise ValueError(_SAMPLE_PASSWORD)
        return self

    @model_validator(mode="after")
    def _whole_vault(self) -> "Settings":
        if self.vault_address is None:
            return self
        url = urlsplit(self.vault_address)
        if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK):
            raise ValueError(_PLAIN_VAULT)
        if self.vault_token_file is None:
            raise ValueError(_NO_TOKEN_FILE)
        read_secret(self.vault_token_file.expanduser())
        return self

    @model_validator(mode="after")
    def _whole_provider(self) -> "Settings":
        provider = (self.token_issuer, self.token_audience, self.token_keys)
        if any(provider) and not all(provider):
            raise ValueError("tokens need all three: token_issuer, token_audience and token_keys")
        if not self.token_algorithms:
            raise ValueError("token_algorithms names no algorithm")
        return self

    @field_validator("token_keys")
    @classmethod
    def _safe_place(cls, place: str | None) -> str | None:
        if place is None or "://" not in place:
            return place
        address = urlsplit(place)
        safe = address.scheme == "https" or (address.scheme == "http" and address.hostname in _LOOPBACK)
        if not safe or not address.hostname or address.username is not None:
            raise ValueError("token_keys is a file or an https address; http only on this machine")
        return place
