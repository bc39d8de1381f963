"""An account of one's own: a token is used at a page, and a password is changed there."""

from __future__ import annotations

import base64
import re
import time

from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.secret import Secret
from signpost_cli.demo.gateways import PASSWORD
from tests.browser.desk import Desk
from tests.browser.place import Place


def test_somebody_uses_their_token_at_a_page_and_signs_in_once_approved(desk: Desk, place: Place) -> None:
    """The code generator's secret is shown as a picture and as text; a weak password is refused in plain words."""
    account, gateway = f"new-{'a' if desk.scripts else 'b'}", place.gateways["north-council"]
    token = gateway.open_account(account, "practitioner")

    desk.open("/enrol")
    desk.look("token")
    desk.press("Continue")
    desk.look("token-with-errors")
    desk.fill(Enrolment_token=token)
    desk.press("Continue")
    desk.look("code-generator")
    typed = re.search(r"Or type: ([A-Z2-7 ]+)", desk.text)
    assert typed is not None
    codes = Secret(base64.b32decode(typed[1].replace(" ", "")))
    desk.fill(**{"The code it shows now": "12", "New password": "short", "The same password again": "other"})
    desk.press("Enrol")
    desk.look("code-generator-with-errors")
    now = int(time.time()) // STEP_SECONDS
    desk.fill(**{"The code it shows now": code_of(codes, now - 1)})
    desk.fill(**{"New password": PASSWORD, "The same password again": PASSWORD})
    desk.press("Enrol")
    desk.look("enrolled")

    gateway.approve(account)
    desk.follow("sign in")
    desk.fill(Account=account, Password=PASSWORD, **{"One-time code": code_of(codes, now)})
    desk.press("Sign in")
    assert desk.heading == "Choose a PIN for this session"


def test_a_password_is_changed_at_a_page_on_every_factor(desk: Desk, place: Place) -> None:
    person = place.people["renewer-1" if desk.scripts else "renewer-2"]
    new = "violet kettle harbour sparrow"

    desk.open("/sign-in")
    desk.open("/password")
    desk.look("password")
    desk.press("Change it")
    desk.look("password-with-errors")
    desk.fill(Account=person.account, **{"Present password": person.password, "One-time code": person.next_code()})
    desk.fill(**{"New password": new, "The same new password again": new})
    desk.press("Change it")
    desk.look("password-changed")
    person.password = new
