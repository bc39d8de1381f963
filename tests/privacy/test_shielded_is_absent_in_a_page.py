"""In a gateway's pages a shielded child and one nobody knows are the same bytes: the answer, the deeper question, the
answer again, a call-back and its status, and what is said where a duty line is asked for.
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
from signpost.edge.postcodes import Postcode
from signpost.protocol.purposes import Role
from tests.support.browsing import PIN, Browser, text_of
from tests.support.hidden_elsewhere import ABSENT, HIDDEN, SEEN, know_two_and_hide_one
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

BORN = dt.date(2018, 3, 4)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's, before an index where Southtown works with two children and has had one of them hidden."""
    with open_whole_gateway(tmp_path) as whole:
        know_two_and_hide_one(whole, child)
        yield whole


NAMES = {HIDDEN: ("Bluebell", "Moorhen"), ABSENT: ("Campanul", "Redwing"), SEEN: ("Foxglove", "Wagtail")}


def child(number: str) -> ChildDetails:
    """A made-up child, by number, names and birth date."""
    (forename, surname), home = NAMES[number], Postcode.parse("LS1 4AP")
    assert home is not None
    return ChildDetails(
        nhs_number=NHSNumber.parse(number), date_of_birth=BORN, forename=forename, surname=surname,
        postcodes=(home,),
    )  # fmt: skip


def flattened(page: httpx2.Response, number: str) -> tuple[int, dict[str, str], int, bytes]:
    """All that a page tells: status, headers, length and bytes, with what is random and the number asked about made
    one.
    """
    text = re.sub(r'(name="once" value=")[A-Za-z0-9_-]{22}', r"\1ONCE", page.text)
    text = text.replace(number, "NUMBER").replace(f"ending {number[-4:]}", "ending LAST")
    for word, name in zip(("FORENAME", "SURNAME"), NAMES[number], strict=True):
        text = text.replace(name, word)
    text = text.replace(f"child {NAMES[number][0][0]}.{NAMES[number][1][0]}.", "child INITIALS")
    for receipt in set(re.findall(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b", text)):
        text = text.replace(receipt, "RECEIPT")
    return page.status_code, dict(page.headers), len(page.content), text.encode()


def test_a_shielded_childs_pages_are_byte_for_byte_those_of_a_child_nobody_knows(gateway: WholeGateway) -> None:
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("night-1", Role.URGENT))
    born = {"date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "2018"}
    told: dict[str, list[object]] = {}
    statuses: dict[str, list[int]] = {}
    for number in (HIDDEN, ABSENT, SEEN):
        gateway.log_lines.seek(0)
        gateway.log_lines.truncate()
        browser.open("/check")
        answer = browser.send("/check", {"nhs_number": number, **born})
        (receipt,) = re.findall(r"Receipt ([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})", text_of(answer))
        pages = [answer]
        browser.open("/check/name")
        forename, surname = NAMES[number]
        named = {"forename": forename, "surname": surname, "postcode": "LS1 4AP", **born}
        pages.append(browser.send("/check/name", named))
        if number != SEEN:
            pages.append(browser.send("/check/deep", {"deep": "name-unsure"}))
        browser.open("/check/again")
        pages.append(browser.send("/check/again", {"receipt": receipt}))
        pages.append(browser.send("/call-back/leave", {"urgency": "now"}))
        gateway.index.settle()
        pages.append(browser.send("/call-back"))
        token = re.findall(r'name="csrf" value="([^"]+)"', browser.page.text)[0]
        asked = [("csrf", token), ("receipt", receipt)]
        pages.append(browser.ask("POST", "/break-glass/confirm", asked))
        pages.append(browser.ask("POST", "/break-glass", [*asked, ("typed", receipt), ("pin", PIN)]))
        statuses[number] = [page.status_code for page in pages]
        told[number] = [flattened(page, number) for page in pages]
        told[number].append(gateway.log_lines.getvalue())

    assert told[HIDDEN] == told[ABSENT]
    assert told[SEEN] != told[ABSENT]
    assert statuses[HIDDEN] == [200, 200, 200, 200, 200, 200, 200, 403]
