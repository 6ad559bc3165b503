"""Problems of time limits: a change that the rules do not allow, and a limit that nobody can tell."""

from api.problem_texts.problem_type import ProblemType
from journey.words import Words

PROBLEMS: tuple[ProblemType, ...] = (
    ProblemType(
        code="time-limit-refused",
        status=422,
        title=Words("The rules do not allow this change of the time limit", "适用规则不允许如此变更处理期限"),
        meaning=Words(
            "The rule set of the complaint does not allow the time limit to be extended, suspended or merged "
            "in this way. The event was not written.",
            "按投诉适用的期限规则，不能如此延长、中止或合并处理期限，事件未写入。",
        ),
        remedy=Words(
            "Correct every field that the answer names; /v1/complaints/{number}/deadlines shows the time "
            "limit and the rule behind it. What has happened nevertheless can be kept with "
            "lifecycle=record, and does not change the limit.",
            "请按返回结果中列出的字段逐一更正；期限及其依据见 /v1/complaints/{number}/deadlines。"
            "确已发生的情况可通过 lifecycle=record 如实记录，但不影响期限认定。",
        ),
    ),
    ProblemType(
        code="deadline-unknown",
        status=500,
        title=Words("Nobody can tell the time limit", "无法确定处理期限"),
        meaning=Words(
            "The rule set of the complaint is not there, was not in force when the complaint began, or "
            "counts working days of a year whose holidays are not known yet.",
            "投诉适用的期限规则不存在，或在投诉提出时尚未生效，或需计算工作日的年份尚无节假日安排数据。",
        ),
        remedy=Words(
            "Tell the operator: the rule set or the year's holidays must be added. Nothing is guessed.",
            "请告知运维人员补充相应规则或该年度节假日安排；系统不作推测。",
        ),
    ),
)
"""What can be wrong with a time limit."""
