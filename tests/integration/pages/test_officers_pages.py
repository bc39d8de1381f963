"""Officers at the gateway's pages: each flow to its end, and what is asked before anything is decided."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from signpost.edge.gateway.pages.navigation import PLACES
from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.messages import ContactRequest
from signpost.protocol.purposes import Kind, Purpose, Role, Urgency
from signpost.protocol.rights import REPORT_DAYS
from tests.integration.pages.test_hardening import is_hardened
from tests.support.browsing import PIN, Browser, forms_of, text_of, title_of
from tests.support.elsewhere import client_of, register
from tests.support.hidden_elsewhere import approve_elsewhere, hide_elsewhere
from tests.support.whole_gateway import User, WholeGateway, open_whole_gateway

NUMBER, OTHER = "9990000018", "9990000026"
BORN = {"date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "2018"}
TYPED = {"nhs_number": NUMBER, **BORN}
CHILD = ChildDetails(nhs_number=NHSNumber.parse(NUMBER), date_of_birth=dt.date(2018, 3, 4))


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


def signed_in(gateway: WholeGateway, name: str, role: Role) -> Browser:
    """A browser with somebody at it."""
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol(name, role))
    return browser


def again(gateway: WholeGateway, user: User) -> Browser:
    """The same of somebody who was signed in before."""
    browser = Browser(gateway)
    browser.sign_in(user)
    return browser


def begin(browser: Browser, action: str, value: str) -> httpx2.Response:
    """The form about one thing of a list that was shown, by its button."""
    form = next(
        each for each in forms_of(browser.page) if each.action == action and value in dict(each.fields).values()
    )
    browser.page = browser.ask("POST", action, form.fields)
    return browser.page


def word(gateway: WholeGateway, number: str = NUMBER) -> str:
    """What a colleague elsewhere is answered about the child."""
    child = ChildDetails(nhs_number=NHSNumber.parse(number), date_of_birth=dt.date(2018, 3, 4))
    asker = client_of(gateway, "southtown", Role.PRACTITIONER)
    return gateway.index.run(asker.lookup(child, urgency=Urgency.TODAY)).word


def shield_on(page: httpx2.Response) -> str:
    """The reference that a page tells."""
    words = text_of(page).split()
    return words[words.index("Shield") + 1]


# -- shields


def test_an_officer_hides_a_child_and_sees_how_the_shield_stands(gateway: WholeGateway) -> None:
    register(gateway, "northtown", CHILD)
    browser = signed_in(gateway, "officer-1", Role.SHIELDING_OFFICER)
    assert title_of(browser.page) == "Your organisation’s shields - Signpost"
    browser.open("/shields/hide")

    hidden = browser.send("/shields/hide", {**TYPED, "reason": "fleeing-abuse", "pin": PIN})
    gateway.index.settle()

    assert title_of(hidden) == "Hidden - Signpost"
    assert word(gateway) == "none"
    name = shield_on(hidden)
    assert NUMBER not in hidden.text
    assert f"{name} State Waiting" in text_of(browser.open("/shields"))
    approve_elsewhere(gateway, name)
    assert f"{name} State Approved Waits An officer elsewhere has approved it." in text_of(browser.open("/shields"))


def test_more_is_added_to_an_own_shield_from_the_list(gateway: WholeGateway) -> None:
    browser = signed_in(gateway, "officer-1", Role.SHIELDING_OFFICER)
    browser.open("/shields/hide")
    name = shield_on(browser.send("/shields/hide", {**TYPED, "reason": "fleeing-abuse", "pin": PIN}))
    browser.open("/shields")

    begin(browser, "/shields/hide", name)
    typed = {"nhs_number": OTHER, **BORN, "reason": "adoption", "pin": PIN}
    added = browser.send("/shields/hide", typed)

    assert title_of(added) == "Hidden - Signpost"
    assert f"Shield {name} hides" in text_of(added)
    assert "Because of fleeing abuse." in text_of(added)
    assert len(forms_of(browser.open("/shields"))) == 4  # of one shield, and signing out


@pytest.mark.parametrize(
    ("changed", "led_to"),
    [
        ({"pin": "000001"}, "pin"),
        ({"reason": ""}, "reason"),
        ({"nhs_number": "9990000019"}, "nhs_number"),
        ({"nhs_number": "", "known_postcode": "LS1 4AB"}, "nhs_number"),
        ({"known_postcode": "nowhere"}, "known_postcode"),
        ({"review_on-year": "2027"}, "review_on-day"),
        ({"review_on-day": "1", "review_on-month": "1", "review_on-year": "2035"}, "review_on-day"),
        ({"shield": "what"}, "shield"),
    ],
    ids=[
        "the PIN",
        "no reason",
        "no number",
        "nobody is hidden by it",
        "no postcode",
        "no day",
        "too late",
        "no shield",
    ],
)
def test_what_is_wrong_is_led_to_and_nothing_is_hidden(
    gateway: WholeGateway, changed: dict[str, str], led_to: str
) -> None:
    browser = signed_in(gateway, "officer-1", Role.SHIELDING_OFFICER)
    browser.open("/shields/hide")

    page = browser.send("/shields/hide", {**TYPED, "reason": "fleeing-abuse", "pin": PIN, **changed})

    assert (page.status_code, title_of(page)) == (422, "Error: Hide a child - Signpost")
    assert f'href="#{led_to}"' in page.text
    assert gateway.index.tables()["seals"] == []


def test_there_is_no_field_for_a_new_address(gateway: WholeGateway) -> None:
    browser = signed_in(gateway, "officer-1", Role.SHIELDING_OFFICER)

    [form] = [each for each in forms_of(browser.open("/shields/hide")) if each.action == "/shields/hide"]

    assert {name for name in form.names if "postcode" in name} == {"known_postcode", "other_known_postcode"}
    assert "Never the new address" in text_of(browser.page)


def test_a_shield_and_its_end_are_approved_here_and_its_end_with_the_reference_again(gateway: WholeGateway) -> None:
    hidden = hide_elsewhere(gateway, CHILD)
    browser = signed_in(gateway, "officer-1", Role.SHIELDING_OFFICER)
    browser.open("/shields/approve")

    approved = browser.send("/shields/approve", {"shield": hidden.shield.lower(), "what": "hides", "pin": PIN})
    assert f"Shield {hidden.shield} is approved." in text_of(approved)
    browser.open("/shields/approve")
    ending = {"shield": hidden.shield, "what": "ends", "pin": PIN}
    assert 'href="#again"' in browser.send("/shields/approve", ending).text
    refused = browser.send("/shields/approve", {**ending, "again": hidden.shield})

    assert title_of(refused) == "Nothing of it waits for that - Signpost"


def test_an_own_shield_is_ended_from_the_list(gateway: WholeGateway) -> None:
    browser = signed_in(gateway, "officer-1", Role.SHIELDING_OFFICER)
    browser.open("/shields/hide")
    name = shield_on(browser.send("/shields/hide", {**TYPED, "reason": "fleeing-abuse", "pin": PIN}))
    approve_elsewhere(gateway, name)
    browser.open("/shields")

    begin(browser, "/shields/end", name)
    assert 'href="#why"' in browser.send("/shields/end", {"pin": PIN}).text
    page = browser.send("/shields/end", {"why": "mistaken", "pin": PIN})

    assert title_of(page) == "Your organisation’s shields - Signpost"
    assert "State Ending Waits Its end (it was a mistake) is to be approved" in text_of(page)


def test_of_a_new_identity_the_old_one_alone_is_typed_with_the_reference_again(gateway: WholeGateway) -> None:
    register(gateway, "northtown", CHILD)
    browser = signed_in(gateway, "officer-1", Role.SHIELDING_OFFICER)
    browser.open("/shields/hide")
    name = shield_on(browser.send("/shields/hide", {**TYPED, "reason": "adoption", "pin": PIN}))
    gateway.index.settle()
    browser.open("/shields")
    begin(browser, "/shields/identity-ended", name)

    assert 'href="#again"' in browser.send("/shields/identity-ended", {**TYPED, "pin": PIN}).text
    other = browser.send("/shields/identity-ended", {**TYPED, "nhs_number": OTHER, "pin": PIN, "again": name})
    assert "what you typed has not that number" in text_of(other)
    done = browser.send("/shields/identity-ended", {"nhs_number": NUMBER, "pin": PIN, "again": name})
    gateway.index.settle()

    assert title_of(done) == "The old identity alone - Signpost"
    assert gateway.index.tables()["owned_involvements"] == []


# -- the independent desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[WholeGateway]:
    """The independent desk's own gateway."""
    with open_whole_gateway(tmp_path, organisation="shielding-desk", kind=Kind.SHIELDING_DESK) as whole:
        yield whole


def test_the_desk_decides_what_waits_with_its_pin(desk: WholeGateway) -> None:
    """Who looked, then who asks to be rung; each once, and in no way that it does not take."""
    hidden = hide_elsewhere(desk, CHILD)
    asker = client_of(desk, "southtown", Role.PRACTITIONER)
    receipt = desk.index.run(asker.lookup(CHILD, urgency=Urgency.NOW)).receipt
    asked = ContactRequest(receipt=receipt, purpose=Purpose.SECTION_47, urgency=Urgency.NOW)
    desk.index.run(asker.index.ask_for_call_back(asked))
    desk.index.settle()
    browser = signed_in(desk, "desk-1", Role.SHIELDING_OFFICER)
    assert title_of(browser.page) == "What waits at the desk - Signpost"
    told = text_of(browser.page)
    assert "asks to be rung" in told
    assert "of southtown" in told
    assert f"{hidden.shield}: fleeing abuse, asked for by southtown" in told

    [rung, seen] = [dict(each.fields)["item"] for each in forms_of(browser.page) if each.action == "/desk/decide"]
    page = begin(browser, "/desk/decide", rung)
    assert 'value="hide"' not in page.text
    assert 'href="#decision"' in browser.send("/desk/decide", {"pin": PIN}).text
    assert 'href="#pin"' in browser.send("/desk/decide", {"decision": "rang"}).text
    assert rung not in text_of(browser.send("/desk/decide", {"decision": "rang", "pin": PIN}))
    begin(browser, "/desk/decide", seen)
    done = browser.send("/desk/decide", {"decision": "seen", "pin": PIN})

    assert "Nothing waits." in text_of(done)


def test_what_ends_a_shield_has_the_item_typed_again(desk: WholeGateway) -> None:
    hide_elsewhere(desk, CHILD)
    desk.index.world.clock.advance(3 * 86_400)
    desk.index.run(desk.index.index.escalating.tick())
    browser = signed_in(desk, "desk-1", Role.SHIELDING_OFFICER)
    [form] = [each for each in forms_of(browser.page) if each.action == "/desk/decide"]
    item = dict(form.fields)["item"]
    begin(browser, "/desk/decide", item)

    assert 'href="#again"' in browser.send("/desk/decide", {"decision": "refuse", "pin": PIN}).text
    done = browser.send("/desk/decide", {"decision": "refuse", "pin": PIN, "again": item})

    assert "Nothing waits." in text_of(done)


# -- families' rights


@pytest.mark.parametrize(
    ("told", "exemption", "shown"),
    [
        ("all", "", (True, True)),
        ("not-who-looked", "serious-harm", (True, False)),
        ("nothing", "crime", (False, False)),
    ],
)
def test_a_report_is_asked_for_decided_by_another_and_read_with_the_family(
    gateway: WholeGateway, told: str, exemption: str, shown: tuple[bool, bool]
) -> None:
    register(gateway, "southtown", CHILD)
    asker = client_of(gateway, "northtown", Role.PRACTITIONER)
    gateway.index.run(asker.lookup(CHILD, urgency=Urgency.TODAY))
    anna, bert = (gateway.enrol(name, Role.RIGHTS_OFFICER) for name in ("anna", "bert"))
    browser = again(gateway, anna)
    browser.open("/rights/ask")
    asked = browser.send("/rights/ask", {**TYPED, "pin": PIN})
    assert title_of(asked) == "The report is asked for - Signpost"
    assert NUMBER not in asked.text
    words = text_of(asked).split()
    name = words[words.index("reference") + 2].rstrip(".")

    browser = again(gateway, bert)
    begin(browser, "/rights/decide", name)
    assert 'href="#told"' in browser.send("/rights/decide", {"pin": PIN}).text
    wrong = browser.send("/rights/decide", {"told": told, "exemption": "" if exemption else "crime", "pin": PIN})
    assert 'href="#exemption"' in wrong.text
    decided = browser.send("/rights/decide", {"told": told, "exemption": exemption, "pin": PIN})
    assert "decided; read from" in text_of(decided)
    gateway.index.world.clock.advance(REPORT_DAYS * 86_400)

    browser = again(gateway, anna)
    page = begin(browser, "/rights/read", name)
    assert ("A council's services for children" in page.text.replace("&#39;", "'")) == any(shown)
    assert text_of(page).count("This is not told.") == 2 - sum(shown)
    assert exemption == "" or exemption not in page.text
    download = next(each for each in forms_of(page) if ("as", "json") in each.fields)
    file = browser.ask("POST", "/rights/download", download.fields)
    assert json.loads(file.text)["exemption"] == (exemption or None)
    assert file.headers["content-disposition"] == 'attachment; filename="report.json"'
    download = next(each for each in forms_of(page) if ("as", "html") in each.fields)
    kept = browser.ask("POST", "/rights/download", download.fields)
    assert kept.text.startswith("<!doctype html>")
    assert exemption == "" or exemption not in kept.text


def test_nobody_decides_a_report_that_they_asked_for(gateway: WholeGateway) -> None:
    browser = signed_in(gateway, "anna", Role.RIGHTS_OFFICER)
    browser.open("/rights/ask")
    browser.send("/rights/ask", {**TYPED, "pin": PIN})
    [form] = [each for each in forms_of(browser.open("/rights")) if each.action == "/rights/decide"]
    begin(browser, "/rights/decide", dict(form.fields)["report"])

    page = browser.send("/rights/decide", {"told": "all", "pin": PIN})

    assert title_of(page) == "That report is not known - Signpost"


def test_an_objection_is_recorded_and_taken_back(gateway: WholeGateway) -> None:
    browser = signed_in(gateway, "anna", Role.RIGHTS_OFFICER)
    browser.open("/rights/object")
    assert 'href="#balanced"' in browser.send("/rights/object", {**TYPED, "pin": PIN}).text
    page = browser.send("/rights/object", {"balanced": "no-overriding-ground", "pin": PIN})
    assert "It is upheld" in text_of(page)
    words = text_of(page).split()
    name = words[words.index("reference") + 2].rstrip(".")

    browser.open("/rights/take-back")
    taken = browser.send("/rights/take-back", {"objection": name, "pin": PIN})

    assert f"{name} is taken back." in text_of(taken)
    browser.open("/rights/take-back")
    unknown = browser.send("/rights/take-back", {"objection": name, "pin": PIN})
    assert title_of(unknown) == "Nothing of that reference stands - Signpost"


def test_a_correction_asks_for_the_wrong_details_then_for_the_right_ones(gateway: WholeGateway) -> None:
    register(gateway, "northtown", CHILD)
    browser = signed_in(gateway, "anna", Role.RIGHTS_OFFICER)
    browser.open("/rights/correct")
    assert 'href="#date_of_birth-day"' in browser.send("/rights/correct", {**TYPED, "date_of_birth-year": "20"}).text

    page = browser.send("/rights/correct", TYPED)
    assert title_of(page) == "The right details - Signpost"
    [form] = [each for each in forms_of(page) if each.action == "/rights/correct"]
    assert dict(form.fields)["nhs_number"] == ""
    assert 'href="#pin"' in browser.send("/rights/correct", {"nhs_number": OTHER, **BORN}).text
    done = browser.send("/rights/correct", {"nhs_number": OTHER, **BORN, "pin": PIN})
    gateway.index.settle()

    assert "1 entry that this council registered." in text_of(done)
    assert (word(gateway), word(gateway, OTHER)) == ("none", "current")


@pytest.mark.parametrize("typed", [{}, {"surname": "Quill"}], ids=["nothing", "a-surname"])
def test_a_correction_goes_on_only_with_details_under_which_something_may_be_registered(
    gateway: WholeGateway, typed: dict[str, str]
) -> None:
    browser = signed_in(gateway, "anna", Role.RIGHTS_OFFICER)
    browser.open("/rights/correct")

    page = browser.send("/rights/correct", typed)

    assert page.status_code == 422
    assert title_of(page) == "Error: Correct what is registered - Signpost"
    assert 'href="#nhs_number"' in page.text


def test_a_consent_is_withdrawn_and_what_stands_is_counted(gateway: WholeGateway) -> None:
    register(gateway, "northtown", CHILD)
    browser = signed_in(gateway, "anna", Role.RIGHTS_OFFICER)
    browser.open("/rights/withdraw")

    page = browser.send("/rights/withdraw", {**TYPED, "pin": PIN})

    assert "0 entries that rested on consent." in text_of(page)
    assert "1 entry of this council stands: it rests on the law" in text_of(page)


@pytest.mark.parametrize("path", ["ask", "object", "correct", "withdraw", "take-back"])
def test_a_page_that_a_family_sees_can_be_left_at_once(gateway: WholeGateway, path: str) -> None:
    browser = signed_in(gateway, "anna", Role.RIGHTS_OFFICER)

    assert "Exit this page" in text_of(browser.open(f"/rights/{path}"))


def test_details_that_find_nobody_are_said_to(gateway: WholeGateway) -> None:
    browser = signed_in(gateway, "anna", Role.RIGHTS_OFFICER)
    browser.open("/rights/ask")

    page = browser.send("/rights/ask", {"surname": "Quill", "pin": PIN})

    assert page.status_code == 422
    assert "The details give nothing to look up" in text_of(page)


# -- emergencies


def test_an_emergency_is_reviewed_once(gateway: WholeGateway) -> None:
    register(gateway, "southtown", CHILD)
    urgent = gateway.token(gateway.enrol("night-1", Role.URGENT))
    question = {"child": {"nhs_number": NUMBER, "date_of_birth": "2018-03-04"}, "urgency": "now"}
    receipt = gateway.request("POST", "/api/v1/lookups", question, token=urgent).json()["receipt"]
    glass = gateway.request("POST", "/api/v1/break-glass", {"receipt": receipt}, token=urgent).json()["reference"]
    browser = signed_in(gateway, "anna", Role.RIGHTS_OFFICER)
    assert "night-1" in text_of(browser.open("/reviews"))

    begin(browser, "/reviews/close", glass)
    assert 'href="#justified"' in browser.send("/reviews/close", {"pin": PIN}).text
    done = browser.send("/reviews/close", {"justified": "yes", "pin": PIN})

    assert "Nothing waits for a review." in text_of(done)


# -- whose they are, and what is not known

_OFFICES = {
    "/shields", "/shields/hide", "/shields/approve", "/desk", "/rights", "/rights/ask", "/rights/object",
    "/rights/take-back", "/rights/correct", "/rights/withdraw", "/reviews",
}  # fmt: skip


@pytest.mark.parametrize(
    ("role", "kind", "theirs"),
    [
        (Role.PRACTITIONER, Kind.COUNCIL, ()),
        (Role.SHIELDING_OFFICER, Kind.COUNCIL, ("/shields",)),
        (Role.SHIELDING_OFFICER, Kind.SHIELDING_DESK, ("/desk",)),
        (Role.RIGHTS_OFFICER, Kind.COUNCIL, ("/rights", "/reviews")),
        (Role.RIGHTS_OFFICER, Kind.HOSPITAL, ("/reviews",)),
    ],
)
def test_an_officers_page_is_not_there_for_anybody_else(
    tmp_path: Path, role: Role, kind: Kind, theirs: tuple[str, ...]
) -> None:
    with open_whole_gateway(tmp_path, kind=kind) as gateway:
        browser = signed_in(gateway, "somebody", role)

        opened = {path for path in _OFFICES if browser.open(path).status_code == 200}

        assert opened == {path for path in _OFFICES if path.startswith(theirs)}


@pytest.mark.parametrize("role", [Role.SHIELDING_OFFICER, Role.RIGHTS_OFFICER])
def test_every_page_of_an_officers_has_every_header_whatever_is_sent(gateway: WholeGateway, role: Role) -> None:
    """Shown, refused, with nothing filled in, and asked about a thing that is not there."""
    browser = signed_in(gateway, "officer-1", role)
    csrf = next(text for name, text in forms_of(browser.page)[0].fields if name == "csrf")
    for path in PLACES:
        browser.ask("GET", path)
        if path not in ("/sign-out", "/pin"):
            browser.ask("POST", path, [])
            browser.ask("POST", path, [("csrf", csrf)])
            browser.ask("POST", path, [("csrf", csrf), ("begin", "yes"), ("shield", "5H1E-7RTA"), ("item", "what")])
            browser.ask("POST", path, [("csrf", csrf), ("pin", PIN), ("shield", "x"), ("shield", "y"), ("told", "x")])

    assert all(answer.status_code < 500 for answer in browser.seen)
    for answer in browser.seen:
        is_hardened(answer)


@pytest.mark.parametrize("path", ["/shields/hide", "/rights/ask", "/rights/withdraw"])
def test_where_no_answer_comes_it_is_said_that_it_may_have_been_done(gateway: WholeGateway, path: str) -> None:
    """And where to see it."""
    role = Role.SHIELDING_OFFICER if path.startswith("/shields") else Role.RIGHTS_OFFICER
    browser = signed_in(gateway, "officer-1", role)
    browser.open(path)
    gateway.index.world.clock.advance(299)  # the holders' lists of what is revoked are older than they may be then
    for holder in gateway.holders:
        holder.clock.at = gateway.index.world.clock.now() + 60

    typed = {**TYPED, "pin": PIN} | ({"reason": "fleeing-abuse"} if "shields" in path else {})
    page = browser.send(path, typed)

    assert page.status_code == 503
    assert title_of(page) == "We could not tell - Signpost"
