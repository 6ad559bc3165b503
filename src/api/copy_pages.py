"""A copy of a customer's data as a page to read and to print."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import orjson

from api.field_labels import label
from api.html_pages import page
from api.resources import CONTENT_LANGUAGE
from journey.vocabulary import CHANNELS, PRIVACY_STATES
from journey.words import Language, Words

_TITLE = Words("Copy of personal data", "个人信息副本")
_CUSTOMER = Words("Customer", "客户标识")
_MADE = Words("Made", "生成时间")
_EXPIRES = Words("To be deleted by", "请于此前销毁")
_STATE = Words("State of the data", "信息处理状态")
_PROFILE = Words("Who you are to us", "客户资料")
_CASES = Words("Open cases", "办理中的业务")
_EVENTS = Words("All that happened", "全部往来记录")
_READS = Words("Who read your personal data", "个人信息查阅记录")
_NOTHING = Words("Nothing", "无")
_HEADINGS = (
    Words("When", "时间"),
    Words("Who", "查阅人"),
    Words("Why", "目的"),
    Words("What", "查阅内容"),
)
_WHO: Mapping[str, Words] = {
    "customer": Words("You", "本人"),
    "staff": Words("Us", "本机构"),
    "service": Words("Our system", "本机构系统"),
}
_MARKS: Mapping[str, Words] = {
    "erased": Words("erased", "已删除"),
    "restricted": Words("restricted", "限制处理"),
    "sealed": Words("not told to this reader", "不向当前查阅人展示"),
}
_TRUTHS = {True: Words("yes", "是"), False: Words("no", "否")}


def copy_page(language: Language, copy: bytes) -> bytes:
    """Return the page of a copy that is given as JSON."""
    told = orjson.loads(copy)

    def said(words: Words) -> str:
        return escape(words.in_language(language))

    state = PRIVACY_STATES[told["privacy_state"]]
    parts = (
        _pairs(
            (
                (said(_CUSTOMER), escape(told["customer"])),
                (said(_MADE), _moment(told["made_at"])),
                (said(_EXPIRES), _moment(told["expires_at"])),
                (said(_STATE), said(state)),
            )
        ),
        _section(_PROFILE, _fields(told["current_state"]["profile"], language), language),
        _section(_CASES, _cases(told["current_state"]["open_cases"]), language),
        _section(_EVENTS, _events(told["events"], language), language),
        _section(_READS, _reads(told["reads"], language), language),
    )
    return page(said(_TITLE), "".join(parts), CONTENT_LANGUAGE[language])


def _section(title: Words, content: str, language: Language) -> str:
    shown = content or f"<p>{escape(_NOTHING.in_language(language))}</p>"
    return f"<h2>{escape(title.in_language(language))}</h2>{shown}"


def _cases(cases: list[dict[str, Any]]) -> str:
    rows = (
        (each["kind_name"], each["number"], each["state_name"] or "", _moment(each["since"]))
        for each in cases
    )
    return _table("", ((escape(kind), escape(number), escape(state), at) for kind, number, state, at in rows))


def _events(events: list[dict[str, Any]], language: Language) -> str:
    return f"<ol>{''.join(_event(each, language) for each in events)}</ol>" if events else ""


def _event(event: dict[str, Any], language: Language) -> str:
    channel = CHANNELS.get(event["channel"])
    place = (channel.in_language(language) if channel else event["channel"], event["case"])
    where = " · ".join(escape(each) for each in place if each)
    head = f"{_moment(event['occurred_at'])} <strong>{escape(event['title'])}</strong> {where}"
    return f"<li>{head}<p>{escape(event['says'])}</p>{_fields(event['data'], language)}</li>"


def _reads(reads: list[dict[str, Any]], language: Language) -> str:
    def row(read: dict[str, Any]) -> tuple[str, ...]:
        names = dict.fromkeys(label(field.rpartition(".")[2], language) for field in read["fields"])
        said = (_WHO[read["by"]].in_language(language), read["purpose"], ", ".join(names))
        return (_moment(read["at"]), *map(escape, said))

    heads = "".join(f"<th>{escape(heading.in_language(language))}</th>" for heading in _HEADINGS)
    return _table(f"<tr>{heads}</tr>", map(row, reads))


def _fields(told: dict[str, Any], language: Language) -> str:
    return _pairs(
        (escape(label(name, language)), _value(value, language))
        for name, value in told.items()
        if value is not None
    )


def _value(value: Any, language: Language) -> str:
    match value:
        case bool():
            return escape(_TRUTHS[value].in_language(language))
        case {"erased": True} | {"restricted": True} | {"sealed": True}:
            (mark,) = value
            return f"<em>{escape(_MARKS[mark].in_language(language))}</em>"
        case dict():
            return _fields(value, language)
        case list():
            return "<br>".join(_value(each, language) for each in value)
        case _:
            return escape(str(value))


def _moment(told: str) -> str:
    instant = escape(told)
    return f'<time datetime="{instant}">{instant[:16].replace("T", " ")} UTC</time>'


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in pairs)
    return f"<dl>{lines}</dl>" if lines else ""


def _table(head: str, rows: Iterable[Iterable[str]]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{head}{lines}</table>" if lines else ""
