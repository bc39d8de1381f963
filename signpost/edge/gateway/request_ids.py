"""`X-Request-ID`: given back as it came, where it is of its form, so that a caller finds its own request again. It is
in no log: a caller could put anything into it.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["RequestIds"]

_NAME: Final = b"x-request-id"
_FORM: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestIds:
    """Wraps an ASGI application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == _NAME]
        if len(given) != 1 or not _FORM.fullmatch(given[0]):
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (_NAME, given[0])]
            await send(message)

        await self._app(scope, receive, answer)
