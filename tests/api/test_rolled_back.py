"""A service whose log lacks what a witness has seen answers nothing of it, until it is acknowledged."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from journey.proof.keys import signer_of
from journey.proof.notes import Signer
from journey.settings import Settings
from tests.api.calling import Running, running_app
from tests.databases import migrated_settings
from tests.facts import NOON, cloudevent
from tests.journey.proof.tampering import tamper
from tests.journey.writing import until


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Give settings with a witness, on a database without events."""
    further: dict[str, Any] = {
        "witness": str(tmp_path / "witness"),
        "roles": frozenset({"api"}),
    }
    with migrated_settings(request.param, tmp_path / "data", **further) as found:
        yield found


def grown(app: Running, count: int) -> str:
    """Post events, and return the checkpoint over them."""
    key = app.service.keys.create(["events:write"], NOON)
    for _ in range(count):
        assert app.call("POST /v1/events", key, cloudevent()).status == 201
    assert app.service.integrator is not None
    app.service.integrator.catch_up()
    last = app.service.log.tree.last()
    assert last is not None
    return last.note


def witnessed(settings: Settings, note: str) -> None:
    """Let the witness have seen a checkpoint."""
    assert settings.witness is not None
    Path(settings.witness).write_text(note)


def statuses(app: Running) -> list[int]:
    """Return what is answered to an append, to a question, and for a proof."""
    key = app.service.keys.create(["events:write", "journeys:read"], NOON)
    return [
        app.call("POST /v1/events", key, cloudevent()).status,
        app.call("GET /v1/events", key).status,
        app.call("GET /v1/proof/checkpoint", key).status,
    ]


def readiness(app: Running) -> str | None:
    """Return why requests cannot be served."""
    reason: str | None = app.call("GET /readyz").json().get("reason")
    return reason


def rolled_back(settings: Settings) -> None:
    """Take the log back to its first five events, as an old back-up does."""
    tamper(
        settings,
        "DELETE FROM tree_batches WHERE size > 5",
        "DELETE FROM stored_events WHERE {position} > 5",
    )


def test_a_log_that_the_witness_knows_is_served(settings: Settings) -> None:
    """Whether the witness has seen nothing yet, or less than there is."""
    with running_app(settings) as app:
        assert statuses(app) == [201, 200, 503]
        witnessed(settings, grown(app, 5))
        grown(app, 4)
        app.service.guard.check()
        assert statuses(app) == [201, 200, 200]
    with running_app(settings) as app:
        assert statuses(app) == [201, 200, 200]


def test_refused_until_it_is_acknowledged(settings: Settings) -> None:
    """A log that was rolled back is not served but for what shows it; a signed statement ends that."""
    with running_app(settings) as app:
        grown(app, 5)
        witnessed(settings, grown(app, 4))
    rolled_back(settings)
    with running_app(settings) as app:
        assert statuses(app) == [503, 503, 200]
        assert readiness(app) == "log-rolled-back"
        key = app.service.keys.create(["journeys:read"], NOON)
        refused = app.call("GET /v1/events", key, accept_language="zh-CN").json()
        assert refused["code"] == "log-rolled-back"
        assert "备份" in refused["detail"]

        signer = signer_of(settings)
        assert signer is not None
        seen = app.service.guard.acknowledge(signer, NOON)
        assert seen is not None
        assert seen.size == 9
        assert readiness(app) != "log-rolled-back"
        assert statuses(app) == [201, 200, 200]
        grown(app, 20)
        app.service.guard.check()
        assert statuses(app) == [201, 200, 200]


def test_another_history_of_the_same_length_is_refused(settings: Settings) -> None:
    """It is not the number of events that counts."""
    with running_app(settings) as app:
        grown(app, 5)
        witnessed(settings, grown(app, 4))
    rolled_back(settings)
    with running_app(settings.model_copy(update={"witness": None})) as app:
        grown(app, 10)
    with running_app(settings) as app:
        assert statuses(app) == [503, 503, 200]


def test_a_statement_that_the_key_has_not_signed_is_none(settings: Settings) -> None:
    """Whoever can write to the database cannot acknowledge."""
    with running_app(settings) as app:
        grown(app, 5)
        witnessed(settings, grown(app, 4))
    rolled_back(settings)
    other = Signer(settings.proof_origin, Ed25519PrivateKey.generate())
    with running_app(settings) as app:
        app.service.guard.acknowledge(other, NOON)
        app.service.guard.check()
        assert statuses(app) == [503, 503, 200]


def test_a_log_that_lost_what_its_own_tree_holds_is_refused(settings: Settings) -> None:
    """Also without a witness; and nobody can acknowledge it, because no back-up looks like that."""
    with running_app(settings) as app:
        grown(app, 9)
    tamper(settings, "DELETE FROM stored_events WHERE {position} > 7")
    with running_app(settings.model_copy(update={"witness": None})) as app:
        assert statuses(app) == [503, 503, 200]


def test_a_witness_that_cannot_be_asked_changes_nothing(settings: Settings) -> None:
    """Whoever runs the service is told, and customers are served."""
    for witness in ("no note", "another/log\n9\n" + "A" * 43 + "=\n\n"):
        witnessed(settings, witness)
        with running_app(settings) as app:
            assert statuses(app)[:2] == [201, 200]


def test_who_runs_the_service_is_told_that_nothing_is_signed(settings: Settings) -> None:
    """An event that is not what was appended keeps the tree from growing, and no other customer."""
    with running_app(settings) as app:
        grown(app, 5)
        key = app.service.keys.create(["events:write"], NOON)
        assert app.call("POST /v1/events", key, cloudevent(subject="changed")).status == 201
        last = app.service.log.head()
    tamper(settings, f"UPDATE stored_events SET state = {{flip}}(state, 9) WHERE {{position}} = {last}")  # noqa: S608  # our own number
    with running_app(settings.model_copy(update={"roles": frozenset({"api", "project"})})) as app:
        until(lambda: "proof" in app.call("GET /readyz").json(), "readiness tells of it")
        told = app.call("GET /readyz").json()
        assert f"position {last} is not what was appended" in told["proof"]
        assert statuses(app) == [201, 200, 200]
