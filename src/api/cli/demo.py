"""`journey demo`: the service at work within a minute, on invented customers."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from api.cli.client import Client, connected
from api.cli.importing import report
from api.cli.places import settings_for
from api.cli.sending import Totals, sent
from api.cli.showing import show_status, show_timeline
from api.cli.simulating import TOGETHER, batched, default_start
from api.cli.simulation import simulate
from api.keys import SCOPES, KeyStore
from journey.migrating import migrate
from journey.storage import storage_of
from journey.words import Language, Words

# How long the service may take to start, in seconds.
_START = 60.0


def demo_command(
    *,
    customers: Annotated[int, typer.Option(min=1, max=10_000, help="How many customers to invent.")] = 40,
    seed: Annotated[int, typer.Option(help="Another seed gives other customers.")] = 1,
    language: Annotated[
        Language | None, typer.Option(help="Language of the journeys; that of the terminal if absent.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Keep the data here; a directory that is removed at the end if absent."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port to listen on; a free one if it is taken.")] = 8080,
    end: Annotated[bool, typer.Option("--exit", help="End by itself when all is shown.")] = False,
) -> None:
    """Start a service, play journeys through HTTP, show what came of them, and go on serving."""
    spoken: Language = language or ("zh" if os.environ.get("LANG", "").startswith("zh") else "en")
    console = Console()
    directory = data or Path(tempfile.mkdtemp(prefix="journey-demo-"))
    try:
        key = _key(directory)
        with _serving(directory, _free(port)) as (url, server):
            _play(console, url, key, spoken, customers=customers, seed=seed)
            _invite(console, url, key, spoken)
            if not end and sys.stdin.isatty() and sys.stdout.isatty():
                with suppress(KeyboardInterrupt):
                    server.wait()
    finally:
        if data is None:
            shutil.rmtree(directory, ignore_errors=True)


def _play(console: Console, url: str, key: str, language: Language, *, customers: int, seed: int) -> None:
    now = datetime.now(UTC)
    began, totals = time.monotonic(), Totals()
    events = list(simulate(seed, customers, language, default_start(now.date()), until=now))
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} events"))
    with connected(url, key) as client:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("events", total=len(events))
            for _, totals in sent(client, batched(events, TOGETHER)):
                progress.update(task, completed=totals.sent)
        report(totals, time.monotonic() - began, console)
        headers = {"Accept-Language": language, "Prefer": "wait=30"}
        position = client.request("GET", "/v1/projections").json()["items"]
        head = max(item["position"] for item in position)
        number, customer = _telling(events)
        params = {"min_position": max(head, totals.sent)}
        status = client.request("GET", f"/v1/applications/{number}", params=params, headers=headers).json()
        timeline = _timeline(client, customer, headers)
    show_status(console, status, language)
    show_timeline(console, customer, timeline, language)


def _telling(events: list[dict[str, Any]]) -> tuple[str, str]:
    """Choose an application that is under way, and among those the one with the longest story."""
    story: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if str(event["type"]).split(".")[0] in ("application", "review", "delivery", "offer"):
            story.setdefault(event["case"], []).append(event)
    over = ("delivery.completed", "delivery.failed", "application.withdrawn", "review.rejected")
    under_way = {case: told for case, told in story.items() if told[-1]["type"] not in over} or story
    case, told = max(under_way.items(), key=lambda each: len(each[1]))
    return case, told[0]["subject"]


def _timeline(client: Client, customer: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    path: str | None = f"/v1/customers/{customer}/timeline?limit=500"
    while path:
        page = client.request("GET", path, headers=headers).json()
        items += page["items"]
        path = page["next"]
    return items


def _invite(console: Console, url: str, key: str, language: Language) -> None:
    said = Words(
        "Try it: the service answers at {url} with this key.",
        "服务地址：{url}，可使用以下密钥访问：",
    ).in_language(language)
    console.print(f"\n[bold]{said.format(url=url)}[/bold]\n")
    for line in (
        f"export JOURNEY_URL={url} JOURNEY_KEY={key}",
        'curl -s -H "Authorization: Bearer $JOURNEY_KEY" $JOURNEY_URL/v1/applications?limit=3',
        'curl -s -H "Authorization: Bearer $JOURNEY_KEY" "$JOURNEY_URL/v1/events?after=0&limit=3"',
        "journey simulate --customers 100 --seed 2",
        "journey rebuild",
    ):
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    stop = Words("Ctrl-C ends it.", "按 Ctrl-C 结束。").in_language(language)
    console.print(f"\n{stop}\n")


def _key(directory: Path) -> str:
    storage = storage_of(settings_for(directory, None))
    migrate(storage, ["access"])
    return KeyStore(storage.engine("access", writer=True)).create(SCOPES, datetime.now(UTC), label="demo")


def _free(port: int) -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@contextmanager
def _serving(directory: Path, port: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the service beside this process, and end it when the demo is over."""
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "api.cli", "serve", "--data", str(directory), "--port", str(port)]
    server = subprocess.Popen(command)  # noqa: S603  # our own program with our own arguments
    try:
        _wait_until_ready(url, server)
        yield url, server
    finally:
        server.terminate()
        server.wait()


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz").is_success:
                return
        time.sleep(0.1)
    typer.secho("The service did not start; see its messages above.", err=True, fg="red")
    raise typer.Exit(1)
