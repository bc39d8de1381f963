"""A report as a page that a family can keep: one file of HTML, with nothing to fetch and nothing that runs.

It is read by a screen reader as it is seen: headings in order, tables with captions and headers of their own, text that
may be enlarged, no colour that says anything. It names no child: whoever hands it over knows whose it is. That some of
it is kept back is said; the reason in law is not, since it may itself be what must not be known.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Final

from signpost.edge.moments import shown_moment
from signpost.edge.rights_words import (
    ABOUT,
    KEPT_BACK,
    MORE_RIGHTS,
    NOBODY_LOOKED,
    NOBODY_WORKS,
    WHO_LOOKED,
    WHO_WORKS,
    access_line,
    involvement_line,
)
from signpost.protocol.rights import Report

__all__ = ["page_of"]

_STYLE: Final = (
    "body{font:1.1rem/1.5 sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}"
    "table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:bold;padding:.5rem 0}"
    "th,td{text-align:left;vertical-align:top;border:1px solid #555;padding:.4rem .6rem}"
)
_WORKING: Final = ("Who", "Since", "Until")
_LOOKING: Final = ("When", "Who", "Why")


def page_of(report: Report) -> str:
    """The page, ending in a line feed."""
    works = None if report.involvements is None else [involvement_line(each) for each in report.involvements]
    looked = None if report.accesses is None else [access_line(each) for each in report.accesses]
    pieces = [
        "<!doctype html>",
        '<html lang="en-GB">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        "<title>What Signpost holds about a child</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        "<h1>What Signpost holds about a child</h1>",
        _paragraph(
            f"Report {report.report}, asked for at {shown_moment(report.asked_at)}, released at"
            f" {shown_moment(report.released_at)}."
        ),
        _paragraph(ABOUT),
        *_part(WHO_WORKS, _WORKING, works, NOBODY_WORKS),
        *_part(WHO_LOOKED, _LOOKING, looked, NOBODY_LOOKED),
        "<h2>What else you can do</h2>",
        _paragraph(MORE_RIGHTS),
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(pieces) + "\n"


def _part(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]] | None, nobody: str) -> Iterable[str]:
    yield f"<h2>{html.escape(title)}</h2>"
    if rows is None:
        yield _paragraph(KEPT_BACK)
        return
    if not rows:
        yield _paragraph(nobody)
        return
    yield "<table>"
    yield f"<caption>{html.escape(title)}</caption>"
    yield "<thead><tr>" + "".join(f'<th scope="col">{html.escape(head)}</th>' for head in heads) + "</tr></thead>"
    yield "<tbody>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
    yield "</tbody>"
    yield "</table>"


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"
