"""What `journey-verify` may be asked, in both languages."""

import argparse

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
    "sign": (
        "cosign it with the key in this file, made where there is none, and hand that to the service",
        "用该文件中的密钥联署（不存在则生成），并提交给服务",
    ),
    "name": ("name of this witness, such as audit.example/w1", "见证方名称，例如 audit.example/w1"),
    "cosigner": ("print the verification key of a witness", "输出见证方的验证密钥"),
    "trusted": (
        "verification key of a witness that must have cosigned; may be repeated",
        "须已联署的见证方的验证密钥，可重复指定",
    ),
    "quorum": ("how many of them are enough; all if absent", "其中至少须有几方联署；默认须全部联署"),
    "url": ("where the service answers", "服务地址"),
    "state": ("file of the checkpoint that was seen last", "保存上次所见检查点的文件"),
    "proof": ("proof that the service gave", "服务给出的证明文件"),
    "end": (
        "exit status: 0 ok, 1 tampered, 2 could not check, 3 rolled back",
        "退出码：0 通过，1 被篡改，2 无法验证，3 被回退",
    ),
}


def parser(at: int) -> argparse.ArgumentParser:
    """Return what reads the arguments, and explains them in the language at a place of the pairs."""
    told = {name: text[at] for name, text in _HELP.items()}
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--language", choices=("en", "zh"), help=told["language"])
    trusting = argparse.ArgumentParser(add_help=False, parents=[common])
    trusting.add_argument("--key", action="append", required=True, help=told["key"])
    trusting.add_argument("--origin", help=told["origin"])
    made = argparse.ArgumentParser("journey-verify", description=told["program"], epilog=told["end"])
    commands = made.add_subparsers(required=True, dest="command")

    def command(
        name: str, *names: str, parent: argparse.ArgumentParser = trusting
    ) -> argparse.ArgumentParser:
        of_one = commands.add_parser(name, parents=[parent], help=told[name], epilog=told["end"])
        for each in names:
            of_one.add_argument(each, help=told.get(each))
        return of_one

    full = command("full", "place")
    full.add_argument("--checkpoint", help=told["checkpoint"])
    between = command("consistency", "old", "new")
    between.add_argument("--proof", help=told["proof"])
    between.add_argument("--place", help=told["place"])
    for each in (full, command("since", "checkpoint", "place"), command("event", "proof"), between):
        each.add_argument("--witness", action="append", default=[], help=told["trusted"])
        each.add_argument("--witnesses", type=int, help=told["quorum"])
    command("stream", "stream", "place")
    seeing = command("witness", "url", "state")
    seeing.add_argument("--sign", metavar="FILE", help=told["sign"])
    seeing.add_argument("--name", default="", help=told["name"])
    command("cosigner", "name", "sign", parent=common)
    return made
