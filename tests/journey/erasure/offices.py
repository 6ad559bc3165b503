"""An office that sees to privacy, on real databases, with a clock that the test sets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from journey.erasure.ledger import Ledger
from journey.erasure.record import Record
from journey.erasure.schedule import load_schedules
from journey.erasure.steps import Desk, fact
from journey.erasure.worker import PrivacyWorker
from journey.event_log import EventLog
from journey.sealing.data_keys import DataKeyStore
from journey.sealing.destroying import Destroyer
from journey.sealing.keyring import epoch_keys, open_keyring
from journey.sealing.sealer import Sealer
from journey.sealing.wrapping import Wrapping
from journey.settings import Settings
from journey.storage import storage_of
from tests import loops
from tests.facts import NOON, event
from tests.journey.writing import Writer, accept, writing

SHORT = """
jurisdiction = "{0}"
name = {{ en = "x", zh = "x" }}
keep = [
    {{ retention = "identity", since = "request", days = {1}, source = {{ en = "x", zh = "x" }} }},
    {{ retention = "contact", since = "request", source = {{ en = "x", zh = "x" }} }},
    {{ retention = "correspondence", since = "last_case", source = {{ en = "x", zh = "x" }} }},
]
"""


class Office:
    """A worker with its writer, and a clock that stands still until it is moved."""

    def __init__(self, writer: Writer, desk: Desk, ledger: Ledger, now: list[datetime]) -> None:
        self.writer, self.desk, self._now = writer, desk, now
        self.worker = loops.call(lambda: PrivacyWorker(desk, ledger))

    def pass_time(self, **much: float) -> None:
        """Let time pass."""
        self._now[0] += timedelta(**much)

    def ask(self, what: str, customer: str = "C1", request: str = "R1", **further: Any) -> None:
        """Take a step that somebody asks for."""
        told = {"request": request, "by": "zhao.min", "basis": "PIPL Art. 47", **further}
        accept(self.writer, fact(f"customer.{what}", customer, request, told, self._now[0]))

    def work(self, times: int = 1) -> None:
        """Do what is due, `times` with some seconds between."""
        for _ in range(times):
            loops.wait_for(self.worker.catch_up())
            self.pass_time(seconds=3)

    def record(self, customer: str = "C1") -> Record:
        """Read what the stream says."""
        return self.desk.read(customer)[0]


@contextmanager
def office(log: EventLog, settings: Settings, directory: Path, epoch: float = 0) -> Iterator[Office]:
    """Open an office whose schedules are short: `NOW` keeps nothing, `DAYS` keeps identity for ten days."""
    directory.mkdir(exist_ok=True)
    for name, days in (("NOW", 0), ("DAYS", 10)):
        (directory / f"{name.lower()}.toml").write_text(SHORT.format(name, days))
    engine = storage_of(settings).engine("keys", writer=True)
    views = storage_of(settings).engine("views", writer=True)
    keyring, now = open_keyring(engine, settings), [NOON]
    with writing(log, settings, lambda: now[0], sealer=Sealer(keyring, settings.sealing)) as writer:
        desk = Desk(
            log=log,
            appender=writer.appender,
            keyring=keyring,
            store=DataKeyStore(engine),
            destroyer=Destroyer(engine, Wrapping(settings.tenant, epoch_keys(settings))),
            views=views,
            schedules=load_schedules(directory),
            epoch=timedelta(hours=epoch),
            clock=lambda: now[0],
        )
        yield Office(writer, desk, Ledger(engine), now)
    engine.dispose()
    views.dispose()


def person(customer: str = "C1") -> Any:
    """Return the registration of somebody with a name and a phone."""
    return event(
        "customer.registered", {"name": f"Name {customer}", "phone": f"13-{customer}"}, customer=customer
    )
