"""Problems of a connection: what comes over it is no request, comes too slowly, or is too much."""

from api.problem_texts.problem_type import ProblemType
from journey.words import Words

PROBLEMS: tuple[ProblemType, ...] = (
    ProblemType(
        code="malformed-request",
        status=400,
        title=Words("This is not HTTP", "请求不符合 HTTP 规范"),
        meaning=Words(
            "What came over the connection cannot be read as an HTTP/1.1 request. It is closed.",
            "连接中收到的内容无法按 HTTP/1.1 请求解析，连接即将关闭。",
        ),
        remedy=Words(
            "Send requests with an HTTP library; look at a proxy in between that may cut or change them.",
            "请使用成熟的 HTTP 组件发送请求，并检查中间的代理是否截断或改动了内容。",
        ),
    ),
    ProblemType(
        code="request-timeout",
        status=408,
        title=Words("The request came too slowly", "请求发送过慢"),
        meaning=Words(
            "The head of the request was not complete in time, or its body came too slowly. "
            "The request was not carried out.",
            "请求头未在规定时间内发送完毕，或请求内容发送过慢，该请求未执行。",
        ),
        remedy=Words(
            "Send the request in one go. Close a connection that has nothing to send, or let it rest between "
            "whole requests.",
            "请一次性发送完整请求；没有内容要发送时请关闭连接，或仅在两次完整请求之间保持空闲。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="head-too-large",
        status=431,
        title=Words("The head of the request is too large", "请求头过大"),
        meaning=Words(
            "Address and headers together are larger than allowed, or there are too many headers.",
            "请求地址与请求头的总长度超过上限，或请求头数量过多。",
        ),
        remedy=Words(
            "Leave out headers that the service does not need, such as cookies, and shorten the address.",
            "请去除服务不需要的请求头（例如 Cookie），并缩短请求地址。",
        ),
    ),
    ProblemType(
        code="busy",
        status=503,
        title=Words("Too many requests at once", "同时处理的请求过多"),
        meaning=Words(
            "The service is answering as many requests as it can at once. This one was not carried out.",
            "服务同时处理的请求已达上限，该请求未执行。",
        ),
        remedy=Words(
            "Send the same request again after a moment; send many events in one batch.",
            "请稍候以相同内容重新发送；事件较多时建议合并为批次发送。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="connection-limit",
        status=503,
        title=Words("Too many connections", "连接数过多"),
        meaning=Words(
            "The service, or this address, has as many connections as it may have. The new one is closed.",
            "服务或该来源地址的连接数已达上限，新连接即将关闭。",
        ),
        remedy=Words(
            "Keep connections and use them again instead of opening one for each request; try again after "
            "a moment.",
            "请复用已有连接，不要为每个请求新建连接；稍候再试。",
        ),
        retryable=True,
    ),
)
"""What can be wrong before there is a request, or with how it comes."""
