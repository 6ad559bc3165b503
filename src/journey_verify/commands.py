"""`journey-verify`: proves a data directory, a database or a back-up, or names what is wrong first."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from journey_verify import words
from journey_verify.arguments import parser
from journey_verify.checking import Checked, check
from journey_verify.cosigning import Cosigner, Quorum
from journey_verify.findings import INCOMPLETE, OK, CannotCheck, Finding, Unwitnessed
from journey_verify.notes import Checkpoint, Pinned
from journey_verify.places import Place, opened
from journey_verify.proofs import check_consistency, check_event, compare, read_note, read_path
from journey_verify.streams import check_stream
from journey_verify.witnessing import witness


def main(arguments: list[str] | None = None) -> None:
    """Run the program, and end the process with its status."""
    given = sys.argv[1:] if arguments is None else arguments
    sys.exit(run(given, sys.stdout, sys.stderr))


def run(arguments: list[str], out: TextIO, err: TextIO) -> int:
    """Check what the arguments ask for; return the status."""
    at = words.language(_asked_language(arguments))
    parsed = parser(at).parse_args(arguments)
    try:
        return int(_ACTS[parsed.command](parsed, at, out, err))
    except Finding as finding:
        print(words.of_finding(finding, at), file=out)
        return finding.status
    except Unwitnessed as error:
        print(words.of_unwitnessed(error, at), file=err)
        return INCOMPLETE
    except CannotCheck as error:
        print((f"could not check: {error}", f"无法验证：{error}")[at], file=err)
        return INCOMPLETE


def _full(parsed: argparse.Namespace, at: int, out: TextIO, err: TextIO) -> int:
    pinned = _pinned(parsed)
    kept = _known(parsed, pinned, read_note(parsed.checkpoint)) if parsed.checkpoint else None
    with opened(parsed.place) as place:
        bar = _progress(place, err)
        checked = check(place, pinned, kept, since=parsed.command == "since", progress=bar)
    return _tell(checked, kept, at, out)


def _tell(checked: Checked, kept: Checkpoint | None, at: int, out: TextIO) -> int:
    if checked.checkpoints:
        print(words.of_checked(checked, at), file=out)
    for line in words.unchecked(checked, at, kept=kept is not None):
        print(line, file=out)
    return OK if checked.checkpoints and not checked.unsigned else INCOMPLETE


def _stream(parsed: argparse.Namespace, at: int, out: TextIO, _: TextIO) -> int:
    with opened(parsed.place) as place:
        count, unsigned = check_stream(place, _pinned(parsed), parsed.stream)
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


def _event(parsed: argparse.Namespace, at: int, out: TextIO, _: TextIO) -> int:
    event = check_event(parsed.proof, _pinned(parsed), _quorum(parsed))
    print(
        (f"ok: {event['type']} of {event['stream']}", f"通过：{event['stream']} 的 {event['type']}")[at],
        file=out,
    )
    print(event["state"], file=out)
    return OK


def _consistency(parsed: argparse.Namespace, at: int, out: TextIO, _: TextIO) -> int:
    pinned = _pinned(parsed)
    old = pinned.checkpoint(read_note(parsed.old))
    new = _known(parsed, pinned, read_note(parsed.new))
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


def _witness(parsed: argparse.Namespace, at: int, out: TextIO, err: TextIO) -> int:
    cosigner = Cosigner(parsed.name, Path(parsed.sign)) if parsed.sign else None
    checkpoint, note = witness(parsed.url, Path(parsed.state), _pinned(parsed), cosigner)
    print(note, end="", file=out)
    told = f"ok: {checkpoint.size:,} events seen", f"通过：已见证 {checkpoint.size:,} 条事件"
    print(told[at], file=err)
    return OK


def _cosigner(parsed: argparse.Namespace, _: int, out: TextIO, __: TextIO) -> int:
    print(Cosigner(parsed.name, Path(parsed.sign)).verification_key, file=out)
    return OK


def _quorum(parsed: argparse.Namespace) -> Quorum:
    return Quorum(parsed.witness, parsed.witnesses)


def _pinned(parsed: argparse.Namespace) -> Pinned:
    return Pinned(parsed.key, parsed.origin)


def _known(parsed: argparse.Namespace, pinned: Pinned, note: str) -> Checkpoint:
    """Return the checkpoint of a note that enough witnesses have cosigned."""
    checkpoint = pinned.checkpoint(note)
    _quorum(parsed).check(note)
    return checkpoint


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


_ACTS: Mapping[str, Callable[[argparse.Namespace, int, TextIO, TextIO], int]] = {
    "full": _full,
    "since": _full,
    "stream": _stream,
    "event": _event,
    "consistency": _consistency,
    "witness": _witness,
    "cosigner": _cosigner,
}
