"""The words in which time limits are explained and refused."""

from collections.abc import Iterable, Mapping

from journey.deadlines.records import Status
from journey.rule_set import Limit, Unit
from journey.words import Words

UNITS: Mapping[Unit, Words] = {
    "days": Words("{count} calendar days", "{count}日"),
    "weeks": Words("{count} weeks", "{count}周"),
    "business_days": Words("{count} working days", "{count}个工作日"),
    "business_hours": Words("{count} working hours", "{count}个工作小时"),
}

STARTED = Words("The complaint arrived: the answer is due within {limit}", "收到投诉，应在{limit}内答复")
APPEALED = Words(
    "The customer appealed: a new time limit of {limit} begins", "客户申请核查，重新计算{limit}的处理期限"
)
ACKNOWLEDGED = Words("The customer was told that the complaint arrived", "已告知客户投诉受理情况")
SUSPENDED = Words(
    "An outside body appraises: from now on the time does not count",
    "委托外部机构鉴定，自即日起不计入处理期限",
)
RESUMED = Words("The outside body has answered: the time counts again", "外部鉴定完成，恢复计算处理期限")
STANDING = Words("The time limit still stands still", "处理期限仍在暂停")
EXTENDED = Words("Extended because: {ground}", "延长处理期限，事由：{ground}")
RESTARTED = Words(
    "The customer brought new facts: the {limit} begin again",
    "客户提出新的事实和理由，重新计算{limit}的处理期限",
)
NO_RESTART = Words(
    "The customer brought new facts; under these rules they do not change the time limit",
    "客户提出新的事实和理由，按本规则不影响处理期限",
)
MERGED = Words(
    "It is handled together with {into}, whose time limit counts", "与投诉{into}合并处理，以该投诉的期限为准"
)
ANSWERED = Words("The customer was answered", "已答复客户")
CLOSED = Words("The complaint was closed", "投诉已结案")
WITHDRAWN = Words("The customer withdrew the complaint: nothing is due any more", "客户撤回投诉，期限终止")
MISSED = Words("The time limit passed without an answer", "期限届满，尚未答复")
TOO_LATE_TO_COUNT = Words(
    "It came after the time limit had passed, and changes nothing", "发生时期限已届满，不影响期限认定"
)
NOT_COUNTED = Words("It does not count: {faults}", "不予计算：{faults}")

NOT_TOLD = Words(
    "The customer must be told, and when and how be recorded.", "须告知客户，并记录告知时间和方式。"
)
NOT_GRANTED = Words("These rules allow no extension.", "适用规则不允许延长处理期限。")
UNKNOWN_GROUND = Words(
    "These rules extend the time only because of: {known}.", "适用规则仅允许以下延长事由：{known}。"
)
WRONG_LEVEL = Words("It must be approved by one of: {known}.", "须经以下层级之一审批：{known}。")
TOO_LATE = Words("The time limit has passed already: {due}.", "处理期限已于{due}届满。")
NOT_BEFORE = Words(
    "An extension must end after the present time limit: {due}.", "延长后的期限须晚于现有期限：{due}。"
)
NOT_BEYOND = Words("An extension must not end after {latest}.", "延长后的期限不得晚于{latest}。")
UNPAUSABLE = Words("Under these rules the time never stands still.", "适用规则不允许中止计算处理期限。")
PAUSED_ALREADY = Words("The time limit stands still already.", "处理期限已处于中止状态。")
NOT_PAUSED = Words("The time limit does not stand still.", "处理期限未处于中止状态。")
NOT_MERGED = Words("These rules merge no complaints.", "适用规则不允许合并处理投诉。")
NO_SUCH_COMPLAINT = Words(
    "It must be another complaint of the same customer, still within its time limit.",
    "须为同一客户仍在处理期限内的另一项投诉。",
)

STATUSES: Mapping[Status, Words] = {
    "running": Words("Running", "计算中"),
    "suspended": Words("Suspended", "已中止"),
    "met": Words("Met", "按期办结"),
    "missed": Words("Missed", "已逾期"),
    "ended": Words("Nothing is due any more", "期限终止"),
}

BETWEEN = Words(", ", "、")
NEXT = Words(" ", "")


def filled(template: Words, **values: Words) -> Words:
    """Fill a text in both languages."""
    return Words(
        template.en.format_map({name: value.en for name, value in values.items()}),
        template.zh.format_map({name: value.zh for name, value in values.items()}),
    )


def listed(words: Iterable[Words], between: Words = BETWEEN) -> Words:
    """Put texts one behind the other."""
    known = list(words)
    return Words(between.en.join(each.en for each in known), between.zh.join(each.zh for each in known))


def length(limit: Limit) -> Words:
    """Say how long a limit is."""
    return Words(*(text.format(count=limit.within) for text in UNITS[limit.unit]))
