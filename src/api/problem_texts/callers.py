"""Problems of who calls: no key, not this right, too often."""

from api.problem_texts.problem_type import ProblemType
from journey.words import Words

PROBLEMS: tuple[ProblemType, ...] = (
    ProblemType(
        code="unauthorized",
        status=401,
        title=Words("The caller is not known", "身份未通过验证"),
        meaning=Words(
            "The request carries no key or token, or one that is wrong, expired or withdrawn.",
            "请求未携带密钥或令牌，或其内容有误、已过期、已停用。",
        ),
        remedy=Words(
            "Send a valid API key or token as Authorization: Bearer …. A key comes "
            "from an operator of the service, a token from the identity provider.",
            "请在请求头 Authorization 中以 Bearer 方式携带有效的密钥或令牌。"
            "密钥由本服务的管理员签发，令牌由身份平台签发。",
        ),
    ),
    ProblemType(
        code="insufficient-scope",
        status=403,
        title=Words("The key does not allow this", "权限不足"),
        meaning=Words(
            "The caller is known, but the key or token lacks the scope that this request needs.",
            "身份已确认，但当前密钥或令牌没有办理此操作的权限。",
        ),
        remedy=Words(
            "Use a key that has the scope named in the answer, or ask an operator for one.",
            "请使用具备所需权限的密钥，或向管理员申请。",
        ),
    ),
    ProblemType(
        code="source-not-yours",
        status=403,
        title=Words("The source belongs to another sender", "不能以其他来源系统的名义发送"),
        meaning=Words(
            "The key may send events only for its own source, and the event names another one. "
            "It was not written.",
            "当前密钥只能代表其绑定的来源系统发送事件，而该事件填写了其他来源，未写入。",
        ),
        remedy=Words(
            "Write the source that the key is bound to, or use the key of the system that the event is from.",
            "请填写密钥所绑定的来源系统，或改用该来源系统自己的密钥。",
        ),
    ),
    ProblemType(
        code="token-keys-unavailable",
        status=503,
        title=Words("Tokens cannot be checked at the moment", "暂时无法验证令牌"),
        meaning=Words(
            "The identity provider's keys could not be reached for a while, so no token can be told from a "
            "forged one. API keys still work.",
            "已有一段时间无法获取身份平台的公钥，无法辨别令牌真伪；访问密钥不受影响。",
        ),
        remedy=Words(
            "Send the same request again in a moment. If it lasts, tell the operator: the identity provider "
            "must be reachable from the service.",
            "请稍后重试；如持续出现，请联系运维人员检查本服务能否访问身份平台。",
        ),
        retryable=True,
    ),
    ProblemType(
        code="too-many-requests",
        status=429,
        title=Words("Too many requests", "请求过于频繁"),
        meaning=Words(
            "The caller sent more requests than it may in this time. This one was not carried out.",
            "单位时间内的请求次数超过上限，本次请求未执行。",
        ),
        remedy=Words(
            "Wait for the seconds that the header Retry-After names, then send the request again; many "
            "events go best in one batch.",
            "请按响应头 Retry-After 给出的秒数等待后再试；事件较多时建议合并为批次发送。",
        ),
        retryable=True,
    ),
)
"""What can stand between a caller and an answer."""
