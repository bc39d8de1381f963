"""What officers of a council see at its gateway's pages is the same bytes whether a child is hidden or nobody works
with them: a rights officer from the day a report is asked for to the day it is read, and a shielding officer who hides
one.

Each world is driven through the same pages with the same clock; what is random is made one, and nothing else.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.purposes import Role
from signpost.protocol.rights import REPORT_DAYS
from tests.support.browsing import PIN, Browser, forms_of
from tests.support.elsewhere import register
from tests.support.hidden_elsewhere import hide_elsewhere
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

BORN = {"date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "2018"}
TYPED = {"nhs_number": "9990000018", **BORN, "pin": PIN}
CHILD = ChildDetails(nhs_number=NHSNumber.parse("9990000018"), date_of_birth=dt.date(2018, 3, 4))
Told = list[object]


def _nothing(gateway: WholeGateway) -> None:
    """Nobody works with the child."""


def _registered(gateway: WholeGateway) -> None:
    """Southtown does, for everybody to find."""
    register(gateway, "southtown", CHILD)


def _hidden(gateway: WholeGateway) -> None:
    """Southtown does, and had the child hidden."""
    _registered(gateway)
    hide_elsewhere(gateway, CHILD)


def _hidden_first(gateway: WholeGateway) -> None:
    """The child was hidden before Southtown registered them."""
    hide_elsewhere(gateway, CHILD)
    _registered(gateway)


def _own(gateway: WholeGateway) -> None:
    """The officer's own council works with the child."""
    register(gateway, "northtown", CHILD)


def _flattened(page: httpx2.Response) -> tuple[int, dict[str, str], bytes]:
    """All that a page tells: status, headers and bytes, with what is random made one."""
    text = re.sub(r'(name="(?:once|csrf)" value=")[A-Za-z0-9_-]+', r"\1RANDOM", page.text)
    text = re.sub(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b", "REFERENCE", text)
    headers = {name: value for name, value in page.headers.items() if name != "set-cookie"}
    return page.status_code, headers, text.encode()


def _logged(gateway: WholeGateway) -> list[dict[str, object]]:
    """The gateway's log, without the moments."""
    lines = [json.loads(line) for line in gateway.log_lines.getvalue().splitlines()]
    return [{name: value for name, value in line.items() if name != "at"} for line in lines]


def _begin(browser: Browser, action: str) -> httpx2.Response:
    """The form about the first thing of the list that was shown."""
    form = next(each for each in forms_of(browser.page) if each.action == action)
    browser.page = browser.ask("POST", action, form.fields)
    return browser.page


def _rights(gateway: WholeGateway) -> Told:
    """A report from first to last; then an objection, a correction and a withdrawal."""
    anna, bert = (gateway.enrol(name, Role.RIGHTS_OFFICER) for name in ("anna", "bert"))
    pages: list[httpx2.Response] = []
    browser = Browser(gateway)
    browser.sign_in(anna)
    browser.open("/rights/ask")
    pages += [browser.send("/rights/ask", TYPED), browser.open("/rights")]
    browser = Browser(gateway)
    browser.sign_in(bert)
    pages += [browser.page, _begin(browser, "/rights/decide")]
    pages.append(browser.send("/rights/decide", {"told": "all", "pin": PIN}))
    gateway.index.world.clock.advance(REPORT_DAYS * 86_400)
    browser = Browser(gateway)
    browser.sign_in(anna)
    pages += [browser.page, _begin(browser, "/rights/read")]
    for form in forms_of(browser.page):
        if form.action == "/rights/download":
            pages.append(browser.ask("POST", form.action, form.fields))
    browser.open("/rights/object")
    pages.append(browser.send("/rights/object", {**TYPED, "balanced": "no-overriding-ground"}))
    browser.open("/rights/correct")
    pages.append(browser.send("/rights/correct", {name: text for name, text in TYPED.items() if name != "pin"}))
    pages.append(browser.send("/rights/correct", {**TYPED, "nhs_number": "9990000026"}))
    browser.open("/rights/withdraw")
    pages.append(browser.send("/rights/withdraw", TYPED))
    return [*(_flattened(page) for page in pages), *_logged(gateway)]


def _hiding(gateway: WholeGateway) -> Told:
    """A child is hidden, more is added, and the shield is looked at and ended."""
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("officer-1", Role.SHIELDING_OFFICER))
    pages = [browser.page]
    browser.open("/shields/hide")
    pages.append(browser.send("/shields/hide", {**TYPED, "reason": "fleeing-abuse"}))
    gateway.index.settle()
    pages += [browser.open("/shields"), _begin(browser, "/shields/hide")]
    pages.append(browser.send("/shields/hide", {**TYPED, "known_postcode": "LS1 4AP", "reason": "adoption"}))
    gateway.index.settle()
    pages += [browser.open("/shields"), _begin(browser, "/shields/end")]
    pages.append(browser.send("/shields/end", {"why": "mistaken", "pin": PIN}))
    return [*(_flattened(page) for page in pages), *_logged(gateway)]


def _seen(folder: Path, before: Callable[[WholeGateway], None], act: Callable[[WholeGateway], Told]) -> Told:
    folder.mkdir()
    with open_whole_gateway(folder) as gateway:
        before(gateway)
        gateway.index.settle()
        return act(gateway)


@pytest.mark.parametrize("hidden", [_hidden, _hidden_first], ids=["shielded", "shielded first"])
def test_a_rights_officers_pages_are_the_same_of_a_hidden_child_and_of_one_nobody_works_with(
    tmp_path: Path, hidden: Callable[[WholeGateway], None]
) -> None:
    """And not of one who can be found, or the comparison would be none."""
    absent = _seen(tmp_path / "absent", _nothing, _rights)

    assert _seen(tmp_path / "hidden", hidden, _rights) == absent
    assert _seen(tmp_path / "found", _registered, _rights) != absent
    assert all(isinstance(each, dict) or each[0] == 200 for each in absent)  # type: ignore[index]


@pytest.mark.parametrize("before", [_registered, _own, _hidden], ids=["registered elsewhere", "one's own", "hidden"])
def test_a_shielding_officers_pages_are_the_same_whether_anybody_knows_the_child(
    tmp_path: Path, before: Callable[[WholeGateway], None]
) -> None:
    """Registered by others or by one's own council, or hidden already by another's officer."""
    unknown = _seen(tmp_path / "unknown", _nothing, _hiding)

    assert _seen(tmp_path / "known", before, _hiding) == unknown
    assert all(isinstance(each, dict) or each[0] == 200 for each in unknown)  # type: ignore[index]
