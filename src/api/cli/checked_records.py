"""What `journey verify` checks beside the projections: stored events, and records of readings."""

from contextlib import closing
from typing import NamedTuple

from api.cli.speech import said
from journey.event_log import open_event_log
from journey.proof.soundness import check_log
from journey.reads.table import check_chain
from journey.settings import Settings
from journey.storage import Storage


class CheckedRecords(NamedTuple):
    """What a check found."""

    sound: bool
    told: str
    """What it found, for people."""


def checked_events(storage: Storage, settings: Settings) -> CheckedRecords:
    """Check every stored event against its hashes."""
    with closing(open_event_log(storage, settings, writer=False)) as log:
        found = check_log(log.tree)
    if found.fault is not None:
        position = found.fault
        told = said(
            f"Log: the event at position {position} is not what was appended. Find out what changed it, and "
            "restore a back-up.",
            f"事件日志：位置 {position} 的事件与写入时不一致，请查明原因并从备份恢复。",
        )
        return CheckedRecords(sound=False, told=told)
    told = said(
        f"Log: all {found.events:,} events as they were appended.",
        f"事件日志：共 {found.events:,} 条事件，均与写入时一致。",
    )
    return CheckedRecords(sound=True, told=told)


def checked_reads(storage: Storage) -> CheckedRecords:
    """Check the chain of records of readings."""
    access = storage.engine("access", writer=False)
    try:
        with access.connect() as connection:
            chain = check_chain(connection)
    finally:
        access.dispose()
    if chain.fault is not None:
        place, reason = chain.fault
        told = said(
            f"Records of readings: number {place} is not what was recorded ({reason}).",
            f"查阅记录：第 {place} 条与当初登记的内容不一致（{reason}）。",
        )
        return CheckedRecords(sound=False, told=told)
    last = f"{chain.records}:{chain.link.hex()}"
    told = said(
        f"Records of readings: all {chain.records:,} as recorded; keep this to notice later if their end was "
        f"cut off: {last}",
        f"查阅记录：共 {chain.records:,} 条，均与登记时一致；保存此值可供日后核对末尾是否被删减：{last}",
    )
    return CheckedRecords(sound=True, told=told)
