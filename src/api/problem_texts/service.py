"""Problems of the service itself: busy, behind, damaged."""

from api.problem_texts.problem_type import ProblemType
from journey.words import Words

PROBLEMS: tuple[ProblemType, ...] = (
    ProblemType(
        code="queue-full",
        status=503,
        title=Words("More events wait than may wait", "系统繁忙，写入队列已满"),
        meaning=Words(
            "Events arrive faster than they can be written, and the queue is full. This request wrote "
            "nothing; what was confirmed before is safe.",
            "事件到达速度超过写入速度，队列已满。本次请求未写入任何数据，此前已确认的事件不受影响。",
        ),
        remedy=Words(
            "Wait for the seconds that the header Retry-After names, then send the same events again with "
            "the same ids.",
            "请按响应头 Retry-After 给出的秒数等待后，以相同的事件编号重新发送。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="log-unavailable",
        status=503,
        title=Words("Events cannot be written at the moment", "事件日志暂时不可用"),
        meaning=Words(
            "The log of events cannot be reached, or other writers were faster each time. "
            "Nothing was written.",
            "事件日志暂时无法访问，或写入冲突多次未能解决，本次未写入任何数据。",
        ),
        remedy=Words(
            "Send the same events again with the same ids. If it lasts, tell the operator.",
            "请稍后以相同的事件编号重新发送；如持续出现，请联系运维人员。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="keys-unavailable",
        status=503,
        title=Words("Personal data cannot be sealed or opened at the moment", "个人信息暂时无法加密或解密"),
        meaning=Words(
            "The keys for personal data cannot be reached. Nothing was written; what holds no personal data "
            "goes on as ever.",
            "个人信息加密密钥暂时无法使用，本次未写入任何数据；不含个人信息的业务不受影响。",
        ),
        remedy=Words(
            "Send the same request again in a moment. If it lasts, tell the operator: the service names the "
            "cause in its log, such as a missing --key-directory.",
            "请稍后重试；如持续出现，请联系运维人员："
            "具体原因（例如未用 --key-directory 指定密钥目录）见服务日志。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="database-unavailable",
        status=503,
        title=Words("The database cannot be reached at the moment", "数据库暂时无法访问"),
        meaning=Words(
            "The database behind this answer cannot be reached, or has no connection free.",
            "该请求所需的数据库暂时无法访问，或没有空闲连接。",
        ),
        remedy=Words(
            "Send the same request again in a moment. If it lasts, tell the operator the incident number of "
            "the answer.",
            "请稍后重试；如持续出现，请将返回结果中的故障编号告知运维人员。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="outcome-unknown",
        status=503,
        title=Words("It is not known whether the event was written", "写入结果暂时无法确认"),
        meaning=Words(
            "The connection to the database was lost while the event was being written. It may be in the "
            "log, or not.",
            "写入过程中与数据库的连接中断，事件可能已写入，也可能未写入。",
        ),
        remedy=Words(
            "Send the same event again with the same id: it will count once.",
            "请以相同的事件编号重新发送同一事件，系统只会记录一次，不会重复。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="projection-behind",
        status=503,
        title=Words("The answer is not up to date yet", "查询数据尚未更新到所需位置"),
        meaning=Words(
            "The request asks for an answer that knows a certain event, and in the time allowed the data "
            "behind the answer did not get that far.",
            "请求要求结果包含指定事件，但在等待时间内查询数据尚未更新到该位置。",
        ),
        remedy=Words(
            "Ask again in a moment, allow a longer wait with Prefer: wait=…, or accept a stale answer by "
            "leaving out Prefer: handling=strict.",
            "请稍后再查；也可通过 Prefer: wait=… 延长等待时间，"
            "或去掉 Prefer: handling=strict 以接受稍旧的数据。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="projection-unavailable",
        status=503,
        title=Words("The data behind this answer is not available", "相关查询数据不可用"),
        meaning=Words(
            "The projection that this answer comes from has not been built, or has stopped with an error. "
            "No event is lost by that.",
            "该查询所依据的数据尚未生成，或因出错已停止更新；事件本身不会因此丢失。",
        ),
        remedy=Words(
            "An operator looks at /v1/projections, mends the cause and starts it again or rebuilds it.",
            "请运维人员查看 /v1/projections，排除原因后恢复更新或重新生成。",
        ),
    ),
    ProblemType(
        code="reads-unrecorded",
        status=503,
        title=Words("Readings of personal data cannot be recorded", "暂时无法登记个人信息的查阅记录"),
        meaning=Words(
            "Whoever reads personal data is recorded first, and the record could not be written. No personal "
            "data was told; answers without any go on.",
            "查阅个人信息须先留下记录，而记录暂时无法写入，因此未返回任何个人信息；不含个人信息的查询不受影响。",
        ),
        remedy=Words(
            "Send the same request again in a moment. If it lasts, tell the operator: the database of keys "
            "and records must take writes.",
            "请稍后重试；如持续出现，请联系运维人员检查存放密钥与查阅记录的数据库能否写入。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="damaged-event",
        status=500,
        title=Words("A stored event is damaged", "已存储的事件已损坏"),
        meaning=Words(
            "An event that is needed here is not what was appended, or cannot be read: its stored bytes "
            "were changed afterwards, by a faulty disk or by somebody. Nothing of it is told, and nothing is "
            "decided upon it; other customers are not affected.",
            "所需的某个事件与写入时的内容不一致，或已无法读取：其存储内容事后发生了变化，可能是磁盘故障，"
            "也可能是人为改动。系统不会返回其内容，也不会据此作出判断；其他客户不受影响。",
        ),
        remedy=Words(
            "Asking again does not help. The operator runs `journey verify`, which names the event, finds "
            "out how it came to be, and puts its bytes back from a back-up, as the page on operations says.",
            "重复请求无法解决。请联系运维人员运行 journey verify 定位该事件、查明原因，"
            "并按运维文档从备份中恢复其原始内容。",
        ),
    ),
    ProblemType(
        code="rebuild-impossible",
        status=409,
        title=Words("The rebuild cannot be started", "无法启动重新生成"),
        meaning=Words(
            "The projection cannot be rebuilt now, for instance because a rebuild of it is already under "
            "way.",
            "该查询数据当前无法重新生成，例如已有一次重新生成正在进行。",
        ),
        remedy=Words(
            "Look at the projection's state under /v1/projections and start again when it allows it.",
            "请在 /v1/projections 查看其状态，待条件允许后再启动。",
        ),
    ),
    ProblemType(
        code="internal-error",
        status=500,
        title=Words("Something went wrong inside the service", "服务内部错误"),
        meaning=Words(
            "The service met a fault of its own. The request was not at fault, as far as is known.",
            "服务自身出现故障，就目前所知与您的请求内容无关。",
        ),
        remedy=Words(
            "Tell the operator, with the incident number of the answer. Events can safely be sent again with "
            "the same ids.",
            "请将返回结果中的故障编号告知运维人员。事件可以用相同的编号重新发送，不会重复记录。",
        ),
    ),
)
"""What can be wrong although the request is right."""
