"""An application's status and a customer's timeline, as a person wants to read them."""

from typing import Any

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from journey.words import Language, Words

_MARKS = {"done": "✔", "current": "▶", "to_come": "·", "failed": "✘", "skipped": "–"}
_STYLES = {"done": "green", "current": "bold yellow", "failed": "red", "to_come": "dim", "skipped": "dim"}
_COLUMNS = {
    "step": Words("step", "环节"),
    "owner": Words("responsible", "负责方"),
    "takes": Words("takes", "时限"),
    "at": Words("done at", "完成时间"),
    "when": Words("when", "时间"),
    "channel": Words("channel", "渠道"),
    "case": Words("case", "业务单"),
    "what": Words("what happened", "事件"),
}
_STATUS = Words("Application", "申请")
_NEXT = Words("Next", "下一步")
_FINISH = Words("Expected finish", "预计完成")
_MISSING = Words("Missing", "待补材料")
_JOURNEY = Words("Journey of", "客户旅程：")
# A journey is shown by its latest events: a terminal is no place for all.
_SHOWN = 25


def show_status(console: Console, status: dict[str, Any], language: Language) -> None:
    """Show how an application stands."""

    def said(words: Words) -> str:
        return words.in_language(language)

    name = status["product_name"] or status["product"]
    console.print(
        f"\n[bold]{said(_STATUS)} {status['number']}[/bold] · {name} · "
        f"[yellow]{status['state_name']}[/yellow] · {status['percent']}%"
    )
    console.print(ProgressBar(total=100, completed=status["percent"], width=60), "\n")
    table = Table("", *(said(_COLUMNS[name]) for name in ("step", "owner", "takes", "at")), box=None)
    for step in status["steps"]:
        style = _STYLES[step["status"]]
        cells = (_MARKS[step["status"]], step["name"], step["owner"], step["takes"], _moment(step["at"]))
        table.add_row(*(Text(cell or "", style=style) for cell in cells))
    console.print(table)
    if missing := status["materials"]["missing"]:
        listed = ", ".join(material["name"] or material["code"] for material in missing)
        console.print(f"{said(_MISSING)}: {listed}", markup=False)
    if status["expected_finish"]:
        console.print(f"{said(_FINISH)}: {_moment(status['expected_finish'])}", markup=False)
    console.print(f"{said(_NEXT)}: {status['next']}", markup=False)


def show_timeline(console: Console, customer: str, items: list[dict[str, Any]], language: Language) -> None:
    """Show the latest events of a journey."""
    names = ("when", "channel", "case", "what")
    table = Table(*(_COLUMNS[name].in_language(language) for name in names), box=None)
    for item in items[-_SHOWN:]:
        case = Text(item["case"] or "", style="cyan", overflow="fold")
        cells = (_moment(item["occurred_at"]), item["channel_name"] or "", case, item["says"])
        table.add_row(*cells)
    console.print(f"\n[bold]{_JOURNEY.in_language(language)} {customer}[/bold]")
    if len(items) > _SHOWN:
        console.print(f"… {len(items) - _SHOWN}", style="dim")
    console.print(table)


def _moment(text: str | None) -> str:
    return text[:16].replace("T", " ") if text else ""
