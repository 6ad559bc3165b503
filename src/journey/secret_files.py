"""Secrets in files: read only where nobody else can read them, and refused where anybody could guess them."""

import os
import stat
from pathlib import Path

from journey.words import Words

_SHORTEST = 16
_SAMPLES = frozenset(
    {
        "123456",
        "12345678",
        "123456789",
        "admin",
        "change-me",
        "changeit",
        "changeme",
        "example",
        "journey",
        "letmein",
        "pass",
        "passw0rd",
        "password",
        "postgres",
        "qwerty",
        "root",
        "sample",
        "secret",
        "test",
        "user",
    }
)


def read_secret(file: Path) -> str:
    """Return the secret in a file, without the line's end.

    Raises `ValueError` with words for the operator where the file cannot be read, where others can read it,
    or where the secret is weak. Whose file it may be is PostgreSQL's rule for its keys: one's own, for nobody
    else; or root's, and then the group may read it, as orchestrators hand secrets over.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError as error:
        raise ValueError(
            Words(f"cannot read {file}: {error.strerror}", f"无法读取 {file}：{error.strerror}")
        ) from error
    with open(descriptor, encoding="utf-8", errors="replace") as opened:  # noqa: PTH123  # the file that was checked
        _refuse_readable_by_others(file, os.fstat(descriptor))
        secret = opened.read().strip("\r\n")
    if len(secret) < _SHORTEST or is_sample(secret):
        raise ValueError(
            Words(
                f"the secret in {file} is weak: it needs at least {_SHORTEST} characters, "
                "for example from openssl rand -hex 24",
                f"{file} 中的密钥强度不足：至少{_SHORTEST}个字符，可用 openssl rand -hex 24 生成",
            )
        )
    return secret


def is_sample(secret: str) -> bool:
    """Tell whether a secret is one that examples and images bring along, or hardly any characters."""
    return secret.strip().lower() in _SAMPLES or len(set(secret)) < 4  # noqa: PLR2004  # "aaaa", "123123"


def _refuse_readable_by_others(file: Path, found: os.stat_result) -> None:
    own = found.st_uid == os.geteuid()
    others = stat.S_IRWXG | stat.S_IRWXO if own else stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO
    if not own and found.st_uid != 0:
        raise ValueError(
            Words(
                f"{file} belongs to another user; it must belong to the user of the service, or to root",
                f"{file} 属于其他用户；文件须属于运行服务的用户或 root",
            )
        )
    if found.st_mode & others:
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        raise ValueError(
            Words(
                f"others may read {file} (mode {mode}); run: chmod 0400 {file}",
                f"其他用户可以读取 {file}（权限 {mode}）；请执行：chmod 0400 {file}",
            )
        )
