"""A bare ASGI callable: what server and generator reach when the application is nothing."""

from typing import Any

_BODY = b'{"position":1}'
_START = {
    "type": "http.response.start",
    "status": 201,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_BODY))],
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Take a request and answer it."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
        return
    while (await receive()).get("more_body"):
        pass
    await send(_START)
    await send({"type": "http.response.body", "body": _BODY})
