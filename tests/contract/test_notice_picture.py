"""docs/pictures/a-notice.svg shows what the table says a notice may become, and all of it."""

from __future__ import annotations

import re

import pytest

from signpost.index.contact_states import TRANSITIONS, WAITING, NoticeEvent, NoticeState
from tests.support.notice_picture import PLACES, ROADS, SVG, NotPlaced, arrows, drawn


def test_the_picture_is_what_the_table_says() -> None:
    """Where it is not: `python -m tests.support.notice_picture` draws it anew."""
    assert SVG.read_text(encoding="utf-8") == drawn()


def test_every_state_has_a_place_and_every_arrow_a_road() -> None:
    assert PLACES.keys() == set(NoticeState)
    assert ROADS.keys() == arrows().keys()


def test_the_arrows_are_the_table_again() -> None:
    """None is left out where several are drawn as one, and none is made up."""
    told = {
        (state, event): then
        for (source, then), events in arrows().items()
        for state in (WAITING if source is None else (source,))
        for event in events
    }

    assert told == TRANSITIONS


def test_what_has_no_place_is_refused_and_not_left_out() -> None:
    with pytest.raises(NotPlaced):
        drawn({**TRANSITIONS, (NoticeState.SHARED, NoticeEvent.DUE): NoticeState.ENDED})


def test_it_can_be_read_without_being_seen() -> None:
    """It has a title, and says in words what it shows."""
    drawing = SVG.read_text(encoding="utf-8")
    told = re.search(r'<desc id="desc">(.*?)</desc>', drawing, re.DOTALL)

    assert ' role="img" aria-labelledby="title desc">' in drawing
    assert re.search(r'<title id="title">\w.*</title>', drawing)
    assert told is not None
    words = " ".join(told[1].lower().split())
    assert all(state in words for state in NoticeState)
    assert all(event.replace("-", " ") in words for event in NoticeEvent)
