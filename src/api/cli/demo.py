"""`journey demo`: the service at work within a minute, on invented customers."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import SpinnerColumn, TextColumn
from rich.text import Text

from api.cli import signals, terminal
from api.cli.beside import Beside, serving_beside
from api.cli.client import Client, connected
from api.cli.helping import Lesson
from api.cli.importing import report
from api.cli.key_stores import opened_keys
from api.cli.places import explained, settings_for
from api.cli.sending import Totals, sent
from api.cli.showing import show_status, show_timeline
from api.cli.simulating import TOGETHER, Customers, Seed, batched
from api.cli.simulation import simulate
from api.cli.speech import LANGUAGE, said
from api.keys import SCOPES
from journey.storage import storage_of
from journey.words import Language, Words

_PAST = timedelta(days=75)
"""How long ago the journeys began: customers have arrived until today, so that some are under way."""
_UNDER_WAY = ("in_review", "supplementing")
_PAGE = 500
"""How many applications are looked at, and events of a timeline asked for, at once."""

_PLAYED = Words(
    "{events:,} events of {customers:,} invented customers are in the log, {rate:,.0f} a second.",
    "已写入 {customers:,} 位虚构客户的 {events:,} 条事件，每秒 {rate:,.0f} 条。",
)
_INVITATION = Words(
    "The service answers at {url}. To try it, in another terminal:",
    "服务地址：{url}。可在另一个终端中试用：",
)
_STOP = Words("Ctrl-C ends it.", "按 Ctrl-C 结束。")

DEMO = Lesson(
    said("See the service at work, on invented customers.", "用虚构客户演示服务的运行效果。"),
    ("journey demo", "journey demo --exit --customers 200 --seed 7"),
    said(
        "It starts a service on an embedded database, plays journeys through HTTP, shows the status of an "
        "application and a customer's timeline, prints the address and a key to try, and goes on serving.",
        "在嵌入式数据库上启动服务，通过 HTTP 上报客户旅程，展示一笔申请的进度和一位客户的时间线，"
        "给出可供试用的地址和密钥，并继续提供服务。",
    ),
)


def demo_command(
    *,
    customers: Customers = 40,
    seed: Seed = 1,
    language: Annotated[
        Language,
        typer.Option(help=said("Language of the journeys and of what is shown.", "旅程和展示内容的语言。")),
    ] = LANGUAGE,
    data: Annotated[
        Path | None,
        typer.Option(
            help=said(
                "Keep the data here; a directory that is removed at the end if absent.",
                "数据保存目录；不指定则使用临时目录，结束时删除。",
            ),
            metavar="DIR",
        ),
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            help=said("Port to listen on; a free one if it is taken.", "监听端口；被占用时改用空闲端口。"),
            min=0,
            max=65535,
            metavar="PORT",
        ),
    ] = 8080,
    end: Annotated[
        bool, typer.Option("--exit", help=said("End by itself when all is shown.", "展示完毕后自动结束。"))
    ] = False,
) -> None:
    """Start a service, play journeys through HTTP, show what came of them, and go on serving."""
    console = terminal.results()
    with signals.interrupting(), explained(), _kept(data) as directory:
        key = _key(directory)
        with serving_beside(directory, port) as service:
            with connected(service.url, key, language) as client:
                _play(console, client, language, customers=customers, seed=seed)
            _invite(console, service.url, key, language)
            if not end and sys.stdin.isatty() and sys.stdout.isatty():
                console.print(_STOP.in_language(language), "", sep="\n")
                _outlive(service)


def _play(console: Console, client: Client, language: Language, *, customers: int, seed: int) -> None:
    """Send the journeys, and show one of them."""
    now = datetime.now(UTC)
    events = list(simulate(seed, customers, language, (now - _PAST).date(), until=now))
    began, totals = time.monotonic(), Totals()
    with terminal.progress(SpinnerColumn(), TextColumn(terminal.EVENTS)) as progress:
        task = progress.add_task("", total=len(events))
        for _, totals in sent(client, batched(events, TOGETHER)):
            progress.update(task, completed=totals.sent)
    seconds = time.monotonic() - began
    if totals.refused:
        report(totals, seconds, console)
    played = _PLAYED.in_language(language)
    console.print(played.format(events=totals.sent, customers=customers, rate=totals.sent / seconds))
    if status := _telling(client, totals.position):
        show_status(console, status, language)
        timeline = _pages(client, f"/v1/customers/{status['customer']}/timeline", totals.position)
        show_timeline(console, status["customer"], list(timeline), language)


def _telling(client: Client, position: int) -> dict[str, Any] | None:
    """Choose the application whose status tells most: under review, in a further round, with much done."""
    applications = islice(_pages(client, "/v1/applications", position), _PAGE)
    return max(applications, key=_interest, default=None)


def _interest(status: dict[str, Any]) -> tuple[bool, bool, int, int]:
    done = sum(step["status"] == "done" for step in status["steps"])
    return (status["state"] in _UNDER_WAY and done > 1, status["percent"] < 100, status["round"], done)  # noqa: PLR2004


def _pages(client: Client, path: str, position: int) -> Iterator[dict[str, Any]]:
    """Yield what a list holds, once it shows the log up to `position`."""
    next_page: str | None = f"{path}?limit={_PAGE}&min_position={position}"
    while next_page:
        prefer = {"Prefer": "wait=30, handling=strict"}
        page = client.request("GET", next_page, headers=prefer).json()
        yield from page["items"]
        next_page = page["next"]


def _invite(console: Console, url: str, key: str, language: Language) -> None:
    """Print the address, a key and lines to try."""
    invitation = _INVITATION.in_language(language).format(url=url)
    console.print("", Text(invitation, style="bold"), "", sep="\n")
    for line in (
        f"export JOURNEY_URL={url}",
        f"export JOURNEY_KEY={key}",
        'curl -s -H "Authorization: Bearer $JOURNEY_KEY" "$JOURNEY_URL/v1/applications?limit=3"',
        'curl -s -H "Authorization: Bearer $JOURNEY_KEY" "$JOURNEY_URL/v1/events?limit=3"',
        "journey simulate --customers 100 --seed 2",
        "journey rebuild",
    ):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    console.print("")


def _outlive(service: Beside) -> None:
    """Wait while the service runs, which nothing but this process should end."""
    service.process.wait()
    terminal.fail(
        said("The service ended by itself. Run the demo again.", "服务意外终止，请重新运行演示。"), status=1
    )


def _key(directory: Path) -> str:
    with opened_keys(storage_of(settings_for(directory, None))) as keys:
        return keys.create(SCOPES, datetime.now(UTC), label="demo")


@contextmanager
def _kept(data: Path | None) -> Iterator[Path]:
    """Give the directory for the data: the one that is named, or one that is removed at the end."""
    if data is not None:
        yield data
    else:
        with tempfile.TemporaryDirectory(prefix="journey-demo-", ignore_cleanup_errors=True) as made:
            yield Path(made) / "data"
