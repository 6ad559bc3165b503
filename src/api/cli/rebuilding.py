"""`journey rebuild`: read models made anew beside the ones that readers see."""

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from api.cli.client import DEFAULT_URL, Client, Key, Url, connected

# How often the command looks how far the rebuild is, in seconds.
_LOOK = 0.3


def rebuild_command(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which projections; all if none is named.")
    ] = None,
    *,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the build before instead of making a new one.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Wait until readers have changed over.")] = True,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Rebuild projections while the service runs; readers change over when the new rows have caught up."""
    verb = "rollback" if rollback else "rebuild"
    with connected(url, key) as client:
        known = [item["name"] for item in client.request("GET", "/v1/projections").json()["items"]]
        if unknown := [name for name in names or () if name not in known]:
            raise typer.BadParameter(f"no projection {', '.join(unknown)}; there are {', '.join(known)}")
        started = {
            name: client.request("POST", f"/v1/projections/{name}/{verb}").json()["build"]
            for name in names or known
        }
        if wait:
            _follow(client, started)
    for name, build in started.items():
        typer.echo(f"{name}: build {build} {'is live' if wait else 'has begun'}")


def _follow(client: Client, started: dict[str, int]) -> None:
    """Show how far the builds are until each is live."""
    with Progress(console=Console(stderr=True)) as progress:
        tasks = {name: progress.add_task(name, total=None) for name in started}
        waiting = dict(started)
        while waiting:
            for name, number in list(waiting.items()):
                state = client.request("GET", f"/v1/projections/{name}").json()
                build = _build(state, number)
                progress.update(tasks[name], total=max(build["target"], 1), completed=build["position"])
                if state["live_build"] == number:
                    del waiting[name]
            if waiting:
                time.sleep(_LOOK)


def _build(state: dict[str, Any], number: int) -> dict[str, Any]:
    for build in state["builds"]:
        if build["build"] == number:
            found: dict[str, Any] = build
            return found
    typer.secho(f"Build {number} of {state['name']} was given up for another one.", err=True, fg="red")
    raise typer.Exit(1)
