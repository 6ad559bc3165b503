"""`journey-verify`: proves a data directory, a database or a back-up, or names what is wrong first."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from journey_verify import words
from journey_verify.checking import Checked, check
from journey_verify.findings import INCOMPLETE, OK, CannotCheck, Finding
from journey_verify.notes import Checkpoint, Pinned
from journey_verify.places import Place, opened
from journey_verify.proofs import check_consistency, check_event, compare, read_note, read_path
from journey_verify.streams import check_stream
from journey_verify.witnessing import witness

_HELP = {
    "program": ("prove a log of customer journeys from its data alone", "仅凭数据本身验证客户旅程日志"),
    "key": (
        "verification key to trust, from 'journey proof key'; may be repeated",
        "信任的验证密钥，可重复指定",
    ),
    "origin": ("name of the log; that of the key if absent", "日志名称；默认取密钥中的名称"),
    "language": ("zh or en", "zh 或 en"),
    "place": (
        "data directory, log.db, back-up, or postgresql://…",
        "数据目录、log.db、备份，或 postgresql://…",
    ),
    "checkpoint": ("signed checkpoint that was kept elsewhere", "保存在别处的签名检查点文件"),
    "full": ("check everything", "全面验证"),
    "since": ("check what came after a checkpoint", "验证某个检查点之后的内容"),
    "stream": ("check one customer's events", "验证某位客户的事件"),
    "event": ("check the proof of one event", "验证单个事件的证明"),
    "consistency": ("check that the log only grew between two checkpoints", "验证两个检查点之间日志只增不改"),
    "witness": (
        "see a service's newest checkpoint (its key in JOURNEY_KEY), check that the log only grew, keep it",
        "获取服务的最新检查点（访问密钥取自 JOURNEY_KEY），核对日志只增不改后保存",
    ),
    "url": ("where the service answers", "服务地址"),
    "state": ("file of the checkpoint that was seen last", "保存上次所见检查点的文件"),
    "proof": ("proof that the service gave", "服务给出的证明文件"),
    "end": (
        "exit status: 0 ok, 1 tampered, 2 could not check, 3 rolled back",
        "退出码：0 通过，1 被篡改，2 无法验证，3 被回退",
    ),
}


def main(arguments: list[str] | None = None) -> None:
    """Run the program, and end the process with its status."""
    given = sys.argv[1:] if arguments is None else arguments
    sys.exit(run(given, sys.stdout, sys.stderr))


def run(arguments: list[str], out: TextIO, err: TextIO) -> int:
    """Check what the arguments ask for; return the status."""
    at = words.language(_asked_language(arguments))
    parsed = _parser(at).parse_args(arguments)
    try:
        return int(parsed.act(parsed, Pinned(parsed.key, parsed.origin), at, out, err))
    except Finding as finding:
        print(words.of_finding(finding, at), file=out)
        return finding.status
    except CannotCheck as error:
        print((f"could not check: {error}", f"无法验证：{error}")[at], file=err)
        return INCOMPLETE


def _full(parsed: argparse.Namespace, pinned: Pinned, at: int, out: TextIO, err: TextIO) -> int:
    kept = pinned.checkpoint(read_note(parsed.checkpoint)) if parsed.checkpoint else None
    with opened(parsed.place) as place:
        bar = _progress(place, err)
        checked = check(place, pinned, kept, since=parsed.since, progress=bar)
    return _tell(checked, kept, at, out)


def _tell(checked: Checked, kept: Checkpoint | None, at: int, out: TextIO) -> int:
    if checked.checkpoints:
        print(words.of_checked(checked, at), file=out)
    for line in words.unchecked(checked, at, kept=kept is not None):
        print(line, file=out)
    return OK if checked.checkpoints and not checked.unsigned else INCOMPLETE


def _stream(parsed: argparse.Namespace, pinned: Pinned, at: int, out: TextIO, _: TextIO) -> int:
    with opened(parsed.place) as place:
        count, unsigned = check_stream(place, pinned, parsed.stream)
    print(
        (
            (
                f"ok: {count:,} events follow from one another; {unsigned:,} of them are not signed yet. "
                "Not checked: the rest of the log"
            ),
            f"通过：{count:,} 条事件首尾相连，其中 {unsigned:,} 条尚未签名。日志其余部分未验证",
        )[at],
        file=out,
    )
    return OK if count and not unsigned else INCOMPLETE


def _event(parsed: argparse.Namespace, pinned: Pinned, at: int, out: TextIO, _: TextIO) -> int:
    event = check_event(parsed.proof, pinned)
    print(
        (f"ok: {event['type']} of {event['stream']}", f"通过：{event['stream']} 的 {event['type']}")[at],
        file=out,
    )
    print(event["state"], file=out)
    return OK


def _consistency(parsed: argparse.Namespace, pinned: Pinned, at: int, out: TextIO, _: TextIO) -> int:
    old, new = (pinned.checkpoint(read_note(file)) for file in (parsed.old, parsed.new))
    if parsed.proof is not None:
        check_consistency(old, new, read_path(parsed.proof))
    elif parsed.place is not None:
        with opened(parsed.place) as place:
            compare(place, old, new)
    elif old.size == new.size:
        check_consistency(old, new, [])
    else:
        raise CannotCheck("--proof, --place")
    print(
        (f"ok: {old.size:,} → {new.size:,} events", f"通过：{old.size:,} → {new.size:,} 条事件")[at], file=out
    )
    return OK


def _witness(parsed: argparse.Namespace, pinned: Pinned, at: int, out: TextIO, err: TextIO) -> int:
    checkpoint, note = witness(parsed.url, Path(parsed.state), pinned)
    print(note, end="", file=out)
    told = f"ok: {checkpoint.size:,} events seen", f"通过：已见证 {checkpoint.size:,} 条事件"
    print(told[at], file=err)
    return OK


def _progress(place: Place, err: TextIO) -> Callable[[int], None]:
    if not err.isatty():
        return lambda _: None
    whole = max(place.count(), 1)

    def show(done: int) -> None:
        filled = 40 * done // whole
        end = "\n" if done >= whole else ""
        print(
            f"\r[{'#' * filled}{'.' * (40 - filled)}] {100 * done // whole} %", end=end, file=err, flush=True
        )

    return show


def _asked_language(arguments: list[str]) -> str | None:
    for number, each in enumerate(arguments):
        if each == "--language" and number + 1 < len(arguments):
            return arguments[number + 1]
        if each.startswith("--language="):
            return each.partition("=")[2]
    return None


def _parser(at: int) -> argparse.ArgumentParser:
    told = {name: text[at] for name, text in _HELP.items()}
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--key", action="append", required=True, help=told["key"])
    common.add_argument("--origin", help=told["origin"])
    common.add_argument("--language", choices=("en", "zh"), help=told["language"])
    parser = argparse.ArgumentParser("journey-verify", description=told["program"], epilog=told["end"])
    commands = parser.add_subparsers(required=True)

    def command(
        name: str, act: Callable[..., int], *names: str, **defaults: object
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[common], help=told[name], epilog=told["end"])
        for each in names:
            made.add_argument(each, help=told.get(each))
        made.set_defaults(act=act, **defaults)
        return made

    command("full", _full, "place", since=False).add_argument("--checkpoint", help=told["checkpoint"])
    command("since", _full, "checkpoint", "place", since=True)
    command("stream", _stream, "stream", "place")
    command("event", _event, "proof")
    command("witness", _witness, "url", "state")
    between = command("consistency", _consistency, "old", "new")
    between.add_argument("--proof", help=told["proof"])
    between.add_argument("--place", help=told["place"])
    return parser
