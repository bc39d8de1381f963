"""Signing in by a page, the PIN, being away, and signing out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.edge.gateway.sessions import LOCK_SECONDS
from signpost.edge.pins import MOST_WRONG
from tests.support.browsing import PIN, Browser, text_of, title_of
from tests.support.whole_gateway import IDLE_SECONDS, User, WholeGateway, open_whole_gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


@pytest.fixture
def worker(gateway: WholeGateway) -> User:
    """A social worker of theirs."""
    return gateway.enrol("worker-1")


def test_somebody_signs_in_chooses_a_pin_and_is_where_their_role_begins(gateway: WholeGateway, worker: User) -> None:
    browser = Browser(gateway)

    assert title_of(browser.open("/")) == "Sign in - Signpost"
    page = browser.sign_in(worker)

    assert title_of(page) == "Check a child by NHS number - Signpost"
    assert "Signed in as worker-1 (practitioner), northtown." in text_of(page)
    assert set(browser.cookies) == {"__Host-signpost"}


@pytest.mark.parametrize("spoilt", [{"password": "another one"}, {"code": "000000"}, {"account": "nobody-1"}])
def test_whichever_factor_is_wrong_the_page_is_the_same(
    gateway: WholeGateway, worker: User, spoilt: dict[str, str]
) -> None:
    browser = Browser(gateway)
    browser.open("/sign-in")
    given = {"account": "worker-1", "password": worker.password, "code": gateway.code(worker), **spoilt}

    page = browser.send("/sign-in", given)

    assert page.status_code == 403
    assert title_of(page) == "Error: Sign in - Signpost"
    assert "The account, the password and the code do not belong together." in text_of(page)
    assert worker.password not in page.text
    assert set(browser.cookies) == {"__Host-signpost-before"}


def test_an_empty_field_is_named_and_led_to(gateway: WholeGateway) -> None:
    browser = Browser(gateway)
    browser.open("/sign-in")

    page = browser.send("/sign-in", {"account": "worker-1"})

    assert page.status_code == 422
    assert 'href="#password"' in page.text
    assert 'href="#code"' in page.text
    assert 'href="#account"' not in page.text


def test_without_a_pin_no_other_page_opens(gateway: WholeGateway, worker: User) -> None:
    browser = Browser(gateway)
    browser.open("/sign-in")
    code = gateway.code(worker)
    browser.send("/sign-in", {"account": "worker-1", "password": worker.password, "code": code})

    assert title_of(browser.open("/check")) == "Choose a PIN - Signpost"
    assert browser.send("/pin", {"pin": "111111", "again": "111111"}).status_code == 422
    assert browser.send("/pin", {"pin": PIN, "again": "271828"}).status_code == 422
    assert title_of(browser.send("/pin", {"pin": PIN, "again": PIN})) == "Check a child by NHS number - Signpost"


def test_whoever_signs_in_is_told_of_a_session_that_was_open_still(gateway: WholeGateway, worker: User) -> None:
    """It may have been somebody else's."""
    Browser(gateway).sign_in(worker)
    browser = Browser(gateway)
    browser.open("/sign-in")
    code = gateway.code(worker)

    page = browser.send("/sign-in", {"account": "worker-1", "password": worker.password, "code": code})

    assert "was open still. It is over now" in text_of(page)


def test_a_pin_is_chosen_once(gateway: WholeGateway, worker: User) -> None:
    """Whoever finds a screen open cannot choose another."""
    browser = Browser(gateway)
    browser.open("/sign-in")
    code = gateway.code(worker)
    asking = browser.send("/sign-in", {"account": "worker-1", "password": worker.password, "code": code})
    browser.send("/pin", {"pin": PIN, "again": PIN})

    browser.page = asking
    browser.send("/pin", {"pin": "271828", "again": "271828"})

    gateway.index.world.clock.advance(LOCK_SECONDS)
    browser.open("/check")
    assert browser.send("/unlock", {"unlock": "271828"}).status_code == 422
    assert title_of(browser.send("/unlock", {"unlock": PIN})) == "Check a child by NHS number - Signpost"


def test_whoever_was_away_shows_the_pin_and_goes_on_with_what_they_sent(gateway: WholeGateway, worker: User) -> None:
    browser = Browser(gateway)
    browser.sign_in(worker)
    gateway.index.world.clock.advance(LOCK_SECONDS)
    gateway.keep_time()

    born = {"date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "2018"}
    page = browser.send("/check", {"nhs_number": "9990000018", **born})
    assert title_of(page) == "Enter your PIN - Signpost"
    assert gateway.index.tables()["lookup_rows"] == []
    wrong = browser.send("/check", {"unlock": "000001"})
    assert "You can try 9 more times" in text_of(wrong)

    assert title_of(browser.send("/check", {"unlock": PIN})) == "Answer - Signpost"


@pytest.mark.parametrize("path", ["/", "/sign-in", "/pin", "/own/signpost.css", "/nowhere"])
def test_no_page_that_needs_no_pin_takes_the_place_of_one(gateway: WholeGateway, worker: User, path: str) -> None:
    browser = Browser(gateway)
    browser.sign_in(worker)
    gateway.index.world.clock.advance(LOCK_SECONDS)

    browser.open(path)

    assert title_of(browser.open("/check")) == "Enter your PIN - Signpost"


def test_whoever_leaves_before_choosing_a_pin_is_signed_out(gateway: WholeGateway, worker: User) -> None:
    """Or whoever comes by would choose it."""
    browser = Browser(gateway)
    browser.open("/sign-in")
    code = gateway.code(worker)
    browser.send("/sign-in", {"account": "worker-1", "password": worker.password, "code": code})
    gateway.index.world.clock.advance(LOCK_SECONDS)

    page = browser.send("/pin", {"pin": PIN, "again": PIN})

    assert title_of(page) == "You are signed out - Signpost"
    assert len(gateway.gateway.sessions) == 0


def test_being_away_for_longer_ends_the_session_however_often_the_pin_was_asked_for(
    gateway: WholeGateway, worker: User
) -> None:
    browser = Browser(gateway)
    browser.sign_in(worker)
    gateway.index.world.clock.advance(LOCK_SECONDS)
    assert title_of(browser.open("/check")) == "Enter your PIN - Signpost"
    gateway.index.world.clock.advance(IDLE_SECONDS - LOCK_SECONDS)

    page = browser.send("/unlock", {"unlock": PIN})

    assert title_of(page) == "You are signed out - Signpost"
    assert len(gateway.gateway.sessions) == 0
    assert "__Host-signpost" not in browser.cookies


def test_ten_wrong_pins_end_the_session(gateway: WholeGateway, worker: User) -> None:
    browser = Browser(gateway)
    browser.sign_in(worker)
    gateway.index.world.clock.advance(LOCK_SECONDS)
    browser.open("/check")
    for _ in range(MOST_WRONG - 1):
        assert browser.send("/unlock", {"unlock": "000001"}).status_code == 422

    page = browser.send("/unlock", {"unlock": "000001"})

    assert title_of(page) == "You are signed out - Signpost"
    assert title_of(browser.open("/check")) == "Sign in - Signpost"
    assert "pins-spent" in gateway.log_lines.getvalue()


def test_signing_out_ends_it_here_and_at_the_index(gateway: WholeGateway, worker: User) -> None:
    browser = Browser(gateway)
    browser.sign_in(worker)
    token, ended = browser.cookies["__Host-signpost"], gateway.index.tables()["ended_shifts"]

    page = browser.send("/sign-out")

    assert title_of(page) == "You are signed out - Signpost"
    assert page.headers["clear-site-data"] == '"cache", "storage"'
    browser.cookies["__Host-signpost"] = token
    assert title_of(browser.open("/check")) == "Sign in - Signpost"
    assert gateway.index.tables()["ended_shifts"] != ended


def test_what_it_says_of_time_is_in_seconds_for_a_script_and_in_words_for_a_person(
    gateway: WholeGateway, worker: User
) -> None:
    page = Browser(gateway).sign_in(worker)

    assert f'data-lock-seconds="{LOCK_SECONDS}"' in page.text
    assert "it asks for your PIN after 5 minutes and signs you out after 15; in any case at" in text_of(page)
