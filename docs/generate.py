"""Writes the catalogue of events, `events.md` and `events.zh.md`, from the code: run `make docs`."""  # noqa: INP001  # a script beside the pages that it writes

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from journey.lifecycle import STATES
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import CaseKind, Channel, Stage, Touchpoint
from journey.vocabulary import CASE_KINDS, CASE_STATES, CHANNELS, STAGES
from journey.words import Language, Words

_HERE = Path(__file__).parent
_KINDS: tuple[CaseKind, ...] = get_args(CaseKind)
_STAGES: tuple[Stage, ...] = get_args(Stage)
_CHANNELS: tuple[Channel, ...] = get_args(Channel)

_TITLE = Words("Catalogue of events", "事件目录")
_INTRODUCTION = Words(
    "Every type of event that the service knows: {count} in all. Types with a case move it from one state to "
    "another; `-` means that there is no case yet, and such an event opens one; `=` that the state stays. In "
    "`strict` mode an event that no row allows is refused, in `record` mode it is kept and marked as a "
    "deviation.\n\n"
    "A field with `?` may be left out; † marks what identifies a person, ‡ what customers are not shown. "
    "The exact JSON Schema of a type is at `GET /v1/event-types/<type>`. `make docs` writes this page: "
    "change the classes in `src/journey/touchpoints/` instead.",
    "本页列出系统支持的全部事件类型，共 {count} 种。涉及业务单的事件会推动业务单从一个状态进入另一个状态；"
    "`-` 表示业务单尚未建立，此类事件会新建业务单；`=` 表示状态不变。`strict` 模式下，"
    "流程不允许的事件会被拒绝；`record` 模式下照常记录，并标注为偏离。\n\n"
    "带 `?` 的字段可以不填；† 表示可识别个人身份的信息，‡ 表示不向客户展示的信息。"
    "各类型的完整 JSON Schema 见 `GET /v1/event-types/<type>`。本页由 `make docs` 根据代码生成，"
    "请修改 `src/journey/touchpoints/` 中的定义，不要直接改动本页。",
)
_HEAD = Words(
    "| event | name | from → to | fields |\n|---|---|---|---|",
    "| 事件 | 名称 | 状态变化 | 字段 |\n|---|---|---|---|",
)
_HEAD_WITHOUT_CASE = Words(
    "| event | name | stage | fields |\n|---|---|---|---|",
    "| 事件 | 名称 | 阶段 | 字段 |\n|---|---|---|---|",
)
_STATES = Words("States", "状态")
_WITHOUT_CASE = Words("Without a case", "不涉及业务单的事件")
_RESERVED = Words(" (written by the service only)", "（仅由系统写入）")
_STAFF_ONLY = Words(" (not told to customers)", "（不向客户展示）")
_STAGES_AND_CHANNELS = Words("Stages and channels", "阶段与渠道")
_STAGE = Words("Stages", "阶段")
_CHANNEL = Words("Channels", "渠道")
_COLON = Words(": ", "：")
_COMMA = Words(", ", "、")
_HEADING = Words("## {name} (`{kind}`)", "## {name}（`{kind}`）")


def pages() -> dict[Path, str]:
    """Return the text of each page by its file."""
    return {_HERE / "events.md": _page("en"), _HERE / "events.zh.md": _page("zh")}


def _page(language: Language) -> str:
    introduction = _INTRODUCTION.in_language(language).format(count=len(TOUCHPOINTS))
    parts = [f"# {_TITLE.in_language(language)}", introduction]
    parts += [part for kind in _KINDS for part in _of_kind(kind, language)]
    parts += [f"## {_WITHOUT_CASE.in_language(language)}", _table(None, language)]
    parts += [f"## {_STAGES_AND_CHANNELS.in_language(language)}"]
    parts += [_named(_STAGE, {stage: STAGES[stage] for stage in _STAGES}, language)]
    parts += [_named(_CHANNEL, {channel: CHANNELS[channel] for channel in _CHANNELS}, language)]
    return "\n\n".join(parts) + "\n"


def _of_kind(kind: CaseKind, language: Language) -> Iterator[str]:
    name = CASE_KINDS[kind].in_language(language)
    yield _HEADING.in_language(language).format(name=name, kind=kind)
    yield _named(_STATES, {state: CASE_STATES[kind, state] for state in STATES[kind]}, language)
    yield _table(kind, language)


def _named(title: Words, names: Mapping[str, Words], language: Language) -> str:
    listed = _COMMA.in_language(language).join(
        f"`{code}` {words.in_language(language)}" for code, words in names.items()
    )
    return f"{title.in_language(language)}{_COLON.in_language(language)}{listed}"


def _table(kind: CaseKind | None, language: Language) -> str:
    head = _HEAD if kind else _HEAD_WITHOUT_CASE
    rows = [_row(each, language) for each in TOUCHPOINTS.values() if each.case == kind]
    return "\n".join([head.in_language(language), *rows])


def _row(touchpoint: type[Touchpoint], language: Language) -> str:
    title = touchpoint.title.in_language(language)
    if touchpoint.reserved:
        title += _RESERVED.in_language(language)
    if touchpoint.staff_only:
        title += _STAFF_ONLY.in_language(language)
    third = _moves(touchpoint) if touchpoint.case else STAGES[touchpoint.stage].in_language(language)
    return f"| `{touchpoint.type}` | {title} | {third} | {', '.join(_fields(touchpoint))} |"


def _moves(touchpoint: type[Touchpoint]) -> str:
    """Gather the moves by their right side, as the catalogue declares them."""
    sources: dict[str | None, list[str]] = {}
    for move in touchpoint.moves:
        sources.setdefault(move.target, []).append(move.source or "-")
    return "; ".join(f"{', '.join(before)} → {target or '='}" for target, before in sources.items())


def _fields(touchpoint: type[Touchpoint]) -> Iterator[str]:
    schema = touchpoint.model_json_schema()
    personal = touchpoint.personal_fields()
    hidden = frozenset() if touchpoint.staff_only else touchpoint.staff_only_fields()
    for name, described in schema["properties"].items():
        optional = "" if name in schema.get("required", ()) else "?"
        shape = _shape(described, schema.get("$defs", {}))
        marks = "†" * (name in personal) + "‡" * (name in hidden)
        yield f"`{name}{optional}`{marks}{shape and f' {shape}'}"


def _shape(schema: Mapping[str, Any], declared: Mapping[str, Any]) -> str:
    """Say of a field what its name does not."""
    match schema:
        case {"anyOf": [present, *_]}:
            shape = _shape(present, declared)
        case {"$ref": reference}:
            shape = _shape(declared[reference.removeprefix("#/$defs/")], declared)
        case {"enum": values}:
            shape = " / ".join(values)
        case {"type": "array", "items": item}:
            shape = f"[{_shape(item, declared) or '…'}]"
        case {"type": "object"}:
            shape = f"{{{', '.join(schema.get('properties', ['…']))}}}"
        case {"type": "integer", "minimum": least, "maximum": most}:
            shape = f"{least}–{most}"
        case {"type": "string"}:
            shape = schema.get("format", "")
        case _:
            shape = schema["type"]
    return shape


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
