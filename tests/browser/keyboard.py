"""Somebody who has a keyboard and nothing else: Tab, Space, Return, arrows and letters.

Wherever the focus comes it must be seen: on the screen, and marked.
"""

from __future__ import annotations

from typing import Final, final

from playwright.sync_api import Page

__all__ = ["Keyboard"]

_MOST_STOPS: Final = 60
_FOCUS: Final = """
() => {
  const at = document.activeElement;
  if (at === null || at === document.body) return null;
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  // small radio buttons and boxes are drawn by their label
  const drawn = at.labels && at.labels.length && ["radio", "checkbox"].includes(at.type)
    ? [style, getComputedStyle(at.labels[0], "::before")] : [style];
  const outlined = (each) => each.outlineStyle !== "none" && parseFloat(each.outlineWidth) > 0;
  return {
    name: (at.labels && at.labels.length ? at.labels[0].innerText : at.innerText).trim(),
    marked: drawn.some((each) => outlined(each) || each.boxShadow !== "none"),
    onScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}
"""


@final
class Keyboard:
    """The keys, and what they lead to."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def go_to(self, name: str) -> None:
        """Press Tab until the focus is on what is called so. Each stop on the way is seen."""
        passed = []
        for _ in range(_MOST_STOPS):
            self._page.keyboard.press("Tab")
            found = self._page.evaluate(_FOCUS)
            if found is None:
                continue
            passed.append(found["name"])
            assert found["marked"], f"the focus on {found['name']!r} is not to be seen"
            assert found["onScreen"], f"the focus on {found['name']!r} is off the screen"
            if found["name"] == name:
                return
        raise AssertionError(f"Tab does not lead to {name!r}, only to {passed}")

    def type(self, name: str, text: str) -> None:
        """Go to a field, and type."""
        self.go_to(name)
        self._page.keyboard.type(text)

    def press(self, name: str) -> None:
        """Go to a button or link, and press Return."""
        self.go_to(name)
        self.enter()

    def enter(self) -> None:
        """Press Return, and wait for where it leads."""
        with self._page.expect_navigation():
            self._page.keyboard.press("Enter")
