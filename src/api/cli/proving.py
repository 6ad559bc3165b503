"""`journey proof`: the key by which the log can be checked, and what an operator says of a restore."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from api.cli import terminal
from api.cli.helping import Lesson, group, teach
from api.cli.places import Data, Database, explained, settings_for, storage_in_use
from api.cli.serving import KeyDirectory
from api.cli.speech import said
from journey.event_log import open_event_log
from journey.proof.guard import Guard
from journey.proof.keys import signer_of
from journey.proof.notes import Signer
from journey.settings import Settings
from journey.storage import only_writer

PROOF = Lesson(
    said("What makes the log checkable by others.", "让他人能够验证日志的各项操作。"),
    ("journey proof key", "journey proof acknowledge-restore --witness ./seen.note"),
)
KEY = Lesson(
    said("Print the verification key, for others to pin.", "输出验证密钥，供他人固定信任。"),
    ("journey proof key", "journey proof key --database postgresql://user:password@host/name"),
    said(
        "Hand it to auditors by a way that does not lead through this machine.",
        "请通过本机以外的途径交给审计人员。",
    ),
)
RESTORED = Lesson(
    said(
        "State, signed, that events are lost and the log goes on.", "以签名声明确认事件已丢失，日志由此继续。"
    ),
    ("journey proof acknowledge-restore --witness ./seen.note",),
    said(
        "A service whose log lacks what its witness has seen answers nothing until this is done. On an "
        "embedded database stop the service first.",
        "日志缺少见证方已确认的事件时，服务会停止读写，直至执行本命令。嵌入式数据库须先停止服务。",
    ),
)

_NO_KEY = said(
    "There is no directory of keys. Name it with --key-directory.", "未指定密钥目录，请使用 --key-directory。"
)


def key_command(*, data: Data = None, database: Database = None, key_directory: KeyDirectory = None) -> None:
    """Print the verification key; make the key where there is none yet."""
    settings = settings_for(data, database, key_directory=key_directory)
    with explained():
        typer.echo(str(_signer(settings).verifier))


def acknowledge_command(
    *,
    data: Data = None,
    database: Database = None,
    key_directory: KeyDirectory = None,
    witness: Annotated[
        str | None,
        typer.Option(
            envvar="JOURNEY_WITNESS",
            metavar="PLACE",
            help=said("File or address of what the witness has seen.", "见证方记录所在的文件或地址。"),
        ),
    ] = None,
) -> None:
    """Sign a statement that the log lacks what the witness has seen, so that it is served again."""
    settings = settings_for(data, database, key_directory=key_directory, witness=witness)
    if settings.witness is None:
        raise typer.BadParameter(
            said("name what the witness has seen", "请指定见证方的记录"), param_hint="--witness"
        )
    storage = storage_in_use(settings, ("log",))
    with explained(), only_writer(storage):
        signer, log = _signer(settings), open_event_log(storage, settings)
        try:
            seen = Guard(log, signer, settings.witness).acknowledge(signer, datetime.now(UTC))
        finally:
            log.close()
    if seen is None:
        terminal.note(
            said("Nothing to acknowledge: nothing is lost.", "无需确认：日志没有缺少任何已见证的事件。")
        )
        return
    terminal.note(
        said(
            f"It is on record, signed, that this log does not go on from the {seen.size:,} events that the "
            "witness has seen. Tell the witness: it begins anew.",
            f"已签名记录：本日志不再延续见证方所见的 {seen.size:,} 条事件。请通知见证方重新开始见证。",
        )
    )


proof = group(PROOF)
teach(proof, "key", key_command, KEY)
teach(proof, "acknowledge-restore", acknowledge_command, RESTORED)


def _signer(settings: Settings) -> Signer:
    signer = signer_of(settings)
    if signer is None:
        terminal.fail(_NO_KEY)
    return signer
