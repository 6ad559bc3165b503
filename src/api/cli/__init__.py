"""The command line `journey`: one module per command, gathered here."""

import typer

from api.cli.demo import demo_command
from api.cli.exporting import export_command
from api.cli.importing import import_command
from api.cli.keying import keys
from api.cli.rebuilding import rebuild_command
from api.cli.serving import migrate_command, project_command, serve_command
from api.cli.simulating import simulate_command
from api.cli.verifying import verify_command

app = typer.Typer(
    name="journey",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Customer journeys as immutable events, and what follows from them. "
    "Try 'journey demo' first; then 'journey serve --data ./journey-data' keeps a service running.",
)
app.command("demo")(demo_command)
app.command("serve")(serve_command)
app.command("migrate")(migrate_command)
app.add_typer(keys, name="keys")
app.command("project")(project_command)
app.command("rebuild")(rebuild_command)
app.command("import")(import_command)
app.command("export")(export_command)
app.command("simulate")(simulate_command)
app.command("verify")(verify_command)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
