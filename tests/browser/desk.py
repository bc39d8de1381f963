"""A browser in front of somebody: they read headings, fill in fields by their labels and press buttons by their names.

Whatever a page asks of another origin, and whatever its scripts or its policy complain of, fails the walk.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Final, final
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from signpost_cli.demo.families import Person as Child
from signpost_cli.demo.people import Person
from tests.browser.looking import look_at
from tests.browser.place import PIN

__all__ = ["Desk"]

_RECEIPT: Final = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_STATUS: Final = "Failed to load resource: the server responded with a status of"
"""What Chromium says of a page that is a refusal: the page is there, and that is its status."""


@final
class Desk:
    """One window, with scripts or without."""

    def __init__(self, context: BrowserContext, url: str, *, second: Page | None) -> None:
        """`second`: a window that runs scripts, where this one does not."""
        self.url = url
        self.scripts = second is None
        self.dress: Callable[[Page], None] | None = None
        """What gives a window other sheets than the usual ones."""
        self._second = second
        self.page: Page = context.new_page()
        self.troubles: list[str] = []
        """What a browser said that nobody should have to hear."""
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", self._asked)

    # -- what somebody does

    def open(self, path: str) -> None:
        """Type an address of the gateway."""
        self.page.goto(f"{self.url}{path}")

    def fill(self, **fields: str) -> None:
        """Type into fields, each by its label's words with low lines for spaces."""
        for label, text in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).fill(text)

    def choose(self, label: str) -> None:
        """Choose a radio button by the beginning of its label."""
        self.page.get_by_role("radio", name=label).check()

    def press(self, button: str) -> None:
        """Press a button, and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=button, exact=True).click()

    def follow(self, link: str) -> None:
        """Follow a link to another page."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=link, exact=True).click()

    def sign_in(self, person: Person) -> None:
        """Sign somebody in, with a PIN."""
        self.open("/sign-in")
        self.give(person, person.next_code())
        self.fill(PIN=PIN, The_same_PIN_again=PIN)
        self.press("Continue")

    def give(self, person: Person, code: str) -> None:
        """Fill in and send the form to sign in."""
        self.fill(Account=person.account, Password=person.password, **{"One-time code": code})
        self.press("Sign in")

    def check(self, child: Child) -> None:
        """Ask about a child by NHS number and date of birth."""
        self.open("/check")
        self.fill(NHS_number=child.nhs_number)
        self.born(child)
        self.press("Check")

    def born(self, child: Child, *, of: str | None = None) -> None:
        """Type a date of birth. `of`: the words above its three fields, where there is more than one date."""
        self.date(child.date_of_birth, of=of)

    def date(self, day: dt.date, *, of: str | None = None) -> None:
        """Type a date into its three fields."""
        within = self.page if of is None else self.page.get_by_role("group", name=of)
        for label, number in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
            within.get_by_label(label, exact=True).fill(str(number))

    def choose_first(self, question: str) -> None:
        """Choose the first answer to a question."""
        self.page.get_by_role("group", name=question).get_by_role("radio").first.check()

    def open_request(self, child: Child) -> None:
        """Open the request about a child, from the inbox. It is known by the council's own case."""
        self.open("/inbox")
        case = f"SOUTH-{child.number:06}"
        with self.page.expect_navigation():
            self.page.locator(f"xpath=//p[contains(., '{case}')]/following-sibling::form[1]//button").click()

    # -- what stands on the page

    def look(self, state: str) -> None:
        """Check the page in that state, and that nothing was said on the way to it."""
        look_at(self.page, state, second=self._second, dress=self.dress)
        assert self.troubles == []

    @property
    def heading(self) -> str:
        """The page's first heading."""
        return self.page.get_by_role("heading", level=1).inner_text()

    @property
    def text(self) -> str:
        """What is read in the main part."""
        return self.page.get_by_role("main").inner_text()

    @property
    def receipt(self) -> str:
        """The receipt on the page."""
        found = _RECEIPT.search(self.text)
        assert found is not None, "no receipt stands on the page"
        return found[0]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_STATUS):
            self.troubles.append(message.text)

    def _asked(self, request: Request) -> None:
        asked, own = urlsplit(request.url), urlsplit(self.url)
        if (asked.scheme, asked.netloc) != (own.scheme, own.netloc):
            self.troubles.append("something was asked of another origin")
