"""What the pages look like: style sheets, scripts and pictures, all files of this package and all in memory.

    assets/   of the GOV.UK Design System (govuk-frontend), fetched by `make assets` and in the wheel; may be missing
    own/      ours: a small sheet under which the pages work without it, and two small scripts

Only these files are served, by their names. Nothing of GOV.UK's crown or typeface: this is no GOV.UK site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Asset", "Look"]

_HERE: Final = Path(__file__).parent
_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_SHEET: Final = "/assets/govuk-frontend.min.css"
_SCRIPT: Final = "/assets/govuk-frontend.min.js"


@dataclass(frozen=True, slots=True, repr=False)
class Asset:
    """One file, as it is served."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Look:
    """The files by the path that each is served at."""

    files: Mapping[str, Asset]

    @classmethod
    def found(cls, folder: Path = _HERE) -> Look:
        """What this installation has."""
        return cls(
            {
                f"/{path.relative_to(folder).as_posix()}": Asset(_TYPES[path.suffix], path.read_bytes())
                for name in ("assets", "own")
                for path in sorted((folder / name).rglob("*"))
                if path.is_file() and path.suffix in _TYPES
            }
        )

    @property
    def has_design_system(self) -> bool:
        """Whether the Design System's style sheet is among them."""
        return _SHEET in self.files

    @property
    def sheets(self) -> tuple[str, ...]:
        """The style sheets of a page, in order."""
        return (_SHEET, "/own/over.css") if self.has_design_system else ("/own/signpost.css",)

    @property
    def scripts(self) -> tuple[str, ...]:
        """The scripts of a page: modules, which run when it is there."""
        return ("/own/signpost.js", "/own/components.js") if _SCRIPT in self.files else ("/own/signpost.js",)
