"""What a refusal of the service means to who sits at the command line."""

from collections.abc import Mapping
from typing import Any

import httpx

from api.cli.speech import said


def refusal(response: httpx.Response) -> str:
    """Say what the service's refusal is, and what to do about it."""
    problem = _problem(response)
    words = told(problem) or said(
        f"The service answered {response.status_code} to {response.request.url.path}",
        f"服务对 {response.request.url.path} 返回 {response.status_code}",
    )
    fields = [
        f"  {error.get('pointer', '')}: {error.get('detail', '')}" for error in problem.get("errors", ())
    ]
    status = said(f" ({response.status_code})", f"（{response.status_code}）")
    return "\n".join([f"{words}{status}", *fields, *_advice(response, problem)])


def told(problem: Mapping[str, Any]) -> str:
    """Return what a problem says of itself."""
    return said(": ", "：").join(str(problem[part]) for part in ("title", "detail") if problem.get(part))


def _advice(response: httpx.Response, problem: Mapping[str, Any]) -> list[str]:
    match response.status_code:
        case 401:
            return [
                said(
                    "Give a key with --key or JOURNEY_KEY: the first start of the service prints one, and\n"
                    "'journey keys create --scope …' makes another.",
                    "请用 --key 或环境变量 JOURNEY_KEY 提供密钥：服务首次启动时会显示一个，\n"
                    "也可运行 journey keys create --scope … 新建。",
                )
            ]
        case 403 if scope := problem.get("scope") or _challenged_scope(response):
            return [
                said(
                    f"The key lacks the scope {scope}. To make one: journey keys create --scope {scope}",
                    f"该密钥缺少权限 {scope}。可新建具备该权限的密钥：journey keys create --scope {scope}",
                )
            ]
        case 429 | 503:
            return [
                said(
                    "The service stayed busy. Run the command again later: what has arrived counts once.",
                    "服务持续繁忙，请稍后重新运行同一命令；已送达的内容不会重复计入。",
                )
            ]
        case _ if not problem:
            return [
                said(
                    "Check with --url or JOURNEY_URL that this is the address of a journey service.",
                    "请检查 --url 或 JOURNEY_URL 是否为客户旅程服务的地址。",
                )
            ]
        case _:
            return []


def _challenged_scope(response: httpx.Response) -> str | None:
    _, found, rest = response.headers.get("WWW-Authenticate", "").partition('scope="')
    return rest.partition('"')[0] if found else None


def _problem(response: httpx.Response) -> Mapping[str, Any]:
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
