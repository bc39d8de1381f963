"""No page was forgotten: each template is in a state, and each state was looked at."""

from __future__ import annotations

from tests.browser.looking import SEEN
from tests.browser.states import STATES, templates


def test_every_template_that_is_a_page_is_in_some_state() -> None:
    """A page that is written is a page that is looked at."""
    assert templates() == {state.template for state in STATES.values()}


def test_every_state_was_looked_at_with_scripts_and_without() -> None:
    """By the walks before this test, which is the suite's last."""
    assert {(name, scripts) for name in STATES for scripts in (True, False)} - SEEN == set()
