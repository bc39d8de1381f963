"""The tutorial's pictures are those that the browser tests take, all of them and no others."""

from __future__ import annotations

import re

from tests.contract.repository import ROOT

PAGE = ROOT / "docs" / "tutorial" / "in-a-browser.md"
PICTURES = ROOT / "docs" / "pictures" / "pages"
LARGEST = 120_000
"""Bytes: a page with few colours and a palette."""


def taken() -> set[str]:
    """The names under which `tests/browser` takes pictures. Of those with a kind of window in it, each kind's."""
    text = (ROOT / "tests" / "browser" / "test_the_tutorial.py").read_text(encoding="utf-8")
    kinds = set(re.findall(r'"((?:on|at|in)-[a-z0-9-]+)"\)', text))
    names = set(re.findall(r'take\([a-z.]+, "([a-z-]+)"\)', text))
    for each in re.findall(r'take\([a-z.]+, f"([a-z-]+)\{name\}"\)', text):
        names |= {f"{each}{kind}" for kind in kinds}
    return names


def test_the_tutorial_shows_each_picture_that_is_taken_and_no_other() -> None:
    shown = set(re.findall(r"\.\./pictures/pages/([a-z0-9-]+)\.png", PAGE.read_text(encoding="utf-8")))

    assert len(taken()) > 10
    assert shown == taken()


def test_every_picture_is_there_and_small() -> None:
    sizes = {path.stem: path.stat().st_size for path in PICTURES.glob("*.png")}

    assert sizes.keys() == taken()
    assert {name for name, size in sizes.items() if size > LARGEST} == set()


def test_every_picture_says_in_words_what_is_on_it() -> None:
    """For whoever does not see it."""
    assert re.findall(r"!\[\s*\]", PAGE.read_text(encoding="utf-8")) == []
