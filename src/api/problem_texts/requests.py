"""Problems of a request as such: its address, its headers, its body as bytes."""

from api.problem_texts.problem_type import ProblemType
from journey.words import Words

PROBLEMS: tuple[ProblemType, ...] = (
    ProblemType(
        code="malformed-json",
        status=400,
        title=Words("The body is not sound JSON", "请求内容不是规范的 JSON"),
        meaning=Words(
            "The body cannot be read as JSON that every reader understands in the same way. "
            "Nothing was written.",
            "请求内容无法按规范的 JSON 读取，或不同系统读取后结果可能不一致，因此未写入任何数据。",
        ),
        remedy=Words(
            "Correct the places that the answer names. Write JSON with a library, in UTF-8 and without a "
            "byte order mark; send numbers of more than 15 digits as text.",
            "请按返回的出错位置逐一修改。建议用成熟的 JSON 组件生成报文，使用不带 BOM 的 UTF-8 编码；"
            "超过15位的数字请以文本形式发送。",
        ),
    ),
    ProblemType(
        code="invalid-parameter",
        status=422,
        title=Words("A parameter is not valid", "请求参数有误"),
        meaning=Words(
            "A parameter in the address, a header or a field of the body has a value that this request does "
            "not take.",
            "地址参数、请求头或请求内容中的某些字段不符合接口要求。",
        ),
        remedy=Words(
            "Correct each parameter that the answer names; the interface's description tells what "
            "is allowed.",
            "请按返回结果中列出的参数逐一更正，取值范围见接口说明。",
        ),
    ),
    ProblemType(
        code="unsupported-content-type",
        status=415,
        title=Words("This content type is not read here", "不支持的内容类型"),
        meaning=Words(
            "The Content-Type of the request is missing, or is none that this address reads.",
            "请求头 Content-Type 缺失，或不是该接口支持的类型。",
        ),
        remedy=Words(
            "Send an event as application/cloudevents+json or application/json, a batch as "
            "application/cloudevents-batch+json, a bulk load as application/x-ndjson.",
            "单个事件请使用 application/cloudevents+json 或 application/json，"
            "批次请使用 application/cloudevents-batch+json，大批量导入请使用 application/x-ndjson。",
        ),
    ),
    ProblemType(
        code="unsupported-encoding",
        status=415,
        title=Words("This encoding is not read here", "不支持的编码方式"),
        meaning=Words(
            "The body is compressed in a way, or written in a character set, that the service does not read.",
            "请求内容采用了本服务不支持的压缩方式或字符集。",
        ),
        remedy=Words(
            "Send the body in UTF-8, uncompressed or in an encoding that the answer names.",
            "请使用 UTF-8 编码发送；不要压缩，或采用返回结果中列出的压缩方式。",
        ),
    ),
    ProblemType(
        code="event-too-large",
        status=413,
        title=Words("The event is too large", "单个事件超过大小上限"),
        meaning=Words(
            "The event has more bytes than one event may have. It was not written.",
            "该事件的字节数超过单个事件的上限，未写入。",
        ),
        remedy=Words(
            "Keep documents and pictures where they belong and send their references. The operator can raise "
            "the limit.",
            "文件、影像等请存放在原系统，事件中只传引用编号；如确有需要，请联系运维人员调整上限。",
        ),
    ),
    ProblemType(
        code="batch-too-large",
        status=413,
        title=Words("The batch is too large", "批次超过大小上限"),
        meaning=Words(
            "The batch has more events or more bytes than one batch may have. Nothing of it was written.",
            "该批次的事件数或字节数超过上限，整批均未写入。",
        ),
        remedy=Words(
            "Send several smaller batches, or a stream as application/x-ndjson, which may have any length.",
            "请拆分为多个较小的批次，或改用 application/x-ndjson 流式发送，长度不限。",
        ),
    ),
    ProblemType(
        code="precondition-malformed",
        status=400,
        title=Words("The precondition cannot be read", "前置条件格式有误"),
        meaning=Words(
            "The header If-Match does not hold one version of a customer's stream.",
            "请求头 If-Match 不是有效的客户旅程版本号。",
        ),
        remedy=Words(
            'Send one version in quotes, such as If-Match: "17", or leave the header out.',
            '请在引号中填写一个版本号，例如 If-Match: "17"；不需要校验版本时请去掉该请求头。',
        ),
    ),
    ProblemType(
        code="not-found",
        status=404,
        title=Words("Not found", "未找到"),
        meaning=Words(
            "There is nothing at this address, or nothing that you may see.",
            "该地址没有对应内容，或您无权查看。",
        ),
        remedy=Words(
            "Check the address and the number. What was sent a moment ago can take a second to appear.",
            "请核对地址和编号。刚刚提交的内容可能需要片刻才能查到。",
        ),
    ),
    ProblemType(
        code="case-number-mistyped",
        status=404,
        title=Words("The case number is mistyped", "业务单编号有误"),
        meaning=Words(
            "The check character does not fit the rest of the number: a character is wrong, missing or "
            "swapped with its neighbour.",
            "编号的校验位不符，可能有字符输错、遗漏或前后颠倒。",
        ),
        remedy=Words("Compare the number with the original.", "请对照原始凭证核对编号后重新输入。"),
    ),
    ProblemType(
        code="method-not-allowed",
        status=405,
        title=Words("This address does not take this method", "不支持该请求方法"),
        meaning=Words(
            "The address exists, but not for the method of the request.",
            "该地址存在，但不支持当前的请求方法。",
        ),
        remedy=Words(
            "Use a method that the header Allow of the answer names.",
            "请使用响应头 Allow 中列出的请求方法。",
        ),
    ),
    ProblemType(
        code="not-acceptable",
        status=406,
        title=Words("No form of the answer suits the request", "无法按要求的格式返回"),
        meaning=Words(
            "The answer cannot be given in a media type that the header Accept names.",
            "请求头 Accept 中列出的格式，该接口均不支持。",
        ),
        remedy=Words(
            "Accept application/json, which every address gives, or a format that the interface's "
            "description names for this address.",
            "请接受 application/json（所有接口均支持），或选用接口说明中为该地址列出的格式。",
        ),
    ),
)
"""What can be wrong before anybody asks what the request means."""
