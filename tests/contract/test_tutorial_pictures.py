"""The tutorials' pictures are those that the browser tests take, all of them and no others."""

from __future__ import annotations

import re

from tests.contract.repository import ROOT

PAGES = [ROOT / "docs" / "tutorial" / name for name in ("in-a-browser.md", "offices-in-a-browser.md")]
WALKS = ROOT / "tests" / "browser"
PICTURES = ROOT / "docs" / "pictures" / "pages"
LARGEST = 120_000
"""Bytes: a page with few colours and a palette."""


def taken() -> set[str]:
    """The names under which `tests/browser` takes pictures. Of those with a kind of window in it, each kind's."""
    kinds = set(re.findall(r'"((?:on|at|in)-[a-z0-9-]+)": ', (WALKS / "pictures.py").read_text(encoding="utf-8")))
    names: set[str] = set()
    for walk in WALKS.glob("test_*.py"):
        text = walk.read_text(encoding="utf-8")
        names |= set(re.findall(r'take\([a-z.]+, "([a-z-]+)"\)', text))
        for each in re.findall(r'take\([a-z.]+, f"([a-z-]+)\{name\}"\)', text):
            names |= {f"{each}{kind}" for kind in kinds}
        if 'f"{name}-{where}"' in text:
            found = re.findall(r'"([a-z-]+)", "((?:on|at|in)-[a-z0-9-]+)"\)', text)
            names |= {f"{name}-{where}" for name, where in found if where in kinds}
    return names


def words() -> str:
    """Both tutorials."""
    return "".join(page.read_text(encoding="utf-8") for page in PAGES)


def test_the_tutorials_show_each_picture_that_is_taken_and_no_other() -> None:
    shown = set(re.findall(r"\.\./pictures/pages/([a-z0-9-]+)\.png", words()))

    assert len(taken()) > 30
    assert shown == taken()


def test_every_picture_is_there_and_small() -> None:
    sizes = {path.stem: path.stat().st_size for path in PICTURES.glob("*.png")}

    assert sizes.keys() == taken()
    assert {name for name, size in sizes.items() if size > LARGEST} == set()


def test_every_picture_says_in_words_what_is_on_it() -> None:
    """For whoever does not see it."""
    assert re.findall(r"!\[\s*\]", words()) == []
