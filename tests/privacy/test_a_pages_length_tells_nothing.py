"""Whoever watches the encrypted line between a browser and its gateway sees how long an answer is. It is as long
whatever the word is and whatever became of a call-back.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.edge.gateway.pages.navigation import PLACES
from signpost.edge.gateway.pages.visit import PAGE_BYTES
from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.purposes import Role
from tests.support.browsing import Browser, text_of
from tests.support.elsewhere import register
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

SEEN, ABSENT = "9990000034", "9990000026"
BORN = {"date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "2018"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's, where Southtown works with one child."""
    with open_whole_gateway(tmp_path) as whole:
        child = ChildDetails(nhs_number=NHSNumber.parse(SEEN), date_of_birth=dt.date(2018, 3, 4))
        register(whole, "southtown", child)
        yield whole


def test_an_answer_and_what_became_of_a_call_back_are_as_long_whatever_they_say(gateway: WholeGateway) -> None:
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("night-1", Role.URGENT))
    words, lengths = set(), set()
    for number in (SEEN, ABSENT):
        browser.open("/check")
        answer = browser.send("/check", {"nhs_number": number, **BORN})
        words |= set(re.findall(r"\b(CURRENT|NONE)\b", text_of(answer)))
        browser.open("/check/name")
        by_name = browser.send("/check/name", {"forename": "Bee", "surname": "Mountbatten", **BORN})
        browser.page = answer
        left = browser.send("/call-back/leave", {"urgency": "now"})
        gateway.index.settle()
        waiting = browser.send("/call-back")
        lengths |= {len(page.content) for page in (answer, by_name, left, waiting)}

    assert words == {"CURRENT", "NONE"}
    assert lengths == {PAGE_BYTES}


def test_every_page_is_as_long_as_others(gateway: WholeGateway) -> None:
    """Refused, asked for the PIN, or shown."""
    browser, stranger = Browser(gateway), Browser(gateway)
    browser.sign_in(gateway.enrol("night-1", Role.URGENT))
    for path in [*PLACES, "/nowhere"]:
        stranger.ask("GET", path)
        browser.ask("GET", path)
        browser.ask("POST", path, [])

    shown = [answer for answer in (*browser.seen, *stranger.seen) if answer.status_code != 303]
    assert {len(answer.content) for answer in shown} == {PAGE_BYTES}
