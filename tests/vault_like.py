"""A server that answers as the documented API of Vault's transit engine does; it is not Vault.

Keys are made, listed, configured and deleted, and an HMAC is made with them, over real HTTP.
"""

import base64
import hmac
import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "hvs.CAESIJ-a-token-of-the-tests"  # of a server that the tests start
_KEY = re.compile(r"/v1/transit/keys/([\w-]+)(/config)?")
_HMAC = re.compile(r"/v1/transit/hmac/([\w-]+)/sha2-256")


@dataclass
class Vault:
    """What the server holds, and how it behaves."""

    url: str = ""
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    token: str = TOKEN
    failing: tuple[int, bytes] | None = None
    """What it answers to everything, where it shall fail."""
    silent: threading.Event | None = None
    """Where set, it says nothing until that is over."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, method: str, path: str, token: str | None, body: dict[str, Any]) -> tuple[int, Any]:
        """Return the status and the body of an answer."""
        if token != self.token:
            return 403, {"errors": ["permission denied"]}
        if path == "/v1/transit/keys?list=true" and method == "GET":
            names = sorted(self.keys)
            return (200, {"data": {"keys": names}}) if names else (404, {"errors": []})
        if (named := _KEY.fullmatch(path)) is not None:
            return self._of_key(method, named[1], body, config=named[2] is not None)
        if (named := _HMAC.fullmatch(path)) is not None and method == "POST":
            if named[1] not in self.keys:
                return 400, {"errors": ["encryption key not found"]}
            key = self.keys[named[1]]["versions"][body.get("key_version", 0) - 1]
            made = hmac.digest(key, base64.b64decode(body["input"]), "sha256")
            return 200, {"data": {"hmac": f"vault:v1:{base64.b64encode(made).decode()}"}}
        return 404, {"errors": ["no handler for route"]}

    def rotate(self, name: str) -> None:
        """Give a key another version, as an operator may."""
        self.keys[name]["versions"].append(secrets.token_bytes(32))

    def _of_key(self, method: str, name: str, body: dict[str, Any], *, config: bool) -> tuple[int, Any]:
        if method == "POST" and not config:
            new = {"versions": [secrets.token_bytes(32)], "deletion_allowed": False, "type": body["type"]}
            self.keys.setdefault(name, new)
            return 200, {"data": {"name": name}, "warnings": ["key already existed"]}
        if name not in self.keys:
            return 400, {"errors": [f"no existing key named {name} could be found"]}
        if method == "POST":
            self.keys[name] |= body
            return 200, {"data": {"name": name}}
        if not self.keys[name]["deletion_allowed"]:
            return 400, {"errors": ["deletion is not allowed for this key"]}
        del self.keys[name]
        return 204, None


@contextmanager
def vault_like(directory: Path) -> Iterator[Vault]:
    """Run the server until the block ends; the token lies in a file of the directory."""
    vault = Vault()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            read = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            vault.asked.append((self.command, self.path))
            if vault.silent is not None:
                vault.silent.wait(30)
                return
            if vault.failing is not None:
                status, written = vault.failing
            else:
                body = json.loads(read) if read else {}
                status, told = vault.answer(self.command, self.path, self.headers["X-Vault-Token"], body)
                written = b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815  # names of the library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    vault.url = f"http://127.0.0.1:{server.server_port}"
    token_file(directory).write_text(vault.token + "\n")
    token_file(directory).chmod(0o400)
    try:
        yield vault
    finally:
        if vault.silent is not None:
            vault.silent.set()
        server.shutdown()
        server.server_close()
        thread.join()


def token_file(directory: Path) -> Path:
    """Name the file with the token."""
    return directory / "vault.token"
