"""Checking a child by a page: what is asked, what is answered, and what could not be."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.words import WORDS
from signpost.protocol.purposes import Role
from tests.support.browsing import Browser, text_of, title_of
from tests.support.elsewhere import register
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

NUMBER = "9990000018"
BORN = {"date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "2018"}
CHILD = ChildDetails(nhs_number=NHSNumber.parse(NUMBER), date_of_birth=dt.date(2018, 3, 4))


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


@pytest.fixture
def browser(gateway: WholeGateway) -> Browser:
    """A social worker's."""
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("worker-1"))
    return browser


def test_an_answer_is_its_word_its_sentence_a_receipt_and_the_coverage(gateway: WholeGateway, browser: Browser) -> None:
    register(gateway, "southtown", CHILD)

    page = browser.send("/check", {"nhs_number": NUMBER, **BORN})

    assert page.status_code == 200
    said = text_of(page)
    assert f"CURRENT {WORDS['current']}" in said
    assert "For the NHS number ending 0018" in said
    assert "authorities up to date" in said
    assert "None does not mean safe" in said


def test_a_none_says_that_it_is_not_proof_of_safety_and_is_not_green(browser: Browser) -> None:
    page = browser.send("/check", {"nhs_number": NUMBER, **BORN})

    assert f"NONE {WORDS['none']}" in text_of(page)
    assert "panel" not in page.text
    assert "success" not in page.text


@pytest.mark.parametrize(
    ("typed", "anchor"),
    [
        ({"nhs_number": "9990000019", **BORN}, "nhs_number"),
        ({"nhs_number": "", **BORN}, "nhs_number"),
        ({"nhs_number": NUMBER, **BORN, "date_of_birth-month": "13"}, "date_of_birth-day"),
        ({"nhs_number": NUMBER}, "date_of_birth-day"),
    ],
)
def test_what_is_not_of_its_form_is_named_and_led_to_and_nothing_is_sent(
    gateway: WholeGateway, browser: Browser, typed: dict[str, str], anchor: str
) -> None:
    page = browser.send("/check", typed)

    assert page.status_code == 422
    assert title_of(page) == "Error: Check a child by NHS number - Signpost"
    assert f'<a href="#{anchor}">' in page.text
    assert gateway.index.tables()["lookup_rows"] == []


def test_the_same_form_sent_again_is_one_question(gateway: WholeGateway, browser: Browser) -> None:
    """As when somebody loads the answer again; another child by the same form is another question."""
    form = browser.page
    first = browser.send("/check", {"nhs_number": NUMBER, **BORN})
    browser.page = form
    again = browser.send("/check", {"nhs_number": NUMBER, **BORN})
    browser.page = form
    other = browser.send("/check", {"nhs_number": "9990000026", **BORN})

    assert "NONE" in text_of(other)
    assert len(gateway.index.tables()["lookup_rows"]) == 2
    assert text_of(first).partition("Receipt ")[2][:9] == text_of(again).partition("Receipt ")[2][:9]


def test_what_could_not_be_checked_is_a_page_of_its_own_with_a_number_to_ring(
    gateway: WholeGateway, browser: Browser
) -> None:
    """And never a none: here the key holders have had no list for too long."""
    gateway.index.world.clock.advance(299)
    for holder in gateway.holders:
        holder.clock.at = gateway.index.world.clock.now() + 2

    page = browser.send("/check", {"nhs_number": NUMBER, **BORN})

    assert page.status_code == 503
    assert title_of(page) == "We could not check - Signpost"
    said = text_of(page)
    assert "This is not a no." in said
    assert "0113 496 0000" in said
    assert "NONE" not in said


NAMED = {"forename": "Bluebell", "surname": "Moorhen", "postcode": "LS1 4AP", **BORN}


def test_a_child_is_checked_by_upn_or_by_name_each_on_a_page_of_its_own(
    gateway: WholeGateway, browser: Browser
) -> None:
    browser.open("/check/upn")
    by_upn = browser.send("/check/upn", {"upn": "H801200001001", **BORN})
    browser.open("/check/name")
    by_name = browser.send("/check/name", NAMED)

    assert "NONE" in text_of(by_upn)
    assert "For the UPN ending 1001" in text_of(by_upn)
    assert "NONE" in text_of(by_name)
    assert "For the child B.M. born 2018" in text_of(by_name)
    assert len(gateway.index.tables()["lookup_rows"]) == 2


def test_a_name_without_a_date_of_birth_is_asked_for_it(browser: Browser) -> None:
    browser.open("/check/name")

    page = browser.send("/check/name", {"forename": "Bluebell", "surname": "Moorhen"})

    assert page.status_code == 422
    assert '<a href="#date_of_birth-day">' in page.text
    assert 'value="Bluebell"' in page.text


def test_with_the_year_alone_the_answer_says_what_that_leaves_out(browser: Browser) -> None:
    browser.open("/check/name")
    year = {"date_of_birth-day": "", "date_of_birth-month": "", "date_of_birth-year": "2018"}

    page = browser.send("/check/name", {**NAMED, **year})

    assert "With the year alone" in text_of(page)


def test_a_none_can_be_asked_again_more_tolerantly_with_a_reason_and_only_once(
    gateway: WholeGateway, browser: Browser
) -> None:
    browser.open("/check/name")
    browser.send("/check/name", NAMED)

    asked = browser.send("/check/deep")
    assert asked.status_code == 422
    assert '<a href="#deep">' in asked.text
    assert len(gateway.index.tables()["lookup_rows"]) == 1
    page = browser.send("/check/deep", {"deep": "address-unsure"})

    assert "NONE" in text_of(page)
    assert "Ask more tolerantly" not in page.text
    assert len(gateway.index.tables()["lookup_rows"]) == 2


def test_what_is_settled_offers_no_deeper_question(gateway: WholeGateway, browser: Browser) -> None:
    register(gateway, "southtown", CHILD)

    page = browser.send("/check", {"nhs_number": NUMBER, **BORN})

    assert "CURRENT" in text_of(page)
    assert "/check/deep" not in page.text
    assert NUMBER not in page.text


def test_with_a_number_alone_there_is_nothing_to_be_tolerant_about(browser: Browser) -> None:
    page = browser.send("/check", {"nhs_number": NUMBER, **BORN})

    assert "NONE" in text_of(page)
    assert "/check/deep" not in page.text
    assert NUMBER not in page.text


def test_an_answer_is_seen_again_by_its_receipt(gateway: WholeGateway, browser: Browser) -> None:
    page = browser.send("/check", {"nhs_number": NUMBER, **BORN})
    receipt = text_of(page).partition("Receipt ")[2][:9]
    register(gateway, "southtown", CHILD)
    browser.open("/check/again")

    assert browser.send("/check/again", {"receipt": "L7Q2"}).status_code == 422
    assert "CURRENT" in text_of(browser.send("/check/again", {"receipt": receipt.lower()}))


def test_somebody_on_urgent_duty_asks_for_now_and_a_practitioner_for_today(gateway: WholeGateway) -> None:
    for name, role, usual in (("worker-2", Role.PRACTITIONER, "today"), ("night-1", Role.URGENT, "now")):
        browser = Browser(gateway)
        page = browser.sign_in(gateway.enrol(name, role))
        (checked,) = re.findall(r'name="urgency"[^>]*value="([a-z]+)" checked', page.text)
        assert checked == usual


def test_a_purpose_that_is_not_the_roles_is_refused(gateway: WholeGateway, browser: Browser) -> None:
    page = browser.send("/check", {"nhs_number": NUMBER, **BORN, "purpose": "s46"})

    assert page.status_code == 403
    assert gateway.index.tables()["lookup_rows"] == []


def test_on_urgent_duty_an_unborn_child_is_checked_by_its_mother(gateway: WholeGateway, browser: Browser) -> None:
    assert browser.open("/check/mother").status_code == 404
    assert "/check/mother" not in browser.open("/check").text
    night = Browser(gateway)
    assert "/check/mother" in night.sign_in(gateway.enrol("night-1", Role.URGENT)).text
    night.open("/check/mother")

    assert '<a href="#expected_date_of_birth-day">' in night.send("/check/mother", {"mother_nhs_number": NUMBER}).text
    soon = gateway.gateway.clock.now() + 60 * 86_400
    due = dt.datetime.fromtimestamp(soon, tz=dt.UTC).date()
    typed = {f"expected_date_of_birth-{part}": str(getattr(due, part)) for part in ("day", "month", "year")}
    page = night.send("/check/mother", typed)

    assert "NONE" in text_of(page)
    assert "For the child not yet born" in text_of(page)


def test_each_form_of_an_answer_does_what_it_does_once(gateway: WholeGateway, browser: Browser) -> None:
    """They stand on one page; a call-back that was left keeps no second press from being the same question."""
    browser.open("/check/name")
    answer = browser.send("/check/name", {"forename": "Bee", "surname": "Mountbatten", "postcode": "LS1 4AP", **BORN})
    browser.send("/call-back/leave")

    asked = []
    for _ in range(2):
        browser.page = answer
        asked.append(re.findall(r"Receipt (\S{9})", text_of(browser.send("/check/deep", {"deep": "name-unsure"}))))

    assert asked[0] == asked[1] != []
