"""What is told of a case that waits: who holds the ball, for what, and what happens next."""

from collections.abc import Mapping
from typing import Literal

from journey.touchpoints.touchpoint import CaseKind
from journey.words import Words

Party = Literal["customer", "institution", "nobody"]
"""Who holds the ball."""

TURNS: Mapping[tuple[CaseKind, str | None], Party] = {
    ("consultation", "waiting"): "institution",
    ("consultation", "talking"): "institution",
    ("complaint", "registered"): "institution",
    ("complaint", "assigned"): "institution",
    ("complaint", "investigating"): "institution",
    ("complaint", "answered"): "customer",
    ("complaint", "appealed"): "institution",
    ("ticket", "open"): "institution",
    ("ticket", "routed"): "institution",
    ("ticket", "answered"): "customer",
    ("survey", "invited"): "customer",
    ("survey", "following_up"): "institution",
}
"""Who holds the ball in each state; nobody in all others."""

WAITED_FOR: Mapping[tuple[CaseKind, str | None], Words] = {
    ("consultation", "waiting"): Words("somebody to take your question up", "安排客服人员应答"),
    ("consultation", "talking"): Words("your question to be answered", "解答您的问题"),
    ("complaint", "registered"): Words("a department to be made responsible", "转交责任部门"),
    ("complaint", "assigned"): Words("your complaint to be looked into and answered", "调查并答复您的投诉"),
    ("complaint", "investigating"): Words("the answer to your complaint", "答复您的投诉"),
    ("complaint", "answered"): Words("your word on whether the answer settles it", "确认处理结果"),
    ("complaint", "appealed"): Words("your complaint to be examined again", "核查您的投诉"),
    ("ticket", "open"): Words("an answer to your problem", "答复您反映的问题"),
    ("ticket", "routed"): Words("an answer of the specialist team", "由专业团队答复您的问题"),
    ("ticket", "answered"): Words("your word on whether the problem is solved", "确认问题是否已解决"),
    ("survey", "invited"): Words("your opinion", "提交您的评价"),
    ("survey", "following_up"): Words("what you said to be looked into", "跟进您反馈的问题"),
}
"""What whoever holds the ball is to do."""

NEXT: Mapping[tuple[CaseKind, str], Words] = {
    ("consultation", "waiting"): Words(
        "You are in the queue[ of {team}]; the next free colleague takes your question up.",
        "您正在排队等候[（{team}）]，客服人员将尽快为您解答。",
    ),
    ("consultation", "talking"): Words(
        "A colleague is dealing with your question.",
        "客服人员正在为您解答。",
    ),
    ("consultation", "resolved"): Words(
        "Your question is settled; there is nothing more for you to do.",
        "您的问题已解答，无需其他操作。",
    ),
    ("consultation", "abandoned"): Words(
        "We did not get to your question in time; please ask again whenever it suits you.",
        "很抱歉未能及时为您解答，您可随时再次咨询。",
    ),
    ("complaint", "registered"): Words(
        "We have received your complaint; next it goes to the department that is responsible.",
        "我行已收到您的投诉，将尽快转交责任部门处理。",
    ),
    ("complaint", "assigned"): Words(
        "Your complaint is with {team}[, which answers it by {day}].",
        "您的投诉已由{team}受理[，将于{day}前答复您]。",
    ),
    ("complaint", "investigating"): Words(
        "We are looking into your complaint[ and answer it by {day}].",
        "我行正在调查处理您的投诉[，将于{day}前答复您]。",
    ),
    ("complaint", "answered"): Words(
        "Please tell us whether our answer settles the matter; if you do not accept it, you may appeal.",
        "请您确认处理结果；如有异议，可申请核查。",
    ),
    ("complaint", "appealed"): Words(
        "We are examining your complaint again and will tell you who is responsible and by when.",
        "我行正在核查您的投诉，将尽快告知您处理部门与办理时限。",
    ),
    ("complaint", "closed"): Words(
        "The complaint is closed; should you not accept the answer after all, you may still appeal.",
        "投诉已结案；如您对处理结果仍有异议，可申请核查。",
    ),
    ("complaint", "merged"): Words(
        "We handle this complaint together with {into}; you will have one answer to both.",
        "本次投诉已与{into}合并处理，将一并答复您。",
    ),
    ("complaint", "withdrawn"): Words(
        "You withdrew this complaint; you may complain again at any time.",
        "您已撤回本次投诉，如有需要可随时再次提出。",
    ),
    ("ticket", "open"): Words(
        "We have received your problem and will answer you.",
        "我行已收到您反映的问题，将尽快答复您。",
    ),
    ("ticket", "routed"): Words(
        "Your problem is with {team}, which will answer you.",
        "您的问题已转派至{team}，将由其尽快答复您。",
    ),
    ("ticket", "answered"): Words(
        "Please tell us whether the problem is solved.",
        "请您确认问题是否已解决。",
    ),
    ("ticket", "closed"): Words(
        "The ticket is closed; should the problem come back, tell us and we open it again.",
        "工单已关闭；如问题再次出现，请告知我行，我行将重新处理。",
    ),
    ("ticket", "converted"): Words(
        "Your problem goes on as complaint {complaint}; we answer it there.",
        "您反映的问题已转为投诉{complaint}处理，处理结果将通过该投诉答复您。",
    ),
    ("survey", "invited"): Words(
        "Please tell us how we did[ with {about}].",
        "诚邀您[对{about}]作出评价。",
    ),
    ("survey", "submitted"): Words(
        "Thank you for your opinion; there is nothing more for you to do.",
        "感谢您的评价，您无需其他操作。",
    ),
    ("survey", "expired"): Words(
        "The time for this survey is over; you may give us your opinion at any time through any channel.",
        "本次评价已过期，您仍可随时通过任一渠道向我行反馈意见。",
    ),
    ("survey", "following_up"): Words(
        "A colleague is looking into what you said and will tell you what came of it.",
        "我行已安排专人跟进您反馈的问题，并将告知您处理结果。",
    ),
    ("survey", "closed"): Words(
        "We have looked into what you said; there is nothing more for you to do.",
        "您反馈的问题已跟进完毕，您无需其他操作。",
    ),
}
"""One plain sentence by state."""

UNKNOWN = Words(
    "The record of this case is incomplete; please ask us where it stands.",
    "该业务单记录尚不完整，请向我行核实办理进度。",
)
"""What is said of a case of which only events were recorded that leave its state open."""

WAITING_MEANS = Words(
    "How long you waited in all: each time from the request or a transfer until a colleague took the "
    "question up or you left. A wait that still runs counts from `since` on and is not in `waited_s`.",
    "累计等待时长（秒）：每次自发起咨询或被转接起，至客服应答或您离开为止；"
    "仍在进行的等待自 since 起计，未计入 waited_s。",
)
"""What the waiting time of a consultation is."""
