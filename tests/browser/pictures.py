"""Pictures of pages, for the tutorial and for whoever looks after how the pages look. `SIGNPOST_PICTURES=1 make
test-browser` takes them anew; without that they are left as they are, since the hour and the receipts differ each time.
"""

from __future__ import annotations

import io
import os
from typing import Final

from PIL import Image
from playwright.sync_api import Page

from tests.contract.repository import ROOT

__all__ = ["PICTURES", "take"]

PICTURES: Final = ROOT / "docs" / "pictures" / "pages"
_TAKEN: Final = "SIGNPOST_PICTURES" in os.environ
_COLOURS: Final = 48
"""A page has few: with a palette a picture of it is a fifth of its size."""


def take(page: Page, name: str) -> None:
    """Keep what stands on the screen, from the page's top to its bottom, where pictures were asked for."""
    if not _TAKEN:
        return
    raw = page.screenshot(full_page=True, animations="disabled", caret="hide")
    PICTURES.mkdir(exist_ok=True)
    with Image.open(io.BytesIO(raw)) as picture:
        picture.convert("RGB").quantize(_COLOURS).save(PICTURES / f"{name}.png", optimize=True)
