"""The command line `journey`: one module per command, gathered here."""

import io
import sys

from api.cli.demo import DEMO, demo_command
from api.cli.exporting import EXPORT, export_command
from api.cli.helping import Lesson, group, teach
from api.cli.importing import IMPORT, import_command
from api.cli.keying import KEYS, keys
from api.cli.privacy import PRIVACY, privacy
from api.cli.projecting import MIGRATE, PROJECT, migrate_command, project_command
from api.cli.proving import PROOF, proof
from api.cli.reacting import REACT, react_command
from api.cli.rebuilding import REBUILD, rebuild_command
from api.cli.serving import SERVE, serve_command
from api.cli.simulating import SIMULATE, simulate_command
from api.cli.speech import said
from api.cli.verifying import VERIFY, verify_command

app = group(
    Lesson(
        said(
            "Customer journeys as immutable events, and what follows from them.",
            "以不可更改的事件记录客户旅程，并由此得出各类视图。",
        ),
        ("journey demo", "journey serve --data ./journey-data", "journey import --help"),
        said(
            "Messages are in the language of the terminal; JOURNEY_LANGUAGE=zh or en chooses another.",
            "提示语言随终端语言而定，可用环境变量 JOURNEY_LANGUAGE=zh 或 en 指定。",
        ),
    ),
    name="journey",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
teach(app, "demo", demo_command, DEMO)
teach(app, "serve", serve_command, SERVE)
teach(app, "migrate", migrate_command, MIGRATE)
teach(app, "project", project_command, PROJECT)
teach(app, "react", react_command, REACT)
teach(app, "rebuild", rebuild_command, REBUILD)
teach(app, "import", import_command, IMPORT)
teach(app, "export", export_command, EXPORT)
teach(app, "simulate", simulate_command, SIMULATE)
teach(app, "verify", verify_command, VERIFY)
app.add_typer(proof, name="proof", short_help=PROOF.summary)
app.add_typer(privacy, name="privacy", short_help=PRIVACY.summary)
app.add_typer(keys, name="keys", short_help=KEYS.summary)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="replace"
            )  # a terminal without a mark that we print shows a question mark
    app()


if __name__ == "__main__":
    main()
