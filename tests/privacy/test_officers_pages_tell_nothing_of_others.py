"""At an officer's pages a child whom another council has hidden, one whom it works with, and one nobody knows are the
same bytes: else an officer's account would be a way to look children up.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.purposes import Role
from tests.support.browsing import PIN, Browser
from tests.support.elsewhere import register
from tests.support.hidden_elsewhere import hide_elsewhere
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

HIDDEN, SEEN, ABSENT = "9990000018", "9990000034", "9990000026"
BORN = {"date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "2018"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's, where Southtown works with two children and hides one of them."""
    with open_whole_gateway(tmp_path) as whole:
        for number in (HIDDEN, SEEN):
            register(whole, "southtown", child(number), local_id=number[-3:])
        hide_elsewhere(whole, child(HIDDEN))
        yield whole


def child(number: str) -> ChildDetails:
    """A made-up child, by number and birth date."""
    return ChildDetails(nhs_number=NHSNumber.parse(number), date_of_birth=dt.date(2018, 3, 4))


def flattened(page: httpx2.Response, number: str) -> tuple[int, dict[str, str], str]:
    """All that a page tells, with what is random and the number made one."""
    text = re.sub(r'(name="once" value=")[A-Za-z0-9_-]{22}', r"\1ONCE", page.text).replace(number, "NUMBER")
    text = re.sub(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b", "REFERENCE", text)
    return page.status_code, dict(page.headers), text


def test_a_rights_officer_is_told_the_same_of_a_child_whoever_else_knows_or_hides_them(gateway: WholeGateway) -> None:
    """The report itself takes 28 days, and is another test's."""
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("rights-1", Role.RIGHTS_OFFICER))
    told = {}
    for number in (HIDDEN, SEEN, ABSENT):
        typed = {"nhs_number": number, **BORN}
        pages = []
        for path, more in (
            ("/rights/ask", {}),
            ("/rights/object", {"balanced": "safeguarding-overrides"}),
            ("/rights/object", {"balanced": "no-overriding-ground"}),
            ("/rights/withdraw", {}),
        ):
            browser.open(path)
            pages.append(browser.send(path, {**typed, "pin": PIN, **more}))
            gateway.index.settle()
        browser.open("/rights/correct")
        pages.append(browser.send("/rights/correct", typed))
        pages.append(
            browser.send("/rights/correct", {**typed, "surname": "Mountbatten", "forename": "Bee", "pin": PIN})
        )
        told[number] = [flattened(page, number) for page in pages]

    assert [page[0] for page in told[ABSENT]] == [200] * 6
    assert told[HIDDEN] == told[ABSENT]
    assert told[SEEN] == told[ABSENT]


def test_a_shielding_officer_is_told_the_same_of_a_child_whoever_else_knows_or_hides_them(
    gateway: WholeGateway,
) -> None:
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("officer-1", Role.SHIELDING_OFFICER))
    told = {}
    for number in (HIDDEN, SEEN, ABSENT):
        browser.open("/shields/hide")
        typed = {"nhs_number": number, **BORN, "reason": "fleeing-abuse", "pin": PIN}
        told[number] = flattened(browser.send("/shields/hide", typed), number)
        gateway.index.settle()

    assert told[ABSENT][0] == 200
    assert told[HIDDEN] == told[ABSENT]
    assert told[SEEN] == told[ABSENT]
