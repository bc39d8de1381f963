"""The inbox: who asks to be rung about a child that the organisation works with, and the one reply to each.

Who asks is said by role and kind of organisation alone. A notice's name is in forms, never in an address. Only sharing
shows the asker anything.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.wire import InboxShown, NoticeShown, ReplyGiven
from signpost.edge.spoken import spoken_name
from signpost.edge.words import REASONS
from signpost.protocol.messages import DeclineReason, Nothing
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["PAGES"]

_REPLIES: Final = {
    "share": "/inbox/shared", "hand-over": "/inbox/handed-over", "end": "/inbox/ended", "decline": "/inbox/declined",
}  # fmt: skip


async def _list(visit: Visit) -> Response:
    return visit.shown("inbox/list.html", inbox=await visit.gateway.inbox(visit.session))


async def _one(visit: Visit) -> Response:
    return await _asked(visit, _name_in(visit), ())


async def _asked(visit: Visit, name: str, errors: tuple[FieldError, ...]) -> Response:
    found = await visit.gateway.inbox(visit.session)
    notice = next((each for each in found.notices if each.notice == name), None)
    if notice is None:
        raise Problem(ProblemCode.NOTICE_UNKNOWN)
    return visit.shown(
        "inbox/request.html",
        errors=errors,
        status=422 if errors else 200,
        notice=notice,
        desks=await _other_desks(visit, notice, found),
        declining=[(reason.value, words[0].upper() + words[1:]) for reason, words in REASONS.items()],
    )


async def _other_desks(visit: Visit, notice: NoticeShown, found: InboxShown) -> list[tuple[str, str]]:
    """The organisation's other desks, by name; with a title where one of its own notices has told it."""
    titles = {each.handle: each.handle_title for each in found.notices}
    listed = await visit.gateway.acted(visit.session, visit.session.client.index.handles())
    return [
        (handle, f"{titles[handle]} ({handle})" if handle in titles else handle)
        for handle in listed.handles
        if handle != notice.handle
    ]


async def _reply(visit: Visit) -> Response:
    name, reply = _name_in(visit), visit.form.text("reply")
    if reply not in _REPLIES:
        return await _asked(visit, name, (FieldError("reply", "Choose a reply"),))
    desk, reason = spoken_name(visit.form.text("hand_over_to")), visit.form.chosen("reason", DeclineReason)
    if reply == "hand-over" and desk is None:
        return await _asked(visit, name, (FieldError("hand_over_to", "Choose the desk that is to answer"),))
    if reply == "decline" and reason is None:
        return await _asked(visit, name, (FieldError("reason", "Choose why you decline"),))
    given = ReplyGiven.model_validate(
        {
            "reply": reply,
            "hand_over_to": desk if reply == "hand-over" else None,
            "reason": reason if reply == "decline" else None,
        }
    )
    await visit.once(Nothing, lambda: visit.gateway.reply(visit.session, name, given))
    return visit.goes_to(_REPLIES[reply])


async def _replied(visit: Visit) -> Response:
    return visit.shown("inbox/replied.html", replied=visit.place.path.rpartition("/")[2])


def _name_in(visit: Visit) -> str:
    name = spoken_name(visit.form.text("notice"))
    if name is None:
        raise Problem(ProblemCode.MALFORMED)
    return name


PAGES: Final = (
    Page("/inbox", show=_list),
    Page("/inbox/request", take=_one),
    Page("/inbox/reply", take=_reply),
    *(Page(path, show=_replied) for path in _REPLIES.values()),
)
