"""Tokens of the identity provider: good ones are taken, each kind of bad one is refused for its reason."""

import asyncio
import base64
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc.jwk import RSAKey
from pydantic import ValidationError

from api.caller import Caller
from api.heads import Shown
from api.problems import Problem
from api.token_refusals import Reason
from api.tokens import Tokens, tokens_of
from journey.settings import Settings
from tests.provider import ISSUER, claims, key, key_set, signed, token, trusting

KEYS = ("rsa", "ec", "ed")


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def checking(directory: Path, now: Any = utc_now, **further: Any) -> Tokens:
    """Return what checks tokens for a service that trusts the provider."""
    tokens = tokens_of(Settings(data=directory, **{**trusting(directory, *KEYS), **further}), now)
    assert tokens is not None
    return tokens


def caller(tokens: Tokens, shown: str) -> Caller:
    """Return who shows a token."""
    return asyncio.run(tokens.caller(Shown(shown)))


def reason(tokens: Tokens, shown: str) -> Reason:
    """Return why a token is refused."""
    with pytest.raises(Problem) as raised:
        caller(tokens, shown)
    problem = raised.value
    told: Reason = problem.extra["reason"]
    assert problem.code == "unauthorized"
    assert 'error="invalid_token"' in problem.headers["WWW-Authenticate"]
    assert not any(len(part) > 8 and part in str(problem.detail) for part in shown.split("."))
    assert tokens.remembered(Shown(shown)) is None
    return told


def part(value: Any) -> str:
    """Write one part of a token."""
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


class TestGood:
    @pytest.mark.parametrize(
        ("name", "algorithm"),
        [("rsa", "RS256"), ("rsa", "PS256"), ("ec", "ES256"), ("ed", "EdDSA"), ("ed", "Ed25519")],
    )
    def test_each_way_of_signing(self, tmp_path: Path, name: str, algorithm: str) -> None:
        """Whoever signs with a key of the provider, in a way that the service takes, is known."""
        shown = token("journeys:read", name=name, algorithm=algorithm, sub="li.na")
        tokens = checking(tmp_path)
        assert tokens.remembered(Shown(shown)) is None

        known = caller(tokens, shown)

        assert known == Caller("token:li.na", frozenset({"journeys:read"}))
        assert tokens.remembered(Shown(shown)) == known

    @pytest.mark.parametrize(
        "told",
        [
            {"scope": "status:read cases:work"},
            {"scp": "status:read cases:work"},
            {"scp": ["status:read", "cases:work", "other"]},
            {"scope": "status:read", "scp": ["cases:work"], "aud": ["other", "journey"]},
        ],
    )
    def test_scopes_as_providers_write_them(self, tmp_path: Path, told: dict[str, Any]) -> None:
        """As one text or as a list; what this service does not know is left out."""
        assert caller(checking(tmp_path), token(**told)).scopes == {"status:read", "cases:work"}

    @pytest.mark.parametrize(
        ("scopes", "subject"),
        [
            (["status:read"], "customer-1"),
            (["status:read", "events:write"], "customer-1"),
            (["status:read", "cases:work"], None),
            (["status:read", "ops:admin"], None),
            (["journeys:read"], None),
            (["events:write"], None),
        ],
    )
    def test_who_is_a_customer(self, tmp_path: Path, scopes: list[str], subject: str | None) -> None:
        """Whoever may read statuses and has no right of staff reads their own alone."""
        known = caller(checking(tmp_path), token(*scopes, source="/channels/app"))

        assert known.subject == subject
        assert known.source == "/channels/app"


class TestClaims:
    @pytest.mark.parametrize(
        ("told", "expected"),
        [
            ({"iss": "https://id.example.evil"}, "issuer"),
            ({"iss": ISSUER + "/"}, "issuer"),
            ({"aud": "journey2"}, "audience"),
            ({"aud": ["other"]}, "audience"),
            ({"aud": []}, "audience"),
            ({"tenant": "other"}, "tenant"),
            ({"tenant": "Main"}, "tenant"),
            ({"exp": 1}, "expired"),
            ({"nbf": 4e9}, "not-yet-valid"),
            ({"scope": "events:write"}, "source"),
            *(({name: None}, "claims") for name in ("iss", "aud", "tenant", "exp", "sub")),
            ({"exp": "4000000000"}, "claims"),
            ({"exp": True}, "claims"),
            ({"nbf": "0"}, "claims"),
            ({"sub": ""}, "claims"),
            ({"sub": 7}, "claims"),
            ({"tenant": ["main"]}, "claims"),
            ({"scope": ["status:read"]}, "claims"),
        ],
    )
    def test_one_that_is_wrong(self, tmp_path: Path, told: dict[str, Any], expected: Reason) -> None:
        """Wrong, of the wrong type, or absent."""
        assert reason(checking(tmp_path), token(**{"scope": "status:read", **told})) == expected

    @pytest.mark.parametrize("exp", ["1e400", "NaN", "Infinity", "1" * 5000])
    def test_an_end_that_never_comes(self, tmp_path: Path, exp: str) -> None:
        """No number outlives the calendar."""
        payload = orjson.dumps(claims("status:read", exp=1)).replace(b'"exp":1', f'"exp":{exp}'.encode())
        shown = signed(payload, {"alg": "RS256", "kid": "rsa"}, key("rsa"))

        assert reason(checking(tmp_path), shown) == "claims"

    @pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 5000])
    def test_no_claims(self, tmp_path: Path, payload: bytes) -> None:
        """A signature under anything else says nothing."""
        shown = signed(payload, {"alg": "RS256", "kid": "rsa"}, key("rsa"))

        assert reason(checking(tmp_path), shown) == "claims"

    def test_it_ends_with_the_leeway_and_not_later(self, tmp_path: Path) -> None:
        """Also where it is remembered, and where the clock is set back and forth."""
        start = datetime(2026, 11, 20, tzinfo=UTC)
        now = [start]
        tokens = checking(tmp_path, lambda: now[0], token_leeway=60.0)
        shown = token("status:read", exp=start.timestamp() + 100, nbf=start.timestamp() + 60)
        assert caller(tokens, shown).subject == "customer-1"

        now[0] = start + timedelta(seconds=159)
        assert tokens.remembered(Shown(shown)) is not None
        now[0] = start + timedelta(seconds=160)
        assert tokens.remembered(Shown(shown)) is None
        assert reason(tokens, shown) == "expired"
        now[0] = start - timedelta(seconds=1)
        assert reason(checking(tmp_path, lambda: now[0], token_leeway=60.0), shown) == "not-yet-valid"


class TestAttacks:
    @pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "HS256", "HS512", "RS512", "", "dir"])
    def test_another_algorithm(self, tmp_path: Path, algorithm: str) -> None:
        """None at all, one with a shared secret, one that is not configured."""
        shown = f"{part({'alg': algorithm, 'kid': 'rsa'})}.{part(claims('status:read'))}."
        assert reason(checking(tmp_path), shown) == "algorithm"
        assert reason(checking(tmp_path), shown + "AAAA") == "algorithm"

    def test_the_public_key_as_a_secret(self, tmp_path: Path) -> None:
        """What everybody knows proves nothing, in whichever form it is used."""
        public = key("rsa").as_dict(private=False)
        pem = RSAKey.import_key(public).as_pem(private=False)
        for secret in (pem, pem.strip(), orjson.dumps(public), str(public["n"]).encode()):
            body = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(claims('status:read'))}"
            made = base64.urlsafe_b64encode(hmac.digest(secret, body.encode(), "sha256")).rstrip(b"=")

            assert reason(checking(tmp_path), f"{body}.{made.decode()}") == "algorithm"

    @pytest.mark.parametrize(("name", "algorithm"), [("rsa", "ES256"), ("ec", "RS256"), ("rsa", "EdDSA")])
    def test_an_algorithm_of_another_kind_of_key(self, tmp_path: Path, name: str, algorithm: str) -> None:
        """The key decides which algorithms are possible, not the token."""
        good = token("status:read", name=name, algorithm={"rsa": "RS256", "ec": "ES256"}[name])
        _, payload, signature = good.split(".")
        shown = f"{part({'alg': algorithm, 'kid': name})}.{payload}.{signature}"

        assert reason(checking(tmp_path), shown) == "algorithm"

    def test_an_algorithm_that_the_key_is_not_for(self, tmp_path: Path) -> None:
        """Where the provider says what a key is for, that is what it is for."""
        settings = trusting(tmp_path)
        Path(settings["token_keys"]).write_bytes(key_set("rsa", alg="PS256"))
        tokens = tokens_of(Settings(data=tmp_path, **settings), utc_now)
        assert tokens is not None

        assert reason(tokens, token("status:read")) == "algorithm"
        assert caller(tokens, token("status:read", algorithm="PS256")).subject

    def test_an_algorithm_that_is_not_configured(self, tmp_path: Path) -> None:
        """The operator decides which ways of signing are taken."""
        tokens = checking(tmp_path, token_algorithms=frozenset({"ES256"}))

        assert reason(tokens, token("status:read")) == "algorithm"

    @pytest.mark.parametrize(
        "more",
        [
            {"jku": "http://127.0.0.1:1/keys"},
            {"x5u": "http://127.0.0.1:1/keys"},
            {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
            {"x5c": ["MIIB"]},
            {"crit": ["exp"]},
            {"b64": False, "crit": ["b64"]},
            {"typ": 7},
            {"kid": ["rsa"]},
            {"kid": None},
            {"kid": ""},
        ],
    )
    def test_a_header_that_brings_keys_or_conditions(self, tmp_path: Path, more: dict[str, Any]) -> None:
        """A token names a key that is known, and says nothing else of how it is to be checked."""
        header = {"alg": "RS256", "kid": "rsa", **more}
        shown = f"{part(header)}.{part(claims('status:read'))}.AAAA"

        assert reason(checking(tmp_path), shown) == "malformed"

    @pytest.mark.parametrize("kid", ["../../dev/null", "' OR 1=1 --", "http://127.0.0.1:1/x", "rsa\0", "RSA"])
    def test_a_key_that_is_not_known(self, tmp_path: Path, kid: str) -> None:
        """The name of a key is compared, and used for nothing else."""
        shown = signed(claims("status:read"), {"alg": "RS256", "kid": kid}, key("rsa"))

        assert reason(checking(tmp_path), shown) == "unknown-key"

    @pytest.mark.parametrize("kind", ["secevent+jwt", "dpop+jwt", "JOSE"])
    def test_a_token_of_another_kind(self, tmp_path: Path, kind: str) -> None:
        """What the provider signs for another purpose is no access token."""
        shown = signed(claims("status:read"), {"alg": "RS256", "kid": "rsa", "typ": kind}, key("rsa"))

        assert reason(checking(tmp_path), shown) == "malformed"

    def test_a_changed_token(self, tmp_path: Path) -> None:
        """Other claims under the same signature, another signature, a key of the same name."""
        tokens = checking(tmp_path)
        head, _, signature = token("status:read").split(".")
        forged = signed(claims("ops:admin"), {"alg": "RS256", "kid": "rsa"}, key("rsa-of-somebody"))

        assert reason(tokens, f"{head}.{part(claims('ops:admin'))}.{signature}") == "signature"
        assert reason(tokens, f"{head}.{part(claims('status:read'))}.") == "signature"
        assert reason(tokens, forged) == "signature"

    @pytest.mark.parametrize(
        "shown", ["x", "a.b", "a.b.c", "..", "a.b.c.d", "é.é.é", "e30.e30.e30", "x" * 1_000_000]
    )
    def test_no_token(self, tmp_path: Path, shown: str) -> None:
        """Whatever it is, it is refused without a fault."""
        assert reason(checking(tmp_path), shown) == "malformed"


class TestSettings:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"token_keys": "http://id.example/keys"},
            {"token_keys": "ftp://id.example/keys"},
            {"token_keys": "https://user:password@id.example/keys"},
            {"token_keys": "http://127.0.0.1.evil.example/keys"},
            {"token_keys": "https:///keys"},
            {"token_leeway": 61},
            {"token_algorithms": ["HS256"]},
            {"token_algorithms": ["none"]},
            {"token_algorithms": []},
            {"token_issuer": None},
            {"token_audience": None},
        ],
    )
    def test_what_would_not_be_safe(self, tmp_path: Path, wrong: dict[str, Any]) -> None:
        """Keys over an open line, a shared secret, half a provider: the service does not start."""
        with pytest.raises(ValidationError):
            Settings(data=tmp_path, **{**trusting(tmp_path), **wrong})

    def test_no_provider(self, tmp_path: Path) -> None:
        """Then no token is taken."""
        assert tokens_of(Settings(data=tmp_path), utc_now) is None
