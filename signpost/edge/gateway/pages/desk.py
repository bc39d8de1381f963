"""The independent desk: what waits about shielded children, and deciding each, once (protocol.md C4).

It alone sees who asks about a shielded child and who has registered one. It does not see who the child is.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from signpost.edge.gateway.pages.officers import begins, refused, typed_again
from signpost.edge.gateway.pages.visit import FieldError, Page, Visit
from signpost.edge.gateway.shields import called_back, desk_queue, resolve_item
from signpost.edge.shield_words import (
    DECISIONS,
    END_REASONS,
    ENDS_A_SHIELD,
    MEANINGS,
    REASONS,
    TITLES,
    WITH_ITS_NUMBER,
)
from signpost.edge.spoken import spoken_name
from signpost.edge.words import desk_words
from signpost.protocol.messages import Nothing
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.shielding import (
    DeskCallBackRequest,
    DeskDecision,
    DeskItem,
    DeskResolveRequest,
    DeskWork,
)

__all__ = ["PAGES"]

_RANG: Final = "rang"
_NOT_RUNG: Final = "not-rung"
_WITH_NUMBER: Final = "hide-with-number"
_SEE: Final = "It may have been decided. See what waits; where it is there still, decide it again."


async def _queue(visit: Visit) -> Response:
    found = await desk_queue(visit.gateway, visit.session)
    return _shown(visit, "desk/queue.html", waiting=found.items, more=found.more)


async def _decide(visit: Visit) -> Response:
    """Asks how an item is decided, or decides it: what may be chosen is what its kind takes."""
    found = await desk_queue(visit.gateway, visit.session)
    name = spoken_name(visit.form.text("item"))
    item = next((each for each in found.items if each.item == name), None)
    if item is None:
        raise Problem(ProblemCode.ITEM_UNKNOWN)
    options = _options(item)
    if begins(visit):
        return _shown(visit, "desk/decide.html", item=item, options=options, ends=_ends(item))
    chosen, errors = visit.form.text("decision"), list[FieldError]()
    if chosen not in dict(options):
        errors.append(FieldError("decision", "Choose how it is decided"))
    elif chosen in ENDS_A_SHIELD:
        errors += typed_again(visit, item.item)
    errors += visit.pin_errors()
    if errors:
        return _shown(
            visit, "desk/decide.html", errors=errors, status=422, item=item, options=options, ends=_ends(item)
        )
    try:
        await visit.once(Nothing, lambda: _decided(visit, item, chosen))
    except Problem as problem:
        return refused(visit, problem, see=_SEE, path="/desk")
    return visit.goes_to("/desk")


async def _decided(visit: Visit, item: DeskItem, chosen: str) -> Nothing:
    if item.work is DeskWork.CALL_BACK:
        rang = DeskCallBackRequest(item=item.item, rang=chosen == _RANG)
        return await called_back(visit.gateway, visit.session, rang)
    with_number = chosen == _WITH_NUMBER
    decision = DeskDecision.HIDE if with_number else DeskDecision(chosen)
    request = DeskResolveRequest(item=item.item, decision=decision, with_number=with_number)
    return await resolve_item(visit.gateway, visit.session, request)


def _options(item: DeskItem) -> list[tuple[str, str]]:
    """What may be decided of an item, as the command line says it."""
    if item.work is DeskWork.CALL_BACK:
        return [(_RANG, "You rang them"), (_NOT_RUNG, "It was not right to ring")]
    options: list[tuple[str, str]] = []
    for decision, meaning in DECISIONS[item.work].items():
        told = f"{decision.value.capitalize()}: {meaning}"
        if decision is not DeskDecision.HIDE:
            options.append((decision.value, told))
        elif item.work is DeskWork.REGISTERED:
            options.append((_WITH_NUMBER, told))
        else:
            options += [(decision.value, told), (_WITH_NUMBER, f"Hide with its number: {WITH_ITS_NUMBER}")]
    return options


def _ends(item: DeskItem) -> bool:
    return any(decision in ENDS_A_SHIELD for decision in DECISIONS[item.work])


def _shown(
    visit: Visit, template: str, *, errors: list[FieldError] | None = None, status: int = 200, **values: object
) -> Response:
    return visit.shown(
        template, errors=errors or (), status=status, titles=TITLES, meanings=MEANINGS, reasons_of_shields=REASONS,
        end_reasons=END_REASONS, desk_words=desk_words, **values,
    )  # fmt: skip


PAGES: Final = (Page("/desk", show=_queue), Page("/desk/decide", take=_decide))
