"""The places that hold, or ever held, a customer's personal data: each confirms an erasure by itself.

A further place is one line of `SINKS`, with a function that tells whether it is done.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from journey.events import RecordedEvent
from journey.sealing.data_keys import Mark
from journey.sealing.destroying import Grave
from journey.sealing.keyring import TRUSTED_SECONDS
from journey.touchpoints import PERSONAL_FIELDS
from journey.touchpoints.touchpoint import SEALED, Code, Retention
from journey.words import Words


class Evidence(NamedTuple):
    """What is known of one customer's erasure."""

    classes: frozenset[Retention]
    """The classes that are being erased."""
    events: Sequence[RecordedEvent]
    graves: Sequence[Grave]
    """The keys that are gone."""
    kept: frozenset[Retention]
    """The classes that there still is a key of."""
    mark: Mark | None
    """How the customer's answers have changed."""
    indexed: bool
    """Whether the search index still holds something of a customer of whom nothing is left."""
    final: bool
    """Whether no back-up of the keys can bring one back."""
    now: datetime


class Sink(NamedTuple):
    """One place."""

    name: Code
    holds: Words
    """What lay there, and why it cannot be read any more."""
    confirms: Callable[[Evidence], bool]


def _keys_are_gone(evidence: Evidence) -> bool:
    gone = {grave.retention for grave in evidence.graves}
    return evidence.classes <= gone and not evidence.classes & evidence.kept


def _all_was_sealed(evidence: Evidence) -> bool:
    """Tell whether nothing legible is stored: what came before there was sealing cannot be forgotten so."""
    return _keys_are_gone(evidence) and not any(_legible(evidence))


def _legible(evidence: Evidence) -> Iterator[str]:
    for event in evidence.events:
        for field, retention in PERSONAL_FIELDS.get(event.type, {}).items():
            value = event.data.get(field)
            if retention in evidence.classes and value is not None:
                values = value if isinstance(value, list) else [value]
                yield from (field for each in values if not str(each).startswith(SEALED))


def obstacle(sink: Sink, evidence: Evidence) -> Words | None:
    """Say why a place never confirms, however long one waits; None where it does, or will."""
    legible = sum(1 for _ in _legible(evidence)) if sink.confirms is _all_was_sealed else 0
    if not legible:
        return None
    return Words(
        f"{legible} values were stored before personal data was sealed, and can be read. No key that is "
        "destroyed takes them away, and the log is not rewritten: this erasure does not end. Only a new log, "
        "into which the events are imported with sealing, is without them.",
        f"有 {legible} 个值在启用加密之前存入，仍为明文。销毁密钥对其无效，日志也不会改写，"
        "因此本次删除无法完成；只有在启用加密后将事件导入新的日志，才能去除这些内容。",
    )


def _caches_have_expired(evidence: Evidence) -> bool:
    trusted = timedelta(seconds=TRUSTED_SECONDS)
    return all(evidence.now - grave.destroyed_at >= trusted for grave in evidence.graves)


def _tags_are_others(evidence: Evidence) -> bool:
    return evidence.mark is not None and evidence.mark.gone >= len(evidence.classes)


def _index_is_empty(evidence: Evidence) -> bool:
    return _keys_are_gone(evidence) and not evidence.indexed


def _epoch_has_ended(evidence: Evidence) -> bool:
    return evidence.final


SINKS: tuple[Sink, ...] = (
    Sink("keys", Words("The keys of this data, destroyed", "该类信息的密钥，已销毁"), _keys_are_gone),
    Sink(
        "log",
        Words("The log of events, sealed with these keys", "事件日志，以上述密钥加密"),
        _all_was_sealed,
    ),
    Sink(
        "read-models",
        Words(
            "Current state, journeys and cases, sealed alike", "客户现状、旅程与业务单等查询数据，同样加密"
        ),
        _all_was_sealed,
    ),
    Sink("search-index", Words("The search index, emptied of it", "检索索引，已清除"), _index_is_empty),
    Sink(
        "event-keys",
        Words("Digests of events, made under these keys", "事件摘要，以上述密钥生成"),
        _keys_are_gone,
    ),
    Sink(
        "snapshots",
        Words(
            "Snapshots of journeys, which hold cases and no person", "旅程快照，只含业务单状态，不含个人信息"
        ),
        _keys_are_gone,
    ),
    Sink(
        "caches",
        Words("Keys in the memory of all processes, trusted for seconds", "各进程内存中的密钥，数秒内失效"),
        _caches_have_expired,
    ),
    Sink(
        "answers",
        Words(
            "Answers that readers keep: their tags are no longer right", "读者缓存的查询结果，其标识已失效"
        ),
        _tags_are_others,
    ),
    Sink(
        "exports",
        Words("Exports, of which the service keeps none", "信息副本，系统不留存"),
        _keys_are_gone,
    ),
    Sink(
        "messages",
        Words("The service's own messages, which name nobody", "系统运行日志，不含个人信息"),
        _keys_are_gone,
    ),
    Sink(
        "free-pages",
        Words("Free pages of databases: they never held a key that opens", "数据库空闲页，从未存有可用密钥"),
        _keys_are_gone,
    ),
    Sink(
        "key-backups",
        Words("Back-ups of the keys, wrapped by a key that is destroyed", "密钥备份，其封装密钥已销毁"),
        _epoch_has_ended,
    ),
)
"""Every place, in the order in which certificates name them."""
