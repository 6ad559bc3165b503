"""What an applicant is told: what happens next, what is waited for, what to do after a rejection."""

from collections.abc import Mapping

from journey.words import Words

YOU = Words("you", "您")
INSTITUTION = Words("the institution", "我行")

NEXT: Mapping[str, Words] = {
    "unknown": Words(
        "The record of this application is incomplete; please ask us where it stands.",
        "该笔申请记录尚不完整，请向客户经理或客服核实办理进度。",
    ),
    "draft": Words(
        "Complete your application and submit it.",
        "请完善申请信息后提交。",
    ),
    "draft_missing": Words(
        "Hand in what is missing ({materials}) and submit your application.",
        "请备齐以下材料后提交申请：{materials}。",
    ),
    "submitted": Words(
        "We have received your application; the review begins next.",
        "我行已收到您的申请，即将进入审批。",
    ),
    "submitted_missing": Words(
        "We have received your application; please still hand in: {materials}.",
        "我行已收到您的申请，请尽快补交以下材料：{materials}。",
    ),
    "in_review": Words(
        "The review is under way; the decision comes next.",
        "申请正在审批中，请等待审批结果。",
    ),
    "in_review_step": Words(
        "The review is under way: {step}[ (responsible: {owner})].",
        "申请正在审批中，当前环节：{step}[（{owner}负责）]。",
    ),
    "offer": Words(
        "Please read offer {offer} and accept or decline it.",
        "请查看方案{offer}，并确认接受或谢绝。",
    ),
    "supplementing": Words(
        "Please hand in[ by {day}]: {materials}.",
        "请[于{day}前]补交以下材料：{materials}。",
    ),
    "supplementing_all": Words(
        "All materials that were asked for have arrived; confirm them as complete and the review goes on.",
        "所需材料已收齐，请确认补件完成，以便继续审批。",
    ),
    "approved": Words(
        "Your application is approved; delivery begins next.",
        "您的申请已审批通过，我行即将为您办理后续手续。",
    ),
    "approved_step": Words(
        "Your application is approved; next comes: {step}[ (responsible: {owner})].",
        "您的申请已审批通过，下一环节：{step}[（{owner}负责）]。",
    ),
    "delivering": Words(
        "Delivery is under way[ and promised for {day}].",
        "业务正在办理中[，承诺于{day}办结]。",
    ),
    "delivering_step": Words(
        "Delivery is under way: {step}[ (responsible: {owner})][, promised to be finished on {day}].",
        "业务正在办理中，当前环节：{step}[（{owner}负责）][，承诺于{day}办结]。",
    ),
    "delayed": Words(
        "Delivery is delayed ({reason}); it is now promised for {day}.",
        "业务办理延期，原因：{reason}；新的承诺办结时间为{day}。",
    ),
    "delivered": Words(
        "Everything is done; there is nothing more for you to do.",
        "业务已办结，您无需再办理其他手续。",
    ),
    "rejected": Words(
        "This application is closed; your customer manager can tell you what else suits you.",
        "本次申请已结束，如需了解其他适合您的产品，请咨询客户经理。",
    ),
    "rejected_resubmit": Words(
        "Mend what the reasons name, then submit the application again.",
        "请对照未通过原因补充完善后重新提交申请。",
    ),
    "withdrawn": Words(
        "You withdrew this application; you may apply again at any time.",
        "您已撤回本次申请，如有需要可随时重新申请。",
    ),
    "failed": Words(
        "Delivery could not be completed[: {reason}]; please contact your customer manager.",
        "业务未能办理成功[，原因：{reason}]，请联系客户经理处理。",
    ),
}
"""One plain sentence by situation."""

WAITED_FOR: Mapping[str, Words] = {
    "draft": Words("your completed application", "完善并提交申请"),
    "submitted": Words("the review to begin", "受理申请并开始审批"),
    "in_review": Words("the decision", "作出审批决定"),
    "offer": Words("your answer to offer {offer}", "对方案{offer}作出答复"),
    "supplementing": Words("the materials asked for", "补交所需材料"),
    "approved": Words("delivery to begin", "开始办理"),
    "delivering": Words("the delivery to be completed", "完成业务办理"),
    "rejected": Words("your new submission, should you want another review", "重新提交申请（如需再次审批）"),
}
"""What somebody is to do by situation; a step that runs is named instead."""

AFTER_REJECTION: Mapping[bool, Words] = {
    True: Words(
        "Mend what the reasons name, then submit the same application again: a new round of review begins.",
        "请对照未通过原因补充完善后，通过原申请重新提交，我行将重新审批。",
    ),
    False: Words(
        "This application cannot be submitted again; your customer manager explains the decision to you "
        "and what else suits you.",
        "本次申请不支持重新提交；如对结果有疑问或需了解其他适合您的产品，请咨询客户经理。",
    ),
}
"""What to do after a rejection, by whether the application may be submitted again."""

LIST_SEPARATOR = Words(", ", "、")
