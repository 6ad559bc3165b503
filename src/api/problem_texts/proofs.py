"""Problems of what is proven: not yet, no longer, or not at all."""

from api.problem_texts.problem_type import ProblemType
from journey.words import Words

PROBLEMS: tuple[ProblemType, ...] = (
    ProblemType(
        code="proof-unavailable",
        status=503,
        title=Words("There is no signed checkpoint for this yet", "尚无可用于证明的签名检查点"),
        meaning=Words(
            "A checkpoint of the log is signed about every second, and the newest does not hold what is "
            "asked for; or this service has no key to sign with.",
            "系统约每秒对日志签署一次检查点，最新的检查点尚未包含所请求的内容；也可能是本服务未配置签名密钥。",
        ),
        remedy=Words(
            "Ask again in a few seconds. If it lasts, tell the operator: proof_key may not be set.",
            "请过几秒再试；如持续出现，请联系运维人员检查是否已配置 proof_key。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="cosignature-refused",
        status=422,
        title=Words("The cosignature is not taken", "联署未被接受"),
        meaning=Words(
            "The note is no checkpoint that this log has signed, or none of its lines is a good cosignature "
            "of a witness that this service knows.",
            "所提交的内容不是本日志签署过的检查点，或其中没有本服务已知见证方的有效联署。",
        ),
        remedy=Words(
            "Send the checkpoint as the service gave it, with the line that journey-verify witness added. "
            "The operator names the witness's verification key in JOURNEY_WITNESS_KEYS.",
            "请原样提交从本服务获取的检查点，并附上 journey-verify witness 添加的联署行；"
            "见证方的验证密钥须由运维人员写入 JOURNEY_WITNESS_KEYS。",
        ),
    ),
    ProblemType(
        code="log-not-as-signed",
        status=500,
        title=Words("The log is not what was signed", "日志与已签名的内容不一致"),
        meaning=Words(
            "What the database holds does not lead to the checkpoint that was signed over it: an event or "
            "the tree was changed afterwards.",
            "数据库中的内容无法推得已签名的检查点，说明事件或哈希树在签名之后被改动。",
        ),
        remedy=Words(
            "Tell the operator, who runs journey-verify: it names the first place that is not as it was.",
            "请联系运维人员运行 journey-verify，它会指出第一处被改动的位置。",
        ),
    ),
    ProblemType(
        code="log-rolled-back",
        status=503,
        title=Words("The log lacks events that a witness has seen", "日志缺少见证方已确认的事件"),
        meaning=Words(
            "This service runs on an older or another state of the log than one that was already signed and "
            "seen by a witness, as after the restore of a back-up. It neither writes nor reads.",
            "当前日志比见证方已确认的签名状态更旧，或与其不一致，例如恢复了旧备份。服务已停止读写。",
        ),
        remedy=Words(
            "The operator restores the newest back-up, or runs 'journey proof acknowledge-restore', which "
            "records in a signed statement that the events are lost.",
            "请运维人员恢复最新的备份；若数据确已丢失，请运行 journey proof acknowledge-restore，"
            "以签名声明的方式记录在案。",
        ),
    ),
)
"""What can be wrong with proofs and with the log that they are of."""
