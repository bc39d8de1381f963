"""Pictures of pages, for the tutorial and for whoever looks after how the pages look. `SIGNPOST_PICTURES=1 make
test-browser` takes them anew; without that they are left as they are, since the hour and the receipts differ each time.

The same takes every state that is looked at as it is on a telephone, in a window of 320 pixels and in forced colours,
into a folder that git ignores: for people to look through after a change to how pages look.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page, ViewportSize

from tests.contract.repository import ROOT

__all__ = ["ELSEWHERE", "PICTURES", "take", "take_looks"]

PICTURES: Final = ROOT / "docs" / "pictures" / "pages"
_TAKEN: Final = "SIGNPOST_PICTURES" in os.environ
_COLOURS: Final = 48
"""A page has few: with a palette a picture of it is a fifth of its size."""


ELSEWHERE: Final[Mapping[str, Mapping[str, object]]] = {
    "on-a-telephone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "at-400-percent": {"viewport": {"width": 320, "height": 256}},
    "in-forced-colours": {"forced_colors": "active", "color_scheme": "dark"},
}
"""Windows that are not a wide screen, as a browser's contexts are told of them."""
_WIDE: Final = 960
"""Pixels: as much as a picture in a tutorial needs."""
_LOOKS: Final = ROOT / "runs" / "looks"
_TELEPHONE: Final = ViewportSize(width=390, height=844)
_NARROW: Final = ViewportSize(width=320, height=256)


def take(page: Page, name: str) -> None:
    """Keep what stands on the screen, from the page's top to its bottom, where pictures were asked for."""
    if not _TAKEN:
        return
    usual = page.viewport_size
    assert usual is not None
    page.set_viewport_size(ViewportSize(width=min(usual["width"], _WIDE), height=usual["height"]))
    _keep(page, PICTURES / f"{name}.png")
    page.set_viewport_size(usual)


def take_looks(page: Page, state: str) -> None:
    """Keep how a page looks elsewhere than on a wide screen, where pictures were asked for."""
    if not _TAKEN:
        return
    usual = page.viewport_size
    assert usual is not None
    page.emulate_media(forced_colors="active", color_scheme="dark")
    _keep(page, _LOOKS / "forced-colours" / f"{state}.png")
    page.emulate_media(forced_colors="none", color_scheme="light")
    for look, size in (("telephone", _TELEPHONE), ("narrow", _NARROW)):
        page.set_viewport_size(size)
        _keep(page, _LOOKS / look / f"{state}.png")
    page.set_viewport_size(usual)


def _keep(page: Page, file: Path) -> None:
    raw = page.screenshot(full_page=True, animations="disabled", caret="hide")
    file.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(raw)) as picture:
        picture.convert("RGB").quantize(_COLOURS).save(file, optimize=True)
