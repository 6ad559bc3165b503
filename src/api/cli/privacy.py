"""`journey privacy`: restriction, hold and erasure of customers' data, and the end of an epoch of keys."""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

import orjson
import typer

from api.cli.client import DEFAULT_URL, Key, Url, connected
from api.cli.helping import Lesson, group, teach
from api.cli.places import Data, Database, explained, settings_for, storage_in_use
from api.cli.serving import KeyDirectory
from api.cli.speech import said
from journey.erasure.ledger import Ledger
from journey.sealing.destroying import Destroyer
from journey.sealing.keyring import epoch_keys
from journey.sealing.wrapping import Wrapping

PRIVACY = Lesson(
    said("Restrict, hold, erase and copy a customer's data.", "客户个人信息的限制、保全、删除与副本。"),
    (
        "journey privacy erase C-1001 --request DSR-17 --basis 'PIPL Art. 47'",
        "journey privacy show C-1001",
        "journey privacy copy C-1001 > C-1001.json",
    ),
    said(
        "The key needs the scope privacy:manage. Asking again under one number changes nothing.",
        "密钥需有 privacy:manage 权限。以同一编号重复申请不会产生新的变化。",
    ),
)
_EXAMPLE = " C-1001 --request DSR-17 --basis 'PIPL Art. 47'"

Customer = Annotated[
    str,
    typer.Argument(
        metavar="CUSTOMER", help=said("The id that events have as subject.", "客户标识，即事件的 subject。")
    ),
]
Request = Annotated[
    str,
    typer.Option(
        "--request",
        metavar="NUMBER",
        help=said("The number that the request is filed under.", "申请的登记编号。"),
    ),
]
Basis = Annotated[
    str,
    typer.Option(metavar="TEXT", help=said("The rule or request that it rests on.", "所依据的法规或申请。")),
]
Jurisdiction = Annotated[
    str | None,
    typer.Option(
        metavar="CODE", help=said("Whose schedule of retention applies.", "适用哪一司法辖区的保存期限规则。")
    ),
]


def erase_command(
    customer: Customer,
    *,
    request: Request,
    basis: Basis,
    jurisdiction: Jurisdiction = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Erase what the law lets go of, and restrict the rest until its time is over."""
    more = {"jurisdiction": jurisdiction} if jurisdiction else {}
    _ask(f"{_address(customer)}/erasure", {"request_id": request, "basis": basis, **more}, url, key)


def _asking(step: str) -> Callable[..., None]:
    def command(
        customer: Customer, *, request: Request, basis: Basis, url: Url = DEFAULT_URL, key: Key = None
    ) -> None:
        _ask(f"{_address(customer)}/{step}", {"request_id": request, "basis": basis}, url, key)

    return command


def show_command(customer: Customer, *, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Tell what is restricted or erased, why and until when, and which places have confirmed it."""
    with connected(url, key) as client:
        _print(client.request("GET", f"{_address(customer)}/erasure").json())


def copy_command(
    customer: Customer,
    *,
    page: Annotated[
        bool,
        typer.Option("--page", help=said("As a page to read and to print.", "输出可阅读、可打印的网页。")),
    ] = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Print a copy of everything, for the customer."""
    with connected(url, key) as client:
        headers = {"Accept": "text/html" if page else "application/json"}
        answer = client.request("GET", f"{_address(customer)}/export", headers=headers)
        if page:
            typer.echo(answer.text)
        else:
            _print(answer.json())


def end_epoch_command(
    *, data: Data = None, database: Database = None, key_directory: KeyDirectory = None
) -> None:
    """End the epoch of keys now: all keys are wrapped anew, and older back-ups of them open nothing."""
    settings = settings_for(data, database, key_directory=key_directory)
    with explained():
        engine = storage_in_use(settings, ("keys",)).engine("keys", writer=True)
        epoch = Destroyer(engine, Wrapping(settings.tenant, epoch_keys(settings))).rotate()
        Ledger(engine).look_at_destroyed()
        engine.dispose()
    typer.echo(
        said(
            f"Epoch {epoch} has begun. Back the keys up now: no older back-up of them opens anything.",
            f"已启用第 {epoch} 期密钥。请立即重新备份密钥，此前的密钥备份均已失效。",
        )
    )


privacy = group(PRIVACY)
teach(
    privacy,
    "erase",
    erase_command,
    Lesson(
        said(
            "Erase what the law allows; restrict the rest until then.", "依法删除；暂不能删除的先限制处理。"
        ),
        (f"journey privacy erase{_EXAMPLE}", f"journey privacy erase{_EXAMPLE} --jurisdiction EU"),
    ),
)
for _name, _step, _does in (
    ("restrict", "restriction", said("Keep the data, and let nobody use it.", "保留信息，但限制处理。")),
    ("lift", "restriction/lift", said("Let the data be used again.", "解除限制处理。")),
    ("hold", "legal-hold", said("Let nothing be erased for now.", "依法保全，暂不删除。")),
    ("release", "legal-hold/lift", said("Lift the legal hold.", "解除保全。")),
):
    teach(privacy, _name, _asking(_step), Lesson(_does, (f"journey privacy {_name}{_EXAMPLE}",)))
teach(
    privacy,
    "show",
    show_command,
    Lesson(
        said("Tell how a customer's data stands.", "查看客户个人信息的处理状态。"),
        ("journey privacy show C-1001",),
    ),
)
teach(
    privacy,
    "copy",
    copy_command,
    Lesson(
        said("Print a copy of all data, for the customer.", "输出客户信息副本，供客户本人使用。"),
        ("journey privacy copy C-1001 > C-1001.json", "journey privacy copy C-1001 --page > C-1001.html"),
    ),
)
teach(
    privacy,
    "end-epoch",
    end_epoch_command,
    Lesson(
        said(
            "End the epoch of keys: older back-ups of them open nothing.", "更换密钥期次，使旧密钥备份失效。"
        ),
        ("journey privacy end-epoch",),
        said(
            "It may run beside the service. Back the keys up right after it.",
            "可与服务同时运行；完成后请立即备份密钥。",
        ),
    ),
)


def _address(customer: str) -> str:
    return f"/v1/customers/{quote(customer, safe='')}"


def _ask(path: str, body: dict[str, Any], url: str, key: str | None) -> None:
    with connected(url, key) as client:
        _print(client.request("POST", path, content=orjson.dumps(body)).json())


def _print(body: Any) -> None:
    typer.echo(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode())
