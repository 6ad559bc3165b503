"""`journey rebuild`: read models made anew beside the ones that readers see."""

import time
from typing import Annotated, Any

import typer

from api.cli import terminal
from api.cli.client import DEFAULT_URL, Client, Key, Url, connected
from api.cli.helping import Lesson
from api.cli.speech import said

_UNDER_WAY = ("loading", "building")
"""The states of a build that readers are still to see."""
_LOOK = 0.3
"""How often the command looks how far the builds are, in seconds."""
_PATIENCE = 15.0
"""After how long without any movement the user is told what may be wrong, in seconds."""

_NOTHING_MOVES = said(
    "Nothing moves. Does a process keep the projections ('journey project', or 'journey serve' without "
    "--roles api)? Ctrl-C ends the waiting, not the rebuild.",
    "进度没有变化。请确认有进程在维护视图（journey project，或未限定 --roles api 的 journey serve）。"
    "按 Ctrl-C 只结束等待，不影响重建。",
)

REBUILD = Lesson(
    said("Rebuild projections while the service runs.", "在不停机的情况下重建视图。"),
    ("journey rebuild", "journey rebuild timeline", "journey rebuild timeline --rollback"),
    said(
        "New rows are made beside the ones that readers see; readers change over when they have caught up. "
        "The build before is kept, and --rollback goes back to it.",
        "新数据在现有数据之外另行生成，追平后自动切换，查询不受影响。"
        "切换前的版本会保留，可用 --rollback 回退。",
    ),
)


def rebuild_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help=said("Which projections; all if none is named.", "视图名称；不写则为全部。"),
            metavar="NAME",
        ),
    ] = None,
    *,
    rollback: Annotated[
        bool,
        typer.Option(
            "--rollback",
            help=said(
                "Go back to the build before instead of making a new one.",
                "回退到上一个版本，而不是重新生成。",
            ),
        ),
    ] = False,
    wait: Annotated[
        bool, typer.Option(help=said("Wait until readers have changed over.", "等待切换完成后再结束。"))
    ] = True,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Rebuild projections while the service runs; readers change over when the new rows have caught up."""
    verb = "rollback" if rollback else "rebuild"
    with connected(url, key) as client:
        known = [item["name"] for item in client.request("GET", "/v1/projections").json()["items"]]
        if unknown := ", ".join(name for name in names or () if name not in known):
            listed = ", ".join(known)
            terminal.fail(
                said(
                    f"There is no projection {unknown}. There are {listed}.",
                    f"没有视图 {unknown}。现有：{listed}。",
                )
            )
        started = {
            name: client.request("POST", f"/v1/projections/{name}/{verb}").json()["build"]
            for name in names or known
        }
        if wait:
            _follow(client, started)
    for name, build in started.items():
        live = said(f"{name}: build {build} is live", f"{name}：版本 {build} 已生效")
        typer.echo(
            live if wait else said(f"{name}: build {build} has begun", f"{name}：版本 {build} 已开始生成")
        )


def _follow(client: Client, started: dict[str, int]) -> None:
    """Show how far the builds are until none is being made any more."""
    with terminal.progress() as progress:
        tasks = {name: progress.add_task(name, total=None) for name in started}
        before: dict[str, float] = {}
        moved = time.monotonic()
        while True:
            builds = {name: _build(client, name, number) for name, number in started.items()}
            for name, build in builds.items():
                progress.update(tasks[name], total=1, completed=build["progress"])
            if all(build["status"] not in _UNDER_WAY for build in builds.values()):
                return
            standing = {name: float(build["progress"]) for name, build in builds.items()}
            if standing != before:
                before, moved = standing, time.monotonic()
            elif time.monotonic() - moved > _PATIENCE:
                moved = float("inf")
                terminal.note(_NOTHING_MOVES)
            time.sleep(_LOOK)


def _build(client: Client, name: str, number: int) -> dict[str, Any]:
    """Return how a build stands; end the command where it was given up for another one."""
    builds = client.request("GET", f"/v1/projections/{name}").json()["builds"]
    kept = [build for build in builds if build["build"] == number and build["status"] != "dropped"]
    if not kept:
        terminal.fail(
            said(
                f"Build {number} of {name} was given up for another one. Run 'journey rebuild {name}' again.",
                f"{name} 的版本 {number} 已被另一次重建取代；可再次运行 journey rebuild {name}。",
            ),
            status=1,
        )
    return dict(kept[0])
