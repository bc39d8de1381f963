"""Every page in every state that the suite has to have looked at. A template that no state names fails a test, and so
does a state that no walk came to.

A state is known by the title of its template, which is fixed words, and by whether it tells of errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.contract.repository import ROOT

__all__ = ["STATES", "TEMPLATES", "State", "templates"]

TEMPLATES: Final = ROOT / "signpost" / "edge" / "gateway" / "pages" / "templates"
_EXTENDS: Final = re.compile(r'{%-?\s*extends\s+"layout.html"')
_TITLE: Final = re.compile(r"{%\s*block title\s*%}(.*?){%\s*endblock\s*%}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class State:
    """A page as somebody may find it."""

    template: str
    errors: bool = False

    @property
    def title(self) -> re.Pattern[str]:
        """What its title is. Words that a template takes from our own catalogues may be any."""
        found = _TITLE.search((TEMPLATES / self.template).read_text(encoding="utf-8"))
        assert found is not None, f"{self.template} has no title"
        words = ".+".join(re.escape(part) for part in re.split(r"{{.*?}}", found[1]))
        return re.compile(f"{'Error: ' if self.errors else ''}{words} - Signpost")


STATES: Final = {
    # signing in
    "sign-in": State("signing_in/sign_in.html"),
    "sign-in-with-nothing-typed": State("signing_in/sign_in.html", errors=True),
    "sign-in-refused": State("signing_in/sign_in.html", errors=True),
    "pin": State("signing_in/pin.html"),
    "pin-with-errors": State("signing_in/pin.html", errors=True),
    "signed-out": State("signing_in/signed_out.html"),
    # what may come instead of any page
    "not-there": State("refused.html"),
    "form-out-of-date": State("not_from_here.html"),
    "could-not-check": State("could_not_check.html"),
    # checking a child
    "check": State("checking/by_nhs_number.html"),
    "check-with-errors": State("checking/by_nhs_number.html", errors=True),
    "answer-current": State("checking/answer.html"),
    "answer-previous": State("checking/answer.html"),
    "answer-none": State("checking/answer.html"),
}


def templates() -> set[str]:
    """Every template that is a whole page."""
    return {
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        if _EXTENDS.search(path.read_text(encoding="utf-8"))
    }
