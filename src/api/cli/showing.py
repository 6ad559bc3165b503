"""An application's status and a customer's timeline, as a person wants to read them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from journey.words import Language, Words

_MARKS = {"done": "✔", "current": "▶", "to_come": "·", "failed": "✘", "skipped": "–"}
_STYLES = {"done": "green", "current": "bold yellow", "failed": "red", "to_come": "dim", "skipped": "dim"}
_STEPS = (
    Words("step", "环节"),
    Words("responsible", "负责方"),
    Words("takes", "时限"),
    Words("done at", "完成时间"),
)
_EVENTS = (
    Words("when", "时间"),
    Words("channel", "渠道"),
    Words("case", "业务单"),
    Words("what happened", "事件"),
)
_STATUS = Words("Application {number}", "申请 {number}")
_ROUND = Words("round {round}", "第 {round} 次提交")
_NEXT = Words("Next: {text}", "下一步：{text}")
_FINISH = Words("Expected finish: {text}", "预计完成：{text}")
_MISSING = Words("Missing: {text}", "待补材料：{text}")
_JOURNEY = Words("Journey of {customer}", "客户旅程：{customer}")
_EARLIER = Words("{count} earlier events are left out.", "此前另有 {count} 条事件，未显示。")
_DITTO = Words('"', "〃")
_UNITS = {
    "D": (Words("1 day", "1天"), Words("{n} days", "{n}天")),
    "H": (Words("1 hour", "1小时"), Words("{n} hours", "{n}小时")),
    "M": (Words("1 min", "1分钟"), Words("{n} min", "{n}分钟")),
    "S": (Words("1 s", "1秒"), Words("{n} s", "{n}秒")),
}
_SHOWN = 25
"""A journey is shown by its latest events: a terminal is no place for all."""
_CASE_WIDTH = 12
"""Columns of a case number, which goes on in the next line: the texts need the room."""


def show_status(console: Console, status: dict[str, Any], language: Language) -> None:
    """Show how an application stands."""
    heading = Text.assemble(
        (_STATUS.in_language(language).format(number=status["number"]), "bold"),
        f" · {status['product_name'] or status['product']} · ",
        (status["state_name"], "yellow"),
        f" · {_ROUND.in_language(language).format(round=status['round'])}" if status["round"] > 1 else "",
        f" · {status['percent']}%",
    )
    console.print("", heading, sep="\n")
    console.print(ProgressBar(total=100, completed=status["percent"], width=60), "\n")
    table = _table(["", *(words.in_language(language) for words in _STEPS)])
    for step in status["steps"]:
        style = _STYLES[step["status"]]
        takes = duration(step["takes"], language)
        cells = (_MARKS[step["status"]], step["name"], step["owner"], takes, moment(step["at"]))
        table.add_row(*(Text(cell or "", style=style) for cell in cells))
    console.print(table, "")
    missing = ", ".join(material["name"] or material["code"] for material in status["materials"]["missing"])
    finish = moment(status["expected_finish"])
    for words, text in ((_MISSING, missing), (_FINISH, finish), (_NEXT, status["next"])):
        if text:
            console.print(words.in_language(language).format(text=text), markup=False)


def show_timeline(
    console: Console, customer: str, items: Sequence[dict[str, Any]], language: Language
) -> None:
    """Show the latest events of a journey."""
    heading = _JOURNEY.in_language(language).format(customer=customer)
    console.print("", Text(heading, style="bold"), sep="\n")
    if len(items) > _SHOWN:
        count = f"{len(items) - _SHOWN:,}"
        console.print(_EARLIER.in_language(language).format(count=count), style="dim")
    table = _table([words.in_language(language) for words in _EVENTS])
    table.columns[0].no_wrap = True
    table.columns[2].max_width = _CASE_WIDTH
    above = None
    for item in items[-_SHOWN:]:
        same = item["case"] is not None and item["case"] == above
        above = item["case"]
        case = Text(_DITTO.in_language(language) if same else item["case"] or "", style="cyan")
        table.add_row(moment(item["occurred_at"]), item["channel_name"] or "", case, Text(item["says"]))
    console.print(table)


def moment(text: str | None) -> str:
    """Return a moment, to the minute, as the clocks here show it."""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}" if text else ""


def duration(text: str | None, language: Language) -> str:
    """Return a duration in words: `P1DT2H` is "1 day 2 hours"; what is none of ISO 8601's stays as it is."""
    parts = re.findall(r"(\d+)([DHMS])", text or "")
    said = (_UNITS[unit][number != "1"].in_language(language).format(n=number) for number, unit in parts)
    return (" " if language == "en" else "").join(said) or text or ""


def _table(headings: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
