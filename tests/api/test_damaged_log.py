"""A stored event that is not what was appended is told to nobody as data, and found by `journey verify`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from tests.api.posting import post
from tests.conftest import DATABASES
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.journey.proof.tampering import tamper
from tests.processes import place
from tests.sites import serving


@pytest.mark.parametrize("kind", DATABASES)
def test_a_changed_event_is_not_told(kind: str, tmp_path: Path) -> None:
    """Its bytes can still be read; followers get its place and that it is damaged, and go on behind it."""
    with database_settings(kind, tmp_path / "data") as settings:
        with serving(settings) as site:
            channel, analyst = site.client("events:write"), site.client("journeys:read")
            cloudevents = [
                cloudevent("interaction.recorded", {"touchpoint": name, "action": "login"})
                for name in ("one", "two", "six")
            ]
            for each in cloudevents:
                assert post(channel, each).status_code == 201
            site.caught_up()
            change = "UPDATE stored_events SET state = {changed} WHERE {{position}} = 2"
            if kind == "sqlite":
                changed = "CAST(replace(CAST(state AS TEXT), '\"two\"', '\"ten\"') AS BLOB)"
            else:
                changed = "convert_to(replace(convert_from(state, 'UTF8'), '\"two\"', '\"ten\"'), 'UTF8')"
            tamper(settings, change.format(changed=changed))
            told = analyst.get("/v1/events").json()["items"]
            chinese = analyst.get("/v1/events", headers={"Accept-Language": "zh-CN"}).json()["items"]
            key = {"source": cloudevents[1]["source"], "id": cloudevents[1]["id"]}
            alone = analyst.get("/v1/events", params=key)
            beside = analyst.get("/v1/events", params=key | {"id": cloudevents[2]["id"]})
            again = post(channel, cloudevents[1])

        verified = CliRunner().invoke(app, ["verify", *place(settings)])

    assert [each["position"] for each in told] == [1, 2, 3]
    assert told[1]["damaged"]
    assert "data" not in told[1]
    assert "id" not in told[1]
    problem = told[1]["problem"]
    assert (problem["status"], problem["code"], problem["retryable"]) == (500, "damaged-event", False)
    assert problem["instance"] == "/v1/events?after=1&limit=1"
    assert "not what was appended" in problem["detail"]
    assert "与写入时的内容不一致" in chinese[1]["problem"]["detail"]
    for answer in (alone, again):
        assert (answer.status_code, answer.json()["code"]) == (500, "damaged-event")
        assert "ten" not in answer.text
        assert answer.json()["incident"]
    assert beside.json()["items"] == [told[2]]
    assert told[2]["data"]["touchpoint"] == "six"
    assert verified.exit_code == 1
    assert "the event at position 2 is not what was appended" in verified.output
