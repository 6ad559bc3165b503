"""What the program says, in English and Chinese."""

import os
from collections.abc import Mapping

from journey_verify.checking import Checked
from journey_verify.findings import Class, Finding, Unwitnessed

KINDS: Mapping[Class, tuple[str, str]] = {
    "edited": ("an event was edited", "事件被修改"),
    "removed": ("an event was removed", "事件被删除"),
    "inserted": ("an event was inserted", "插入了不属于原日志的事件"),
    "reordered": ("events were put into another order", "事件顺序被调换"),
    "cut": ("the end of the log was cut off", "日志尾部被截断"),
    "rolled-back": (
        "the log was rolled back: it lacks events that the given checkpoint names",
        "日志被回退：缺少指定检查点所确认的事件",
    ),
    "forged-checkpoint": ("a checkpoint is forged or damaged", "检查点系伪造或已损坏"),
    "wrong-key": ("a checkpoint is not signed by a pinned key", "检查点不是由指定的密钥签署"),
    "wrong-origin": ("a checkpoint is of another log", "检查点属于另一个日志"),
    "duplicate-leaf": ("an event counts twice", "同一事件被计入两次"),
    "leaf-as-node": ("a node of the tree is shown as an event", "以哈希树的内部节点冒充事件"),
    "split-view": (
        "split view: the same key has signed two histories",
        "历史分叉：同一密钥签署了两份不同的历史",
    ),
    "tree-edited": (
        "the tree was edited; the events are not what is wrong here",
        "哈希树的存储被改动；此处的事件本身未发现问题",
    ),
    "false-proof": ("the proof does not lead to its checkpoint", "证明无法推得其检查点"),
    "rewritten": (
        "events and tree were rewritten together: they do not lead to the signed checkpoint",
        "事件与哈希树被一并改写，无法推得已签名的检查点",
    ),
}


def language(asked: str | None) -> int:
    """Return the place of a language in the pairs: English, or Chinese where it is asked for."""
    told = asked or next((v for n in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(n))), "")
    return int(told.lower().startswith("zh"))


def of_finding(finding: Finding, at: int) -> str:
    """Say what was found, and where."""
    told = KINDS[finding.kind][at]
    if finding.position is None:
        return told
    if finding.until is None or finding.until <= finding.position:
        return (f"{told}, first at position {finding.position}", f"{told}，首个位置：{finding.position}")[at]
    span = f"{finding.position}–{finding.until}"
    return (f"{told}, first at a position of {span}", f"{told}，首个位置在 {span} 之间")[at]


def of_unwitnessed(error: Unwitnessed, at: int) -> str:
    """Say how many witnesses are lacking."""
    return (
        f"could not check: {error.found} of the given witnesses have cosigned, and {error.wanted} are wanted",
        f"无法验证：指定的见证方中只有 {error.found} 方已联署，要求 {error.wanted} 方",
    )[at]


def of_checked(checked: Checked, at: int) -> str:
    """Say what was checked."""
    return (
        (
            f"ok: {checked.events:,} events lead to {checked.checkpoints:,} signed checkpoints; "
            f"the last is of {checked.size:,} events"
        ),
        (
            f"通过：{checked.events:,} 条事件均可推得 {checked.checkpoints:,} 个签名检查点；"
            f"最新检查点含 {checked.size:,} 条事件"
        ),
    )[at]


def unchecked(checked: Checked, at: int, *, kept: bool) -> list[str]:
    """Say what could not be checked."""
    told = []
    if checked.skipped:
        told.append(
            (
                f"not read again: {checked.skipped:,} events before the given checkpoint",
                f"未重新读取：指定检查点之前的 {checked.skipped:,} 条事件",
            )[at]
        )
    if checked.unsigned:
        told.append(
            (
                (
                    f"not signed yet: {checked.unsigned:,} events behind the last checkpoint; "
                    "only their links were checked"
                ),
                f"尚未签名：最新检查点之后的 {checked.unsigned:,} 条事件，仅核对了链接",
            )[at]
        )
    if not kept:
        told.append(
            (
                "not known: whether the log had more events once; give a checkpoint that was kept elsewhere",
                "无法判断：日志是否曾有更多事件；请提供保存在别处的检查点进行比对",
            )[at]
        )
    return told
