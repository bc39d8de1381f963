"""Feeds by upload in the web API: for a data officer's session (an administrator's sees), beside the pages, which call
the same.

An upload has a road of its own at the door (`feed_roads`): nothing of it is taken in before it is known who sends it,
and that they may. An address names a run, which is about nobody.
"""

# Annotations here are values: FastAPI reads `signed_in_as`, which only exists inside `add_feed_doors`.
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Path, Request, Response

from signpost.edge.feeds.extract import FeedFormat, Missing
from signpost.edge.gateway.app import Gateway
from signpost.edge.gateway.feeds.listing import csv_file
from signpost.edge.gateway.feeds.receiving import pieces_of
from signpost.edge.gateway.feeds.shown import FeedShown, FeedsShown
from signpost.edge.gateway.sessions import Session
from signpost.protocol.problems import ProblemCode
from signpost.service.door import Road
from signpost.service.web import refusals

__all__ = ["UPLOAD_PAGE", "add_feed_doors", "feed_roads"]

_FEEDS: Final = "/api/v1/feeds"
UPLOAD_PAGE: Final = "/feeds/upload"
"""Where the page's form is sent."""
_UPLOAD_SECONDS: Final = 1800.0
"""64 MiB in this time is 37 KiB a second."""
_STALL_SECONDS: Final = 30.0
_C = ProblemCode

_FeedName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{12}$")]
_File: Final = {"type": "string", "format": "binary"}
_UPLOAD: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["format", "extract"],
                "additionalProperties": False,
                "properties": {
                    "format": {"type": "string", "enum": [each.value for each in FeedFormat]},
                    "dry_run": {"type": "string", "enum": ["yes", "no"], "default": "yes"},
                    "missing": {"type": "string", "enum": [each.value for each in Missing], "default": "withdraw"},
                    "accept_ends": {"type": "string", "pattern": "^[0-9]{1,7}$"},
                    "send_again": {"type": "string", "enum": ["yes", "no"], "default": "no"},
                    "handle": {"type": "string", "maxLength": 200},
                    "extract": {"type": "array", "items": _File, "minItems": 1, "maxItems": 60},
                    "handles": _File,
                    "identity": _File,
                },
            }
        }
    },
}


def feed_roads(upload_bytes: int | None) -> tuple[Road, ...]:
    """The roads of uploads at the door; none where none is taken."""
    if upload_bytes is None:
        return ()
    return tuple(
        Road("POST", path, upload_bytes, body_seconds=_UPLOAD_SECONDS, stall_seconds=_STALL_SECONDS)
        for path in (_FEEDS, UPLOAD_PAGE)
    )


def add_feed_doors(
    app: FastAPI,
    gateway: Gateway,
    session: Callable[..., Awaitable[Session]],
    *,
    signed_in: tuple[ProblemCode, ...],
) -> None:
    """Add the endpoints. `session`: the dependency that gives a request's session; `signed_in`: what that, and the
    index, may refuse with.
    """
    signed_in_as = Annotated[Session, Depends(session)]
    known = (*signed_in, _C.FEEDS_NOT_TAKEN)

    @app.post(
        _FEEDS,
        status_code=202,
        responses=refusals(*known, _C.FEED_RUNNING, _C.FEED_CANCELLED),
        openapi_extra={"requestBody": _UPLOAD},
    )
    async def upload(request: Request, who: signed_in_as) -> FeedShown:
        """Takes in an extract and begins its run: a dry run, unless `dry_run` is no. Fields stand before files. By a
        data officer alone; one at a time. Nothing of it is kept when it has ended.
        """
        return await gateway.upload_feed(who, request.headers.get("content-type", ""), pieces_of(request))

    @app.get(_FEEDS, responses=refusals(*known))
    async def feeds(who: signed_in_as) -> FeedsShown:
        """The runs of the last 35 days, the newest first, and the one that is under way."""
        return gateway.feeds(who).runs()

    @app.get(f"{_FEEDS}/{{feed}}", responses=refusals(*known, _C.FEED_UNKNOWN))
    async def feed(feed: _FeedName, who: signed_in_as) -> FeedShown:
        """One run: how far it is, or what came of it."""
        return gateway.feeds(who).run(feed)

    @app.get(
        f"{_FEEDS}/{{feed}}/errors",
        response_class=Response,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **refusals(*known, _C.FEED_UNKNOWN)},
    )
    async def errors(feed: _FeedName, who: signed_in_as) -> Response:
        """What was wrong with its rows, by row, field and code: as the command's errors file. No value of a row."""
        return csv_file(gateway.feeds(who).errors(feed))

    @app.delete(f"{_FEEDS}/{{feed}}", responses=refusals(*known, _C.FEED_UNKNOWN))
    async def cancel(feed: _FeedName, who: signed_in_as) -> FeedShown:
        """Has the run that is under way end as soon as it can. What was acknowledged stands."""
        return gateway.cancel_feed(who, feed)
