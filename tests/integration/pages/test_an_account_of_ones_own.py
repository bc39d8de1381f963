"""Using an enrolment token, changing a password and seeing the coverage by pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.protocol.credentials import AccountId
from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.purposes import Role
from signpost.protocol.secret import Secret
from tests.support.browsing import Browser, forms_of, text_of, title_of
from tests.support.people import PASSWORD
from tests.support.whole_gateway import User, WholeGateway, open_whole_gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


def secret_on(browser: Browser) -> Secret:
    """The code generator's, as the page carries it."""
    fields = dict(next(form.fields for form in forms_of(browser.page) if form.action == "/enrol/codes"))
    return Secret(base64.b32decode(fields["secret"]))


def test_somebody_uses_their_token_by_pages_and_signs_in_once_approved(gateway: WholeGateway) -> None:
    token = gateway.open_account("worker-2", Role.PRACTITIONER)
    browser = Browser(gateway)
    browser.open("/enrol")
    page = browser.send("/enrol", {"token": token.text()})
    secret = secret_on(browser)
    assert "worker-2" in text_of(page)
    assert "<svg" in page.text
    code = code_of(secret, gateway.index.world.clock.now() // STEP_SECONDS)

    page = browser.send("/enrol/codes", {"code": code, "password": PASSWORD, "again": PASSWORD})

    assert title_of(page) == "Enrolled - Signpost"
    gateway.index.run(gateway.administrator.approve(AccountId("worker-2")))
    page = browser.sign_in(User(AccountId("worker-2"), Role.PRACTITIONER, secret))
    assert title_of(page) == "Check a child by NHS number - Signpost"


def test_what_is_wrong_in_enrolling_is_named_and_the_picture_stays_the_same(gateway: WholeGateway) -> None:
    token = gateway.open_account("worker-2", Role.PRACTITIONER)
    browser = Browser(gateway)
    browser.open("/enrol")
    assert browser.send("/enrol", {"token": "signpost-1.nothing"}).status_code == 422
    browser.send("/enrol", {"token": token.text()})
    secret = secret_on(browser)

    for given, anchor in (
        ({"code": "12345", "password": PASSWORD, "again": PASSWORD}, "code"),
        ({"code": "123456", "password": PASSWORD, "again": "another one"}, "again"),
        ({"code": "123456"}, "password"),
        ({"code": code_of(secret, gateway.index.world.clock.now() // STEP_SECONDS), "password": "password1234",
          "again": "password1234"}, "password"),
    ):  # fmt: skip
        page = browser.send("/enrol/codes", given)
        assert page.status_code == 422
        assert f'<a href="#{anchor}">' in page.text
        assert secret_on(browser).reveal() == secret.reveal()
        assert PASSWORD not in page.text


def test_no_secret_of_enrolling_is_in_an_address_or_the_log(gateway: WholeGateway) -> None:
    token = gateway.open_account("worker-2", Role.PRACTITIONER)
    browser = Browser(gateway)
    browser.open("/enrol")
    browser.send("/enrol", {"token": token.text()})

    assert not re.search(r"otpauth|signpost-1", str([str(each.url) for each in browser.seen]))
    assert gateway.log_lines.getvalue().count("\n") == gateway.log_lines.getvalue().count("pages-without-design-system")


def test_a_password_is_changed_and_the_session_is_over(gateway: WholeGateway) -> None:
    worker = gateway.enrol("worker-1")
    browser = Browser(gateway)
    browser.sign_in(worker)
    browser.open("/password")
    new = "four unrelated words indeed"
    given = {"password": worker.password, "new_password": new, "again": new}
    assert browser.send("/password", {**given, "code": "000000"}).status_code == 422
    weak = {"code": gateway.code(worker), "password": worker.password, "new_password": "password1234"}
    assert '<a href="#new_password">' in browser.send("/password", {**weak, "again": "password1234"}).text

    page = browser.send("/password", {**given, "code": gateway.code(worker)})

    assert title_of(page) == "Your password is changed - Signpost"
    assert title_of(browser.open("/check")) == "Sign in - Signpost"
    worker.password = new
    assert title_of(browser.sign_in(worker)) == "Check a child by NHS number - Signpost"


def test_coverage_is_of_the_nation_and_says_what_a_none_does_not_mean(gateway: WholeGateway) -> None:
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("worker-1"))

    page = browser.open("/coverage")

    assert re.search(r"\d+ of \d+ authorities are up to date", text_of(page))
    assert "None does not mean safe." in text_of(page)
