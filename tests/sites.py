"""The service behind real HTTP, in a thread of the test process."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn

from api.app import create_app
from api.cli.known_heads import KnownHeads
from api.cli.listening import protocol_of
from api.cli.patience import Patience
from api.keys import SCOPES, KeyStore, Scope
from api.service import Service
from journey.journey import LifecycleMode
from journey.settings import Settings

_TLS = ssl.create_default_context()
"""Made once: nothing here is encrypted, and to load the certificates for each client takes long."""


@dataclass
class Site:
    """One running service and the way to it."""

    url: str
    service: Service
    clients: list[httpx.Client] = field(default_factory=list)

    def client(
        self, *scopes: Scope, source: str | None = None, lifecycle: LifecycleMode = "strict", **headers: str
    ) -> httpx.Client:
        """Return a client with a key of its own; with every scope where none is named."""
        store: KeyStore = self.service.keys
        key = store.create(scopes or SCOPES, datetime.now(UTC), source=source, lifecycle=lifecycle)
        client = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}", **headers},
            timeout=30,
            trust_env=False,
            verify=_TLS,
        )
        self.clients.append(client)
        return client

    def anonymous(self) -> httpx.Client:
        """Return a client without a key."""
        client = httpx.Client(base_url=self.url, timeout=30, trust_env=False, verify=_TLS)
        self.clients.append(client)
        return client

    def caught_up(self) -> int:
        """Wait until every projection shows the whole log; return its last position."""
        head = self.service.log.head()
        deadline = time.monotonic() + 30
        client = self.client("ops:admin")
        while any(item["position"] < head for item in client.get("/v1/projections").json()["items"]):
            assert time.monotonic() < deadline, "the projections do not catch up"
            self.service.log.wait_for_append(head, 0.02)
        return head


@contextmanager
def serving(settings: Settings, **further: Any) -> Iterator[Site]:
    """Serve on a free port until the block ends."""
    app = create_app(settings, **further)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=protocol_of(
            app, Patience(seconds=30, connections=1_000, connections_per_address=0), KnownHeads()
        ),
        log_level="error",
        timeout_graceful_shutdown=1,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        assert time.monotonic() < deadline, "the service does not start"
        thread.join(0.01)
    site = Site(f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.service)
    while "project" in settings.roles and not httpx.get(f"{site.url}/readyz", trust_env=False).is_success:
        assert time.monotonic() < deadline, "the projections do not start"
        thread.join(0.01)
    try:
        yield site
    finally:
        for client in site.clients:
            client.close()
        server.should_exit = True
        thread.join(20)
        listener.close()
