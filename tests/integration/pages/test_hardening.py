"""The pages against whoever would use them from outside: headers, cookies, forged forms, redirects, fixed sessions, and
what must stand in no address, title or log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from signpost.edge.gateway.pages.navigation import PLACES
from signpost.edge.gateway.pages.site import PAGES
from signpost.protocol.purposes import LOOKING_ROLES, MACHINE_ROLES, Role
from tests.support.browsing import FROM_HERE, HOST, PIN, Browser, forms_of, text_of, title_of
from tests.support.whole_gateway import User, WholeGateway, open_whole_gateway

NUMBER = "9990000018"
BORN = {"date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "2018"}
HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
POLICY = {
    "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "font-src 'self'",
    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'",
    "trusted-types 'none'",
}  # fmt: skip


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


@pytest.fixture
def worker(gateway: WholeGateway) -> User:
    """A social worker of theirs."""
    return gateway.enrol("worker-1")


@pytest.fixture
def browser(gateway: WholeGateway, worker: User) -> Browser:
    """Theirs, signed in."""
    browser = Browser(gateway)
    browser.sign_in(worker)
    return browser


def fields_of(browser: Browser, action: str) -> list[tuple[str, str]]:
    """What the form on the screen that goes there would send."""
    return next(form.fields for form in forms_of(browser.page) if form.action == action)


def is_hardened(answer: httpx2.Response) -> None:
    """Every header of a page, each once."""
    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value], (answer.url, name)
    (policy,) = answer.headers.get_list("content-security-policy")
    assert set(policy.split("; ")) == POLICY
    assert "unsafe" not in policy
    assert "geolocation=()" in answer.headers["permissions-policy"]


def test_every_page_in_every_state_has_every_header(gateway: WholeGateway, browser: Browser) -> None:
    """For a stranger, for somebody signed in, refused, not found, too long for the door, and where it failed inside."""
    stranger = Browser(gateway)
    for path in [*PLACES, "/nowhere"]:
        stranger.ask("GET", path)
        browser.ask("GET", path)
        browser.ask("POST", path, [])
        browser.ask("PUT", path)
    browser.ask("POST", "/check", [("nhs_number", "9" * (300 << 10))])

    for answer in (*stranger.seen, *browser.seen):
        is_hardened(answer)
        assert answer.status_code == 303 or answer.headers["content-type"] == "text/html; charset=utf-8"
    assert {answer.status_code for answer in browser.seen} >= {200, 303, 403, 404, 405, 413}


def test_no_page_has_a_script_or_a_style_of_its_own_or_loads_from_elsewhere(browser: Browser) -> None:
    stranger = Browser(browser.gateway)
    for path in PLACES:
        browser.open(path)
        stranger.open(path)

    for answer in (*stranger.seen, *browser.seen):
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=|javascript:", answer.text)
        for loaded in re.findall(r'(?:src|href|action)="([^"]*)"', answer.text):
            assert urlsplit(loaded).netloc == ""


def test_a_cookie_is_of_this_host_alone_and_no_script_reads_it(browser: Browser) -> None:
    lines = [line for answer in browser.seen for line in answer.headers.get_list("set-cookie")]

    assert {line.partition("=")[0] for line in lines} == {"__Host-signpost", "__Host-signpost-before"}
    for line in lines:
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(line.split("; "))
        assert "Domain" not in line
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}|", line.partition("=")[2].partition(";")[0])


@pytest.mark.parametrize("token", ["none", "empty", "another session's", "the one before signing in"])
def test_a_form_without_its_sessions_token_is_refused_and_nothing_is_done(
    gateway: WholeGateway, browser: Browser, token: str
) -> None:
    fields = [(name, value) for name, value in fields_of(browser, "/check") if name != "csrf"]
    if token == "another session's":
        other = Browser(gateway)
        other.sign_in(gateway.enrol("worker-2"))
        fields.append(("csrf", dict(fields_of(other, "/check"))["csrf"]))
    elif token == "the one before signing in":
        stranger = Browser(gateway)
        stranger.open("/sign-in")
        fields.append(("csrf", dict(fields_of(stranger, "/sign-in"))["csrf"]))
    elif token == "empty":
        fields.append(("csrf", ""))

    answer = browser.ask("POST", "/check", [*fields, ("nhs_number", NUMBER), *BORN.items()])

    assert answer.status_code == 403
    assert title_of(answer) == "That form is out of date - Signpost"
    assert NUMBER not in answer.text
    assert gateway.index.tables()["lookup_rows"] == []
    assert "form-refused" in gateway.log_lines.getvalue()


@pytest.mark.parametrize(
    "said",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "https://other.gateway.example"},
        {"sec-fetch-site": "cross-site", "origin": "null"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {},
    ],
)
def test_a_form_from_another_origin_is_refused_whatever_is_in_it(
    gateway: WholeGateway, browser: Browser, said: dict[str, str]
) -> None:
    fields = [*fields_of(browser, "/check"), ("nhs_number", NUMBER), *BORN.items()]

    answer = browser.ask("POST", "/check", fields, headers=said)

    assert answer.status_code == 403
    assert gateway.index.tables()["lookup_rows"] == []


def test_a_browser_that_names_its_origin_alone_is_believed(browser: Browser) -> None:
    """An older one says no more."""
    fields = [*fields_of(browser, "/check"), ("nhs_number", NUMBER), *BORN.items()]
    fields = list(dict(fields).items())

    assert browser.ask("POST", "/check", fields, headers={"origin": f"https://{HOST}"}).status_code == 200


def test_signing_in_is_refused_without_the_browsers_own_token(gateway: WholeGateway, worker: User) -> None:
    """Or another site could sign somebody in as its own account, and read what they ask afterwards."""
    mine, theirs = Browser(gateway), Browser(gateway)
    mine.open("/sign-in")
    theirs.open("/sign-in")
    given = [("account", "worker-1"), ("password", worker.password), ("code", gateway.code(worker))]

    answer = theirs.ask("POST", "/sign-in", [*fields_of(mine, "/sign-in"), *given])

    assert answer.status_code == 403
    assert len(gateway.gateway.sessions) == 0


def test_the_form_of_one_page_in_another_media_type_is_refused(browser: Browser) -> None:
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json", ""):
        answer = browser.ask("POST", "/check", [], headers={**FROM_HERE, "content-type": kind})
        assert answer.status_code == 415


def test_a_session_that_was_fixed_beforehand_is_not_taken(gateway: WholeGateway, worker: User) -> None:
    """What stood in the cookie before signing in opens nothing afterwards, and the token is another each time."""
    fixed = "A" * 43
    browser = Browser(gateway)
    browser.cookies["__Host-signpost"] = fixed
    browser.sign_in(worker)
    first = browser.cookies["__Host-signpost"]
    assert first != fixed

    browser.open("/sign-in")
    given = {"account": "worker-1", "password": worker.password, "code": gateway.code(worker)}
    browser.send("/sign-in", given)

    assert browser.cookies["__Host-signpost"] not in (first, fixed)
    for old in (first, fixed):
        thief = Browser(gateway)
        thief.cookies["__Host-signpost"] = old
        assert title_of(thief.open("/check")) == "Sign in - Signpost"


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "/nowhere", "/sign-out", "/shields", ""]
)
def test_nothing_that_is_sent_leads_a_browser_elsewhere(gateway: WholeGateway, browser: Browser, to: str) -> None:
    token = dict(fields_of(browser, "/check"))["csrf"]

    answer = browser.ask("POST", "/unlock", [("csrf", token), ("to", to)])

    assert answer.status_code == 303
    assert answer.headers["location"] in ("/check", "/sign-out" if to == "/sign-out" else "/check")
    assert "evil" not in answer.headers["location"]


@pytest.mark.parametrize(
    "path", [f"https://{HOST}//evil.example", "/%2f%2fevil.example", "/sign-in?next=https://evil.example"]
)
def test_no_address_leads_elsewhere(gateway: WholeGateway, path: str) -> None:
    answer = Browser(gateway).ask("GET", path)

    assert answer.status_code in (200, 404)
    assert "evil" not in answer.text


def test_a_bearer_token_opens_no_page_and_a_cookie_opens_no_api(gateway: WholeGateway, browser: Browser) -> None:
    token = browser.cookies["__Host-signpost"]
    stranger = Browser(gateway)

    page = stranger.ask("GET", "/check", headers={"authorization": f"Bearer {token}"})
    answer = browser.ask("GET", "/api/v1/inbox")

    assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


def test_another_roles_page_is_as_one_that_is_not_there(gateway: WholeGateway, browser: Browser) -> None:
    """A practitioner at the pages of urgent duty, and at none."""
    token = dict(fields_of(browser, "/check"))["csrf"]

    answers = [browser.ask("POST", path, [("csrf", token)]) for path in ("/break-glass", "/nowhere")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert len({text_of(answer) for answer in answers}) == 1


def test_every_place_has_a_page_and_every_page_a_place() -> None:
    assert set(PAGES) == set(PLACES)
    assert all(place.roles is None or place.roles for place in PLACES.values())
    people = LOOKING_ROLES - MACHINE_ROLES
    assert all(PLACES[path].roles == people for path in ("/check", "/check/upn", "/check/name", "/check/deep"))
    assert PLACES["/break-glass"].roles == frozenset({Role.URGENT})


def test_nothing_of_a_child_or_a_secret_is_in_an_address_a_title_or_the_log(
    gateway: WholeGateway, worker: User, browser: Browser
) -> None:
    """Of an answer, of a field that is wrong, of a call-back and its status."""
    answer = browser.send("/check", {"nhs_number": NUMBER, **BORN})
    receipt = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", text_of(answer).partition("Receipt")[2])
    assert receipt is not None
    browser.send("/call-back/leave")
    browser.send("/call-back")
    browser.open("/check/name")
    browser.send("/check/name", {"forename": "Zebedee", "surname": "4711", **BORN})

    secret = [NUMBER, "Zebedee", receipt[0], PIN, worker.password, *browser.cookies.values()]
    for each in browser.seen:
        told = f"{each.url} {each.headers.get('location', '')} {title_of(each)}"
        assert not [text for text in secret if text in told]
        assert "?" not in str(each.url)
    assert not [text for text in [*secret, "worker-1"] if text in gateway.log_lines.getvalue()]


def test_no_field_offers_what_was_typed_before_or_checks_its_spelling(browser: Browser) -> None:
    """But for what one signs in with, which a password manager may fill in."""
    for path in ("/check", "/check/upn", "/check/name", "/check/again", "/call-back"):
        page = browser.open(path)
        typed = re.findall(r"<input[^>]*>", page.text, re.DOTALL)
        shown = [each for each in typed if 'type="text"' in each]
        assert shown
        assert all('autocomplete="off"' in each and 'spellcheck="false"' in each for each in shown)


def test_only_files_of_the_pages_are_served(gateway: WholeGateway) -> None:
    stranger = Browser(gateway)
    sheet = stranger.ask("GET", "/own/signpost.css")

    assert sheet.status_code == 200
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    assert sheet.headers["cross-origin-resource-policy"] == "same-origin"
    for path in ("/own/", "/own/../site.py", "/templates/layout.html", "/own/%2e%2e/site.py", "/site.py"):
        assert stranger.ask("GET", path).status_code == 404


def test_a_form_of_too_many_fields_or_of_other_bytes_is_malformed(browser: Browser) -> None:
    token = dict(fields_of(browser, "/check"))["csrf"]

    many = browser.ask("POST", "/check", [("csrf", token), *(("x", "y") for _ in range(100))])
    twice = browser.ask("POST", "/check", [("csrf", token), ("nhs_number", NUMBER), ("nhs_number", NUMBER)])
    long = browser.ask("POST", "/check", [("csrf", token), ("nhs_number", "9" * (17 << 10))])

    assert [answer.status_code for answer in (many, twice, long)] == [422, 422, 413]
    assert NUMBER not in twice.text
