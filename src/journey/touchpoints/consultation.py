"""Consultations: a customer asks, waits and is answered, or finds the answer alone."""

from typing import Annotated

from journey.touchpoints.touchpoint import Code, FreeText, Note, Staff, StaffOnly, Touchpoint, lawful
from journey.words import Words


class ConsultationRequested(Touchpoint):
    """A customer asks a question: waiting begins."""

    type = "consultation.requested"
    stage = "consultation"
    case = "consultation"
    moves = lawful("- -> waiting")
    title = Words("Consultation requested", "发起咨询")
    says = Words("Asked about {topic}[ ({product})]", "咨询{topic}[（{product}）]")

    topic: Code
    category: Code
    product: Code | None = None
    question: FreeText | None = None
    priority: Annotated[Code, StaffOnly("the institution's own judgement")] | None = None


class ConsultationAssigned(Touchpoint):
    """An agent who serves the customer's segment is named."""

    type = "consultation.assigned"
    stage = "consultation"
    case = "consultation"
    moves = lawful("waiting -> waiting")
    title = Words("Consultation assigned", "分配客服")
    says = Words("Assigned to {team}", "已分配给{team}")

    agent: Staff
    team: Code


class ConsultationArticleOffered(Touchpoint):
    """The knowledge base has an answer, and the customer is pointed to it."""

    type = "consultation.article_offered"
    stage = "consultation"
    case = "consultation"
    moves = lawful("waiting -> same")
    title = Words("Article offered", "推荐知识库文章")
    says = Words("Article {article} may answer the question", "推荐知识库文章{article}")

    article: Code


class ConsultationAnswered(Touchpoint):
    """An agent takes the question up: waiting ends."""

    type = "consultation.answered"
    stage = "consultation"
    case = "consultation"
    moves = lawful("waiting -> talking")
    title = Words("Consultation answered", "客服应答")
    says = Words("An agent took the question up", "客服人员开始接待")

    agent: Staff


class ConsultationTransferred(Touchpoint):
    """The customer is passed on to another team and waits again."""

    type = "consultation.transferred"
    stage = "consultation"
    case = "consultation"
    moves = lawful("talking -> waiting")
    title = Words("Consultation transferred", "转接咨询")
    says = Words("Passed on to {to_team}", "转接至{to_team}")

    to_team: Code
    reason: Note


class ConsultationResolved(Touchpoint):
    """The question is settled."""

    type = "consultation.resolved"
    stage = "consultation"
    case = "consultation"
    moves = lawful("talking -> resolved")
    title = Words("Consultation resolved", "咨询办结")
    says = Words("The question was settled", "咨询问题已解决")

    outcome: Code
    first_contact: bool
    """Whether one contact was enough."""
    answer: FreeText | None = None


class ConsultationSelfServed(Touchpoint):
    """The customer finds the answer in the knowledge base."""

    type = "consultation.self_served"
    stage = "consultation"
    case = "consultation"
    moves = lawful("-, waiting -> resolved")
    title = Words("Answer found by self-service", "自助解答")
    says = Words("Found the answer in article {article}", "通过知识库文章{article}自助解答")

    article: Code
    helpful: bool | None = None


class ConsultationAbandoned(Touchpoint):
    """The customer gives up waiting."""

    type = "consultation.abandoned"
    stage = "consultation"
    case = "consultation"
    moves = lawful("waiting -> abandoned")
    title = Words("Consultation abandoned", "放弃等待")
    says = Words("Left before an agent answered", "客服应答前客户已离开")

    waited_reason: Code | None = None
    """Why the wait was long."""


ConsultationTouchpoint = (
    ConsultationRequested
    | ConsultationAssigned
    | ConsultationArticleOffered
    | ConsultationAnswered
    | ConsultationTransferred
    | ConsultationResolved
    | ConsultationSelfServed
    | ConsultationAbandoned
)
