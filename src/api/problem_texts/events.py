"""Problems of an event: what it says, when it comes, and what it comes after."""

from api.problem_texts.problem_type import ProblemType
from journey.words import Words

PROBLEMS: tuple[ProblemType, ...] = (
    ProblemType(
        code="invalid-event",
        status=422,
        title=Words("The event is not valid", "事件内容不符合要求"),
        meaning=Words(
            "Fields of the event are missing, unknown, or hold what their type does not allow. "
            "It was not written.",
            "事件中有字段缺失、多余或取值不符合该类型的定义，未写入。",
        ),
        remedy=Words(
            "Correct every field that the answer names and send the event again; /v1/event-types shows the "
            "schema of its type.",
            "请按返回结果中列出的字段逐一更正后重新发送；各类型的字段定义见 /v1/event-types。",
        ),
    ),
    ProblemType(
        code="unknown-event-type",
        status=422,
        title=Words("There is no such type of event", "没有该事件类型"),
        meaning=Words(
            "The catalogue does not have the type that the event names. It was not written.",
            "事件目录中没有所填写的类型，事件未写入。",
        ),
        remedy=Words(
            "Choose a type from /v1/event-types; what fits none can be sent as interaction.recorded.",
            "请从 /v1/event-types 中选择类型；没有合适类型的，可使用 interaction.recorded 记录。",
        ),
    ),
    ProblemType(
        code="reserved-type",
        status=403,
        title=Words("Only the service writes events of this type", "该类型的事件只能由系统写入"),
        meaning=Words(
            "The service itself writes events of this type, as the result of something else. "
            "This one was not written.",
            "该类型的事件由系统在办理其他业务时自动产生，不接受外部写入，本次未写入。",
        ),
        remedy=Words(
            "Ask for what leads to it instead: a customer is erased through the privacy interface.",
            "请通过相应的接口办理，例如客户信息的删除应通过隐私管理接口提出。",
        ),
    ),
    ProblemType(
        code="case-required",
        status=422,
        title=Words("The number of the case is missing", "缺少业务单编号"),
        meaning=Words(
            "This type of event continues a case, and the event does not say which. It was not written.",
            "该类型的事件是对已有业务单的后续办理，但未填写业务单编号，未写入。",
        ),
        remedy=Words(
            "Send the case number that the answer to the opening event told, as the attribute case.",
            "请在 case 属性中填写业务单编号，该编号在开立业务单时已返回。",
        ),
    ),
    ProblemType(
        code="illegal-transition",
        status=409,
        title=Words("The case does not allow this now", "业务单当前状态不允许该操作"),
        meaning=Words(
            "In its present state the case does not allow an event of this type. It was not written.",
            "按业务单当前所处的状态，不能发生该类型的事件，未写入。",
        ),
        remedy=Words(
            "Look at the state of the case and at what is allowed now. Send first what is still missing; a "
            "fact that happened out of order can be kept with lifecycle=record.",
            "请核对业务单状态和当前允许的操作，先补发遗漏的事件；"
            "确已发生但次序不符的情况，可通过 lifecycle=record 如实记录。",
        ),
    ),
    ProblemType(
        code="case-of-another-kind",
        status=409,
        title=Words("The case is of another kind", "业务单类别不符"),
        meaning=Words(
            "The number belongs to a case that events of this type do not concern. It was not written.",
            "所填编号对应的业务单类别与该事件类型不符，未写入。",
        ),
        remedy=Words(
            "Check the case number and the type of the event.", "请核对业务单编号和事件类型是否对应。"
        ),
    ),
    ProblemType(
        code="case-of-another-customer",
        status=409,
        title=Words("The case belongs to another customer", "业务单不属于该客户"),
        meaning=Words(
            "The case number is taken in the journey of another customer. The event was not written.",
            "所填业务单编号属于其他客户，事件未写入。",
        ),
        remedy=Words(
            "Check the customer and the case number. To open a case, leave the number out: the service gives "
            "one.",
            "请核对客户编号和业务单编号。新开业务单时可不填编号，由系统自动生成。",
        ),
    ),
    ProblemType(
        code="resubmission-not-allowed",
        status=409,
        title=Words("The rejection was final", "该申请不可再次提交"),
        meaning=Words(
            "The application was rejected in a way that excludes another round. The event was not written.",
            "该申请的审批未通过且结论为不可再次提交，事件未写入。",
        ),
        remedy=Words(
            "Start a new application, or talk to the department that rejected this one.",
            "请重新发起申请，或与作出审批结论的部门联系。",
        ),
    ),
    ProblemType(
        code="materials-missing",
        status=422,
        title=Words("Required materials are missing", "必备材料不齐全"),
        meaning=Words(
            "The product demands materials that the application does not name yet. "
            "The event was not written.",
            "该产品要求的必备材料尚未全部提供，事件未写入。",
        ),
        remedy=Words(
            "Add the materials that the answer names, then submit the application again.",
            "请补齐返回结果中列出的材料后再次提交。",
        ),
    ),
    ProblemType(
        code="event-id-reused",
        status=409,
        title=Words("The event id is already used", "事件编号重复"),
        meaning=Words(
            "The source sent another event with other content under this id before. This one was not "
            "written; the earlier one stands.",
            "该来源系统此前已用相同编号发送过内容不同的事件。本次未写入，原事件保持不变。",
        ),
        remedy=Words(
            "Give every event an id of its own. To correct what was sent, send a new event; to repeat a "
            "request, send exactly the same content.",
            "请为每个事件使用唯一编号。需要更正时请另发新事件；需要重发时内容须与原事件完全一致。",
        ),
    ),
    ProblemType(
        code="version-mismatch",
        status=412,
        title=Words("The customer's journey has moved on", "客户旅程已有更新"),
        meaning=Words(
            "The journey is not at the version that If-Match names: other events came first. "
            "This one was not written.",
            "客户旅程的当前版本与 If-Match 指定的版本不一致，期间已有其他事件写入，本次未写入。",
        ),
        remedy=Words(
            "Read the journey again, check whether the event still makes sense, and send it with the version "
            "that the answer names.",
            "请重新查看客户旅程，确认该事件仍然适用后，以返回的最新版本号重新发送。",
        ),
    ),
    ProblemType(
        code="batch-aborted",
        status=409,
        title=Words("Another event of the batch was refused", "同批次中有其他事件被拒绝"),
        meaning=Words(
            "The batch was to be written as a whole or not at all, and another event of it was refused. "
            "This one was not written either.",
            "该批次要求全部成功或全部不写入，因其中有其他事件被拒绝，本事件也未写入。",
        ),
        remedy=Words(
            "Correct or leave out the refused events and send the batch again.",
            "请更正或剔除被拒绝的事件后，重新发送整个批次。",
        ),
    ),
    ProblemType(
        code="personal-data-erased",
        status=409,
        title=Words("The customer's personal data was erased", "该客户的个人信息已删除"),
        meaning=Words(
            "The personal data of this customer was erased for good, and the event holds some. "
            "It was not written.",
            "该客户的个人信息已永久删除，而本事件含有个人信息，未写入。",
        ),
        remedy=Words(
            "Send the event without these fields where it may lack them. Who comes back, or complains, is a "
            "new customer to the service: send the event with a new subject; a complaint may name an earlier "
            "case in about.",
            "可以省略的字段请省略后重新发送。客户重新建立业务关系或提出投诉的，"
            "请使用新的客户标识（subject）上报，投诉可在 about 中注明原业务单编号。",
        ),
    ),
    ProblemType(
        code="processing-restricted",
        status=409,
        title=Words("The customer's data may not be used", "该客户的个人信息已限制处理"),
        meaning=Words(
            "The use of this customer's data is restricted: only cases under way are recorded to their end, "
            "and complaints are taken. The event was not written.",
            "该客户的个人信息已限制处理：仅继续记录在办业务单，并受理投诉，本事件未写入。",
        ),
        remedy=Words(
            "Stop sending events of this customer's. Who manages privacy can tell why, and until when.",
            "请停止上报该客户的事件；限制的原因和期限可咨询个人信息保护负责人。",
        ),
    ),
    ProblemType(
        code="unstorable",
        status=422,
        title=Words("The database cannot hold this event", "事件内容无法存储"),
        meaning=Words(
            "A value of the event is one that the database cannot keep exactly. It was not written.",
            "事件中有数据库无法准确保存的内容，未写入。",
        ),
        remedy=Words(
            "Look for unusual characters and very large numbers, and send the event again without them.",
            "请检查是否含有特殊字符或过大的数值，去除后重新发送。",
        ),
    ),
)
"""What can be wrong with one event, in its batch and its journey."""
