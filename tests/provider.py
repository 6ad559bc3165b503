"""An identity provider for tests: it signs tokens, and tells its public keys in a file or over HTTP."""

import http.server
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from joserfc.jwk import ECKey, KeyParameters, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact

ISSUER, AUDIENCE, TENANT = "https://id.example", "journey", "main"
Key = RSAKey | ECKey | OKPKey


class _AnyAlgorithm(JWSRegistry):
    """Signs in every way, also in those that no service should take."""

    def get_alg(self, name: str) -> Any:
        """Return an algorithm of the library without its warnings."""
        return self.algorithms[name]


@cache
def key(name: str) -> Key:
    """Return the key pair of a name that begins with its kind: `rsa`, `ec`, `ed`, or `small` (RSA)."""
    kind = name.partition("-")[0]
    parameters: KeyParameters = {"kid": name}
    if kind == "small":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # so small a key is what is wanted
            return RSAKey.generate_key(1024, parameters)
    if kind == "ec":
        return ECKey.generate_key("P-256", parameters)
    if kind == "ed":
        return OKPKey.generate_key("Ed25519", parameters)
    return RSAKey.generate_key(2048, parameters)


def key_set(*names: str, **more: Any) -> bytes:
    """Return what the provider tells of these keys."""
    return orjson.dumps({"keys": [{**key(name).as_dict(private=False), **more} for name in names]})


def signed(payload: bytes | dict[str, Any], header: dict[str, Any], with_key: Key) -> str:
    """Return a token with exactly this payload and header."""
    body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    return serialize_compact(header, body, with_key, registry=_AnyAlgorithm(strict_check_header=False))


def claims(*scopes: str, sub: str = "customer-1", **more: Any) -> dict[str, Any]:
    """Return what a good token says; a claim that is None is left out."""
    told = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "tenant": TENANT,
        "sub": sub,
        "exp": int(time.time()) + 600,
        "scope": " ".join(scopes) or None,
        **more,
    }
    return {name: value for name, value in told.items() if value is not None}


def token(*scopes: str, name: str = "rsa", algorithm: str = "RS256", **more: Any) -> str:
    """Return a token of the provider, good but for what is said otherwise."""
    return signed(claims(*scopes, **more), {"alg": algorithm, "kid": name}, key(name))


def trusting(directory: Path, *names: str) -> dict[str, Any]:
    """Return settings that trust the provider, whose keys stand in a file."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "keys.json"
    file.write_bytes(key_set(*(names or ("rsa",))))
    return {"token_issuer": ISSUER, "token_audience": AUDIENCE, "token_keys": str(file)}


@dataclass
class KeyServer:
    """What an address tells of keys, and how often it was asked."""

    url: str = ""
    body: bytes = field(default_factory=lambda: key_set("rsa"))
    status: int = 200
    asked: int = 0


@contextmanager
def telling_keys() -> Iterator[KeyServer]:
    """Tell keys over HTTP until the block ends."""
    told = KeyServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        """Answers every question with what there is to tell."""

        def do_GET(self) -> None:  # the library's word
            """Answer."""
            told.asked += 1
            self.send_response(told.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's word
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}/keys"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
