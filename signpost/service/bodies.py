"""Request bodies: JSON only, parsed once, after whoever signed them is known.

FastAPI reads a body with Python's `json` and validates the objects that gives, before it runs any dependency of the
endpoint. Here the raw bytes are kept (`await request.body()` gives a dependency the very bytes a signature covers),
dependencies run first, and pydantic then parses and validates in one pass of its own. That also makes `strict` mean
what it should: in JSON a date or an enum *is* a string, and Python's objects would be refused.

Use: `async def lookup(asked: FromJson[LookupRequest], asker: Annotated[Asker, Depends(signed)])`.
A repeated key takes its last value, as in every common parser; only this one reads here, and it reads what was signed.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from starlette.responses import Response

from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["FromJson", "JsonRoute"]

T = TypeVar("T")


class _ParsedFromJson:
    """Makes pydantic parse the bytes itself, and publishes the schema of what is in them."""

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_schema(handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        assert schema["type"] == "json"
        return handler(schema["schema"])


FromJson = Annotated[T, _ParsedFromJson()]
"""A request body of that model. Only on routes of a `build_app` application."""


class _UnparsedRequest(Request):
    async def json(self) -> bytes:
        """The raw body: `FromJson` parses it."""
        return await self.body()


class JsonRoute(APIRoute):
    """A route whose body, where there is one, is application/json and reaches pydantic as bytes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_unparsed(request: Request) -> Response:
            unparsed = _UnparsedRequest(request.scope, request.receive)
            # Read here, and only here: the request keeps it for the dependencies and for `json`.
            if await unparsed.body() and not _is_json(unparsed.headers.get("content-type", "")):
                raise Problem(ProblemCode.UNSUPPORTED_MEDIA_TYPE)
            return await handle(unparsed)

        return handle_unparsed


def _is_json(content_type: str) -> bool:
    kind, _, parameters = content_type.partition(";")
    return kind.strip().lower() == "application/json" and parameters.strip().lower() in ("", "charset=utf-8")
