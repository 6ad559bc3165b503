"""`journey export`: the whole log as CloudEvents, one a line."""

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import orjson
import typer
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from api.cli import terminal
from api.cli.client import DEFAULT_URL, Client, ClientError, Key, Url, connected
from api.cli.helping import Lesson
from api.cli.speech import said

PAGE = 500
"""Events that are asked for at once."""

EXPORT = Lesson(
    said("Export events as NDJSON, in the order of the log.", "按日志顺序将事件导出为 NDJSON。"),
    ("journey export --output journeys.ndjson.gz", "journey export --after 1200 | head"),
    said(
        "'journey import' reads the file into another service.",
        "导出的文件可用 journey import 导入其他服务。",
    ),
)


def export_command(
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=said(
                "File to write, gzipped if it ends in .gz; - is standard output.",
                "输出文件，以 .gz 结尾时自动压缩；- 表示标准输出。",
            ),
        ),
    ] = "-",
    after: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="POSITION",
            help=said("Only events after this position.", "只导出该位置之后的事件。"),
        ),
    ] = 0,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Export events as NDJSON, in the order of the log; 'journey import' reads the file back."""
    with connected(url, key) as client, _opened(output) as file:
        count, last = 0, after
        try:
            with terminal.progress(
                SpinnerColumn(), TextColumn(terminal.EVENTS), TimeElapsedColumn()
            ) as progress:
                task = progress.add_task("", total=None)
                for page in pages(client, after):
                    file.write(
                        b"".join(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in page)
                    )
                    count, last = count + len(page), int(page[-1]["position"])
                    progress.update(task, completed=count)
        except (ClientError, KeyboardInterrupt):
            if count:
                _tell(count, last)
            raise
        _tell(count, last)


def pages(client: Client, after: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the log's events with position greater than `after`, page by page, up to its present end."""
    while True:
        answer = client.request("GET", "/v1/events", params={"after": after, "limit": PAGE}).json()
        if not answer["items"]:
            return
        yield answer["items"]
        if not answer.get("next"):
            return
        after = int(answer["items"][-1]["position"])


def _tell(count: int, last: int) -> None:
    terminal.note(
        said(
            f"{count:,} events; --after {last} continues from here.",
            f"已导出 {count:,} 条事件；可用 --after {last} 继续。",
        )
    )


@contextmanager
def _opened(output: str) -> Iterator[BinaryIO]:
    """Open what is written to; end the command where that fails, then or later."""
    path = Path(output)
    try:
        if output == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb") as file:
                yield cast(BinaryIO, file)
    except BrokenPipeError:
        raise  # whoever read has read enough, as `head` does
    except OSError as error:
        terminal.fail(
            said(
                f"Cannot write {output}: {error.strerror}. Name another file with --output.",
                f"无法写入 {output}：{error.strerror}。请用 --output 指定其他文件。",
            )
        )
