"""Why a token is refused, and what its holder can do: nothing of the token is ever repeated."""

from collections.abc import Mapping
from typing import Literal

from api.problems import Problem
from journey.words import Words

Reason = Literal[
    "algorithm",
    "audience",
    "claims",
    "expired",
    "issuer",
    "malformed",
    "not-yet-valid",
    "signature",
    "source",
    "tenant",
    "unknown-key",
]

_DETAILS: Mapping[Reason, Words] = {
    "algorithm": Words(
        "The token is signed in a way that is not accepted here. Let the identity provider sign it with an "
        "algorithm that this service is configured for.",
        "该令牌的签名算法不被接受。请让身份平台改用本服务所配置的签名算法。",
    ),
    "audience": Words(
        "The token is meant for another service. Ask the identity provider for one whose audience is this "
        "service.",
        "该令牌是签发给其他服务的。请向身份平台申请受众（aud）为本服务的令牌。",
    ),
    "claims": Words(
        "The token lacks a claim, or one has the wrong type: iss, sub, aud, exp and tenant are needed. Let "
        "the identity provider add what is missing.",
        "该令牌缺少必要的声明，或声明的格式有误。iss、sub、aud、exp、tenant 均为必填，请在身份平台中补全。",
    ),
    "expired": Words(
        "The token has expired. Get a new one from the identity provider and send the request again.",
        "该令牌已过期，请从身份平台重新获取令牌后再试。",
    ),
    "issuer": Words(
        "The token comes from another identity provider. Get one from the provider of this service.",
        "该令牌由其他身份平台签发，请使用本服务所对接的身份平台签发的令牌。",
    ),
    "malformed": Words(
        "This is neither a key nor a token that can be read. Send the key, or the access token as the "
        "identity provider gave it.",
        "无法识别所提供的密钥或令牌。请提供密钥，或原样提供身份平台签发的访问令牌。",
    ),
    "not-yet-valid": Words(
        "The token is not valid yet. Wait until it is, and check the clocks of the machines.",
        "该令牌尚未生效，请稍后再试，并检查各机器的时钟是否准确。",
    ),
    "signature": Words(
        "The signature does not fit the token. Send the token unchanged, or get a new one from the identity "
        "provider.",
        "该令牌的签名不正确。请原样提供令牌，或从身份平台重新获取。",
    ),
    "source": Words(
        "The token may write events but does not say of which source. Let the identity provider add the "
        "claim source.",
        "该令牌可以上报事件，但未指明来源系统。请在身份平台中为其添加 source 声明。",
    ),
    "tenant": Words(
        "The token belongs to another legal entity. Send the request to that entity's own address, or get a "
        "token for this one.",
        "该令牌属于其他法人机构。请改用该机构自己的服务地址，或获取本机构的令牌。",
    ),
    "unknown-key": Words(
        "The token is signed with a key that the identity provider does not tell, or tells no more. Get a "
        "new token.",
        "该令牌所用的签名密钥未被身份平台公布或已停用，请重新获取令牌。",
    ),
}


def refused(reason: Reason) -> Problem:
    """Return the problem of a token that is refused for a reason."""
    challenge = f'Bearer realm="journey", error="invalid_token", error_description="{reason}"'
    return Problem(
        "unauthorized", _DETAILS[reason], extra={"reason": reason}, headers={"WWW-Authenticate": challenge}
    )
