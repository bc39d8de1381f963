"""What the walks look for they would find: a page with a barrier does not pass, nor one that is too wide."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.looking import refuse_barriers, refuse_scrolling_sideways, refuse_stuck_sentences

SOUND = '<html lang="en"><title>A page</title><main><h1>A page</h1>{}</main></html>'


@pytest.mark.parametrize(
    ("barrier", "rule"),
    [
        ("<input>", "label"),
        ('<p style="color: #aaa">Grey on white</p>', "color-contrast"),
        ("<button></button>", "name"),
    ],
    ids=["no-label", "grey", "no-words"],
)
def test_a_barrier_is_found(second: Page, barrier: str, rule: str) -> None:
    second.set_content(SOUND.format(barrier))

    with pytest.raises(AssertionError, match=rule):
        refuse_barriers(second, "a page")


def test_a_page_that_is_too_wide_is_found(second: Page) -> None:
    second.set_content(SOUND.format('<div style="width: 400px">wide</div>'))

    with pytest.raises(AssertionError, match="pixels wide at 400 %"):
        refuse_scrolling_sideways(second, "a page")


def test_sentences_without_a_space_between_are_found(second: Page) -> None:
    second.set_content(SOUND.format("<p>It has begun.It goes on.</p>"))

    with pytest.raises(AssertionError, match="stands without a space"):
        refuse_stuck_sentences(second, "a page")


def test_a_sound_page_passes_all(second: Page) -> None:
    second.set_content(SOUND.format("<p>Words</p>"))

    refuse_barriers(second, "a page")
    refuse_scrolling_sideways(second, "a page")
    refuse_stuck_sentences(second, "a page")
