"""A place that can never confirm an erasure says why."""

from pathlib import Path

from journey.erasure.sinks import SINKS, obstacle
from journey.event_log import EventLog
from journey.settings import Settings
from tests.journey.erasure.offices import office, person
from tests.journey.writing import accept, append, first


def test_what_was_stored_legibly_keeps_an_erasure_from_ending(
    log: EventLog, settings: Settings, tmp_path: Path
) -> None:
    """Of who was stored before there was sealing two places say so; of who was sealed none."""
    append(log, [first(person("C1"))])
    with office(log, settings, tmp_path / "schedules") as here:
        accept(here.writer, person("C2"))
        found = {}
        for customer in ("C1", "C2"):
            here.ask("erasure_requested", customer, jurisdiction="NOW")
            here.work(4)
            record, events = here.desk.read(customer)
            evidence = here.desk.evidence(customer, record, events)
            found[customer] = {sink.name: why for sink in SINKS if (why := obstacle(sink, evidence))}
        states = [here.record(customer).state for customer in ("C1", "C2")]

    assert states == ["erasing", "erased"]
    assert set(found["C1"]) == {"log", "read-models"}
    assert found["C1"]["log"].en.startswith("2 values ")
    assert found["C2"] == {}
