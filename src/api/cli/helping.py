"""The help of the commands: what each is for, its options, and examples, in lines that fit a terminal.

Typer counts characters and breaks lines at spaces. Chinese has no spaces and its characters are two columns
wide, so the lines are laid out here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from rich.cells import cell_len
from typer.core import TyperCommand, TyperGroup

from api.cli.speech import LANGUAGE, said

_WIDE, _OPENING, _CLOSING = "\u2e80-\u9fff\uff00-\uffef", "（《「“", "，。；：、！？）》」”…"
_BREAK = re.compile(
    rf"(?<=\s)(?=\S)"
    rf"|(?<=[{_WIDE}])(?<![{_OPENING}])(?![{_CLOSING}\s])"
    rf"|(?<![\s{_OPENING}])(?=[{_WIDE}])(?![{_CLOSING}])"
)
_WIDEST_NAME = 28
"""Columns of an option's name beyond which its help begins in the next line."""
_OF_TYPER = {
    "Show this message and exit.": "显示本帮助。",
    "[default: ": "[默认：",
    "[env var: ": "[环境变量：",
    "; default: ": "；默认：",
    "[required]": "[必填]",
    "; required]": "；必填]",
}
"""What Typer adds to the help of options."""


@dataclass(frozen=True)
class Lesson:
    """What a command's help teaches."""

    summary: str
    """One line, which also stands in the list of commands."""
    examples: tuple[str, ...]
    """Lines to type."""
    details: str = ""
    """What else there is to know; an empty line parts paragraphs."""


class Command(TyperCommand):
    """A command with its help laid out for any language."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write usage, purpose, arguments, options and examples."""
        _write(self, ctx, formatter, [])


class Group(TyperGroup):
    """A group of commands with its help laid out for any language."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write usage, purpose, options, commands and examples."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        _write(self, ctx, formatter, [(name, command.short_help or "") for name, command in found if command])


def group(lesson: Lesson, **further: Any) -> typer.Typer:
    """Return an empty group of commands that `lesson` explains."""
    return typer.Typer(cls=Group, no_args_is_help=True, **_words(lesson), **further)


def teach(commands: typer.Typer, name: str, command: Any, lesson: Lesson) -> None:
    """Add a command to a group, with the help that `lesson` gives."""
    commands.command(name, cls=Command, **_words(lesson))(command)


def wrapped(text: str, width: int) -> Iterator[str]:
    """Yield a text in lines of `width` columns at most; only a word that is wider goes beyond."""
    line = ""
    for part in _BREAK.split(text):
        if line and cell_len(line + part.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += part
    if line:
        yield line.rstrip()


def _words(lesson: Lesson) -> dict[str, Any]:
    return {
        "help": "\n\n".join(filter(None, (lesson.summary, lesson.details))),
        "short_help": lesson.summary,
        "epilog": "\n".join(lesson.examples),
    }


def _write(
    command: TyperCommand | TyperGroup, ctx: Any, formatter: Any, commands: Sequence[tuple[str, str]]
) -> None:
    pieces = " ".join(command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces, prefix=said("Usage: ", "用法："))
    for paragraph in (command.help or "").split("\n\n"):
        formatter.write_paragraph()
        _indent(formatter, wrapped(paragraph, formatter.width - 2))
    parameters: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
    for parameter in command.get_params(ctx):
        if record := parameter.get_help_record(ctx):
            kind, name = parameter.param_type_name, record[0]
            # An argument's type stands behind its name, and says less than the name.
            name = name.partition(" ")[0] if kind == "argument" else name
            parameters[kind].append((name, _translated(record[1])))
    _list(formatter, said("Arguments", "参数"), parameters["argument"])
    _list(formatter, said("Options", "选项"), parameters["option"])
    _list(formatter, said("Commands", "命令"), commands)
    if command.epilog:
        formatter.write(said("\nExamples:\n", "\n示例：\n"))
        _indent(formatter, command.epilog.splitlines())


def _list(formatter: Any, title: str, rows: Sequence[tuple[str, str]]) -> None:
    if not rows:
        return
    formatter.write(said(f"\n{title}:\n", f"\n{title}：\n"))
    column = min(max(len(name) for name, _ in rows), _WIDEST_NAME) + 2
    for name, text in rows:
        lines = list(wrapped(text, formatter.width - column - 2))
        if len(name) + 2 > column:
            _indent(formatter, [name])
            name = ""  # noqa: PLW2901  # it has a line of its own
        for line in lines:
            _indent(formatter, [f"{name:{column}}{line}"])
            name = ""  # noqa: PLW2901  # it stands in the first line only


def _indent(formatter: Any, lines: Iterable[str]) -> None:
    formatter.write("".join(f"  {line}\n" for line in lines))


def _translated(text: str) -> str:
    if LANGUAGE == "zh":
        for english, chinese in _OF_TYPER.items():
            text = text.replace(english, chinese)
    return text
