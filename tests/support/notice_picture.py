"""docs/pictures/a-notice.svg: what a notice may become, drawn from the one table that says so.

`python -m tests.support.notice_picture` draws it anew; a test compares the two. Where things stand is laid down here by
hand, and what leads where is not: what every waiting state does alike is one arrow from the frame around them, and of
several events on one road each has a line. A state without a place, or an arrow without a road, is refused.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from signpost.index.contact_states import TRANSITIONS, WAITING, NoticeEvent, NoticeState
from tests.contract.repository import ROOT

__all__ = ["PLACES", "ROADS", "SVG", "NotPlaced", "Table", "arrows", "drawn"]

SVG: Final = ROOT / "docs" / "pictures" / "a-notice.svg"

Table = Mapping[tuple[NoticeState, NoticeEvent], NoticeState]
Source = NoticeState | None
"""Where an arrow begins: a state, or null for the frame around all that wait."""

_S = NoticeState


class NotPlaced(Exception):
    """The table has a state or an arrow for which the picture has no place."""


@dataclass(frozen=True, slots=True)
class _Place:
    x: int
    y: int
    width: int
    look: str
    said: str
    """One line of small print in the box."""


@dataclass(frozen=True, slots=True)
class _Road:
    path: str
    head: str
    """Its point, and whether it points right or down."""
    at: tuple[int, int]
    """Where the first line of its events stands."""
    anchor: str = "start"
    columns: int = 24


_HEIGHT: Final = 58
PLACES: Final[Mapping[NoticeState, _Place]] = {
    _S.HELD: _Place(30, 112, 160, "held", "one too many of a day"),
    _S.OPEN: _Place(300, 112, 200, "waits", "the desk has it"),
    _S.ESCALATED: _Place(300, 272, 200, "waits", "the desk out of hours has it"),
    _S.UNANSWERED: _Place(300, 432, 200, "waits", "its time has gone by"),
    _S.SHARED: _Place(770, 112, 160, "shared", "the asker may ring"),
    _S.ENDED: _Place(770, 272, 160, "silent", "the asker is not told"),
    _S.DECLINED: _Place(770, 432, 160, "silent", "the asker is not told"),
}
ROADS: Final[Mapping[tuple[Source, NoticeState], _Road]] = {
    (_S.HELD, _S.OPEN): _Road("M190 130 H288", "M300 130 l-14 -7 v14 z", (231, 121), "middle"),
    (_S.OPEN, _S.ESCALATED): _Road("M350 170 V260", "M350 272 l-7 -14 h14 z", (366, 225)),
    (_S.ESCALATED, _S.UNANSWERED): _Road("M350 330 V420", "M350 432 l-7 -14 h14 z", (366, 376)),
    (_S.OPEN, _S.UNANSWERED): _Road(
        "M500 141 H530 Q542 141 542 153 V449 Q542 461 530 461 H512", "M500 461 l14 -7 v14 z", (556, 296), columns=12
    ),
    (None, _S.OPEN): _Road(
        "M275 301 H264 Q252 301 252 289 V164 Q252 152 264 152 H288", "M300 152 l-14 -7 v14 z", (236, 231), "end"
    ),
    (None, _S.SHARED): _Road("M665 141 H758", "M770 141 l-14 -7 v14 z", (711, 131), "middle"),
    (None, _S.ENDED): _Road("M665 301 H758", "M770 301 l-14 -7 v14 z", (711, 291), "middle"),
    (None, _S.DECLINED): _Road("M665 461 H758", "M770 461 l-14 -7 v14 z", (711, 451), "middle"),
}

_STYLE: Final = """\
    .paper { fill: #ffffff; }
    .box { stroke: #7a8b95; stroke-width: 1.5; }
    .waits { fill: #fbf0dc; } .shared { fill: #e6f1ea; } .silent { fill: #e5ecf6; } .held { fill: #ffffff; }
    .frame { fill: none; stroke: #7a8b95; stroke-width: 1.5; stroke-dasharray: 3 6; }
    text { font-family: system-ui, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; font-size: 15px; }
    text { fill: #1b2a33; }
    .name { font-size: 17px; font-weight: 700; }
    .small { font-size: 13px; fill: #4d5f69; }
    .what { font-size: 13px; font-weight: 700; fill: #4d5f69; }
    .road { stroke: #1b2a33; stroke-width: 2; fill: none; }
    .head { fill: #1b2a33; }
    .halo { paint-order: stroke; stroke: #ffffff; stroke-width: 6; stroke-linejoin: round; }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #12191e; } .box { stroke: #7d8e98; } .waits { fill: #3a2f17; } .shared { fill: #1c3327; }
      .silent { fill: #1d2b42; } .held { fill: #12191e; } .frame { stroke: #7d8e98; } text { fill: #e9eef1; }
      .small { fill: #b3c0c8; } .what { fill: #b3c0c8; } .road { stroke: #e9eef1; } .head { fill: #e9eef1; }
      .halo { stroke: #12191e; }
    }"""
_BY_HAND: Final = """\
  <rect class="frame" x="275" y="76" width="390" height="436" rx="12"/>
  <text class="what" x="651" y="98" text-anchor="end">WAITS FOR AN ANSWER</text>
  <text class="what" x="770" y="98">ANSWERED, ONCE</text>

  <!-- where it begins -->
  <circle class="head" cx="110" cy="40" r="7"/>
  <text x="127" y="30">a desk is found that works with the child</text>
  <path class="road" d="M110 40 V100"/><path class="head" d="M110 112 l-7 -14 h14 z"/>
  <path class="road" d="M110 40 H388 Q400 40 400 52 V100"/><path class="head" d="M400 112 l-7 -14 h14 z"/>"""
_NOTES: Final = (
    "An arrow from the dashed frame leads from each of the three states in it.",
    "A notice is gone, from whatever state, when the involvement is withdrawn or the call-back has run out.",
)


_OPENING: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 590" width="960" height="590" role="img" '
    'aria-labelledby="title desc">'
)


def arrows(table: Table = TRANSITIONS) -> dict[tuple[Source, NoticeState], list[NoticeEvent]]:
    """Each arrow with its events. What all that wait do alike is drawn once."""
    found: dict[tuple[Source, NoticeState], list[NoticeEvent]] = {}
    for (state, event), then in table.items():
        alike = state in WAITING and all(table.get((each, event)) is then for each in WAITING)
        events = found.setdefault((None if alike else state, then), [])
        if event not in events:
            events.append(event)
    return found


def drawn(table: Table = TRANSITIONS) -> str:
    """The whole picture.

    Raises:
        NotPlaced: a state has no place, or an arrow no road.
    """
    leading = arrows(table)
    missing = {*(source for source, _ in leading if source), *(then for _, then in leading)} - PLACES.keys()
    if missing or leading.keys() - ROADS.keys():
        raise NotPlaced("the table has a state or an arrow for which the picture has no place")
    lines = [
        _OPENING,
        '  <title id="title">What becomes of a notice</title>',
        f'  <desc id="desc">{escape(_told(leading))}</desc>',
        f"  <style>\n{_STYLE}\n  </style>",
        '  <rect class="paper" width="960" height="590" rx="12"/>',
        "",
        _BY_HAND,
        "",
        "  <!-- what it may be -->",
        *(line for state, place in PLACES.items() for line in _box(state, place)),
        "",
        "  <!-- what may follow -->",
        *(line for way, events in leading.items() for line in _arrow(ROADS[way], events)),
        "",
        *(_note(row, note) for row, note in enumerate(_NOTES)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _told(leading: Mapping[tuple[Source, NoticeState], list[NoticeEvent]]) -> str:
    """The picture in words."""
    waiting = f"whatever waits ({', '.join(WAITING)})"
    sentences = [
        "A notice begins as open or, when it is one too many of a day, as held.",
        *(
            f"{(source or waiting).capitalize()}: by {_listed(events)} it becomes {then}."
            for (source, then), events in leading.items()
        ),
        *_NOTES[1:],
    ]
    return textwrap.fill(" ".join(sentences), 130, subsequent_indent="    ", break_on_hyphens=False)


def _listed(events: list[NoticeEvent]) -> str:
    return " or ".join(f"“{_words(event)}”" for event in events)


def _words(event: NoticeEvent) -> str:
    return event.replace("-", " ")


def _note(row: int, text: str) -> str:
    return f'  <text class="small" x="30" y="{547 + 22 * row}">{escape(text)}</text>'


def _box(state: NoticeState, place: _Place) -> Iterator[str]:
    middle = place.x + place.width // 2
    size = f'x="{place.x}" y="{place.y}" width="{place.width}" height="{_HEIGHT}"'
    yield f'  <rect class="box {place.look}" {size} rx="8"/>'
    yield f'  <text class="name" x="{middle}" y="{place.y + 25}" text-anchor="middle">{state.capitalize()}</text>'
    yield f'  <text class="small" x="{middle}" y="{place.y + 46}" text-anchor="middle">{escape(place.said)}</text>'


def _arrow(road: _Road, events: list[NoticeEvent]) -> Iterator[str]:
    yield f'  <path class="road" d="{road.path}"/><path class="head" d="{road.head}"/>'
    x, y = road.at
    lines = [line for event in events for line in textwrap.wrap(_words(event), road.columns)]
    for row, line in enumerate(lines):
        yield f'  <text class="halo" x="{x}" y="{y + 19 * row}" text-anchor="{road.anchor}">{escape(line)}</text>'


if __name__ == "__main__":
    SVG.write_text(drawn(), encoding="utf-8")
