"""A gateway keeps nothing of a child once it has answered: no live object of its process, no file, no line of its log.

The child's details are written here turned round, and what is looked for is turned round too: so that no object of this
test is itself what it looks for. What remains in memory that was freed is not looked at (known-limits.md).
"""

from __future__ import annotations

import datetime as dt
import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signpost.edge.feeds.model import RowIds
from signpost.edge.gateway.sessions import LOCK_SECONDS
from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.references import reference
from signpost.protocol.purposes import Role
from tests.support.browsing import PIN, Browser, forms_of
from tests.support.elsewhere import register as register_child
from tests.support.whole_gateway import IDLE_SECONDS, WholeGateway, open_whole_gateway

TURNED = {
    "nhs_number": "x3896137999".removeprefix("x"),  # turned round it is nobody's, and not of the 999 range
    "forename": "aihpyzanaeB",
    "surname": "nosredlawdnuoM",
    "date_of_birth": "92-11-6102",
    "postcode": "AA1 1CE",
    "upn": "",
}
"""An invented child, each detail from its end."""
USER_TURNED = "rekram.eebedez"
"""Whom a case-management system asks for, from the end of their name."""
WORK_TURNED = "1174-krow-eebedez"
"""The organisation's own number for its work with the child, from the end."""
_LONGEST = 1 << 20
_AT_ONCE = 2_000


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


def ask(
    gateway: WholeGateway, token: str, path: str = "/api/v1/lookups", *, key: str | None = "k", named: bool = False,
    **spoilt: str,
) -> int:  # fmt: skip
    """One question about the child, `named`: for a user; nothing of it is left here but the status."""
    child = {field: text[::-1] for field, text in TURNED.items()} | spoilt
    document = {"child": child, "urgency": "today"} | ({"user": USER_TURNED[::-1]} if named else {})
    headers = {} if key is None else {"idempotency-key": key}
    return gateway.request("POST", path, document, token=token, **headers).status_code


def ask_by_page(
    browser: Browser, path: str, spoilt: dict[str, str] | None = None, *, away: int = 0, follow: str | None = None,
    then: dict[str, str] | None = None,
) -> int:  # fmt: skip
    """One question about the child by a page, `away` seconds after it was opened, and what its answer's form sends on;
    nothing of it is left here but the status of the last.
    """
    typed = {field: text[::-1] for field, text in TURNED.items()} | (spoilt or {})
    year, _, rest = typed.pop("date_of_birth").partition("-")
    month, _, day = rest.partition("-")
    browser.open(path)
    form = next(form for form in forms_of(browser.page) if form.action == path)
    fields = {name: text for name, text in typed.items() if name in form.names}
    born = {"date_of_birth-day": day, "date_of_birth-month": month, "date_of_birth-year": year}
    if away:
        browser.gateway.index.world.clock.advance(away)
        browser.gateway.keep_time()
    status = browser.send(path, {**fields, **born}).status_code
    if follow is not None:
        status = browser.send(follow, {"deep": "name-unsure"}).status_code
    if then is not None:
        form = next(form for form in forms_of(browser.page) if form.action == path)
        sent = {**fields, **born} | {name: text for name, text in then.items() if name in form.names}
        status = browser.send(path, sent).status_code
    browser.seen.clear()
    del browser.page
    return status


def held(*, collected: bool = True) -> set[str]:
    """The fields of which some live object of this process holds the text. Not `collected`: also what holds itself, and
    waits for the garbage collector.
    """
    if collected:
        gc.collect()
    found: set[str] = set()
    needles = {field: text for field, text in TURNED.items() if len(text) > len("AA1 1CE")}
    needles |= {"user": USER_TURNED, "local_id": WORK_TURNED}
    seen: set[int] = set()
    waiting: list[object] = gc.get_objects()
    while waiting:
        some, texts = waiting[-_AT_ONCE:], list[str]()
        del waiting[-_AT_ONCE:]
        for value in gc.get_referents(*some):
            if id(value) in seen:
                continue
            if isinstance(value, str):
                seen.add(id(value))
                texts.append(value[:_LONGEST])
            elif isinstance(value, bytes | bytearray):
                texts.append(bytes(value[:_LONGEST]).decode("latin-1"))
            elif not gc.is_tracked(value):
                # A dictionary or tuple of texts alone is not among the collector's own objects.
                seen.add(id(value))
                waiting.append(value)
        turned = "\n".join(texts)[::-1]
        found |= {field for field, needle in needles.items() if needle in turned}
    return found


def asker(gateway: WholeGateway, named: bool) -> str:
    """The token of a social worker's session; or of a case-management system, which names its users."""
    return gateway.with_case_system() if named else gateway.token(gateway.enrol("worker-1", Role.PRACTITIONER))


def register(gateway: WholeGateway, token: str, handle: str) -> str:
    """The child registered by the organisation's own program; nothing of it is left here but what became of it."""
    row = {field: text[::-1] for field, text in TURNED.items()}
    document = {"involvements": [{"local_id": "case 17", "start": "2025-01-06", "handle": handle, **row}]}
    answer = gateway.request("PUT", "/api/v1/involvements", document, token=token, **{"idempotency-key": handle})
    assert answer.status_code == 200
    return str(answer.json()["involvements"][0]["outcome"])


@pytest.mark.parametrize("named", [False, True], ids=["a person", "a case-management system"])
def test_no_live_object_holds_a_childs_details_after_the_answer(gateway: WholeGateway, named: bool) -> None:
    """After an answer that is remembered, after a refusal of a detail, and after an answer that could not be had; nor
    the name of the user whom a system asks for.
    """
    token = asker(gateway, named)
    assert held() == set()

    assert ask(gateway, token, named=named) == 200
    assert held() == set()
    assert ask(gateway, token, key="refused", named=named, date_of_birth="never") == 422
    assert ask(gateway, token, path="/api/v1/lookups/again", key="malformed", named=named) == 422
    gateway.index.world.clock.advance(301)
    for holder in gateway.holders:
        holder.clock.at = gateway.index.world.clock.now()
    assert ask(gateway, token, key="unchecked", named=named) == 503

    assert held() == set()


@pytest.mark.parametrize(
    ("why", "key", "named"),
    [
        ("answered", "k", False),
        ("answered", None, True),
        ("refused", "k", True),
        ("refused", None, False),
        ("unchecked", "k", False),
        ("unchecked", "k", True),
        ("unchecked", None, False),
    ],
)
def test_nothing_waits_for_the_garbage_collector(gateway: WholeGateway, why: str, key: str | None, named: bool) -> None:
    """A gateway that nobody uses for an hour may not collect for an hour."""
    token = asker(gateway, named)
    if why == "unchecked":
        gateway.index.world.clock.advance(301)
        for holder in gateway.holders:
            holder.clock.at = gateway.index.world.clock.now()
    gc.collect()
    gc.disable()
    try:
        spoilt = {"date_of_birth": "never"} if why == "refused" else {}
        status = ask(gateway, token, key=key, named=named, **spoilt)

        assert status == {"answered": 200, "refused": 422, "unchecked": 503}[why]
        assert held(collected=False) == set()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("path", "spoilt", "follow", "status"),
    [
        ("/check", {}, None, 200),
        ("/check/name", {}, None, 200),
        ("/check/name", {}, "/check/deep", 200),
        ("/check", {"nhs_number": "9990000019"}, None, 422),
        ("/check/name", {"date_of_birth": "never"}, None, 422),
        ("/check/name", {"purpose": "s46"}, None, 403),
        ("/check", {}, "unchecked", 503),
    ],
    ids=["by number", "by name", "deeper", "a wrong number", "a wrong date", "refused", "unchecked"],
)
def test_no_page_leaves_anything_not_even_for_the_garbage_collector(
    gateway: WholeGateway, path: str, spoilt: dict[str, str], follow: str | None, status: int
) -> None:
    """After an answer, a field that is wrong, a form that was carried on behind a PIN, and what could not be had."""
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("worker-1", Role.PRACTITIONER))
    ask_by_page(browser, path)  # the templates are compiled once, and stay
    gc.collect()
    if follow == "unchecked":
        gateway.index.world.clock.advance(290)
        for holder in gateway.holders:
            holder.clock.at = gateway.index.world.clock.now() + 20
    gc.disable()
    try:
        follow_on = follow if follow == "/check/deep" else None

        assert ask_by_page(browser, path, spoilt, follow=follow_on) == status
        assert held(collected=False) == set()
    finally:
        gc.enable()


def test_a_form_that_is_carried_on_behind_a_pin_leaves_nothing(gateway: WholeGateway) -> None:
    """It is in the browser meanwhile, and nowhere else."""
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("worker-1", Role.PRACTITIONER))
    ask_by_page(browser, "/check", away=LOCK_SECONDS)
    gc.collect()
    gateway.gateway.sessions.touch(gateway.gateway.sessions.known(browser.cookies["__Host-signpost"]))
    gc.disable()
    try:
        assert ask_by_page(browser, "/check", away=LOCK_SECONDS) == 200

        assert held(collected=False) == set()
    finally:
        gc.enable()


def about_work(gateway: WholeGateway, token: str, rest: str, **given: str) -> int:
    """The organisation's own work, by its number, through the web API; nothing of it is left here but the status."""
    document = {"local_id": WORK_TURNED[::-1], "start": "2025-01-06", **given}
    path = f"/api/v1/involvements/own{rest}"
    return gateway.request("POST", path, document, token=token, **{"idempotency-key": f"k{rest[1:]}"}).status_code


def work_by_pages(browser: Browser, path: str, **typed: str) -> int:
    """The same by pages: named, and ended or handed over; the status of the last."""
    began = {"start-day": "6", "start-month": "1", "start-year": "2025"}
    browser.open("/involvements")
    status = browser.send("/involvements", {"local_id": WORK_TURNED[::-1], **began}).status_code
    if path != "/involvements":
        browser.send(path)
        status = browser.send(path, {"pin": PIN, **typed}).status_code
    browser.seen.clear()
    del browser.page
    return status


def with_work(gateway: WholeGateway) -> str:
    """The organisation has registered it, as of a feed that names work by its first day; another of its desks."""
    gateway.with_program()
    name = reference_by_key(gateway, local_id=WORK_TURNED[::-1], involvement_id="2025-01-06")
    child = ChildDetails(nhs_number=NHSNumber.parse("9990000018"), date_of_birth=dt.date(2018, 3, 4))
    register_child(gateway, "northtown", child, reference=name)
    return gateway.index.handle("northtown")


def reference_by_key(gateway: WholeGateway, **ids: str) -> bytes:
    """What the organisation's own key makes of a number."""
    assert gateway.reference_key is not None
    return reference(gateway.reference_key, RowIds(**ids))


def test_nothing_of_the_number_of_ones_own_work_is_held_or_waits_for_the_garbage_collector(
    gateway: WholeGateway,
) -> None:
    """Seen, ended, ended again, of another number, and of none that is in the form."""
    other = with_work(gateway)
    token = gateway.token(gateway.enrol("worker-1", Role.PRACTITIONER))
    gc.collect()
    gc.disable()
    try:
        statuses = [
            about_work(gateway, token, ""),
            about_work(gateway, token, "/hand-over", hand_over_to=other),
            about_work(gateway, token, "/end", ended_on="2025-10-12"),
            about_work(gateway, token, "/hand-over", hand_over_to="2222-2222"),
            about_work(gateway, token, "", start="2024-01-06"),
            about_work(gateway, token, "", start="never"),
        ]

        assert statuses == [200, 200, 200, 422, 404, 422]
        assert held(collected=False) == set()
    finally:
        gc.enable()


def test_no_page_leaves_the_number_of_ones_own_work_either(gateway: WholeGateway) -> None:
    other = with_work(gateway)
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("worker-1", Role.PRACTITIONER))
    ended = {"ended_on-day": "12", "ended_on-month": "10", "ended_on-year": "2025"}
    for path in ("/involvements/hand-over", "/involvements/end"):
        work_by_pages(browser, path, pin="000001")  # the templates are compiled once, and stay
    gc.collect()
    gc.disable()
    try:
        statuses = [
            work_by_pages(browser, "/involvements"),
            work_by_pages(browser, "/involvements/hand-over", hand_over_to=other),
            work_by_pages(browser, "/involvements/end", pin="000001"),
            work_by_pages(browser, "/involvements/end", **ended),
        ]

        assert statuses == [200, 200, 422, 200]
        assert held(collected=False) == set()
    finally:
        gc.enable()


def officer_asks(gateway: WholeGateway, token: str, path: str, **spoilt: str) -> int:
    """The child in an officer's request; nothing of it is left here but the status."""
    child = {field: text[::-1] for field, text in TURNED.items()} | spoilt
    document: dict[str, object] = {"child": child}
    if path == "shields":
        child["known_postcode"] = child.pop("postcode")
        document["reason"] = "fleeing-abuse"
    elif path == "rights/corrections":
        document = {"registered": child, "right": child}
    return gateway.request("POST", f"/api/v1/{path}", document, token=token, **{"idempotency-key": "k"}).status_code


@pytest.mark.parametrize("why", ["answered", "refused", "unchecked"])
@pytest.mark.parametrize("path", ["shields", "rights/reports", "rights/corrections"])
def test_nothing_of_an_officers_request_is_held_or_waits_for_the_garbage_collector(
    gateway: WholeGateway, path: str, why: str
) -> None:
    role = Role.SHIELDING_OFFICER if path == "shields" else Role.RIGHTS_OFFICER
    token = gateway.token(gateway.enrol("officer-1", role))
    if why == "unchecked":
        gateway.index.world.clock.advance(301)
        for holder in gateway.holders:
            holder.clock.at = gateway.index.world.clock.now()
    gc.collect()
    gc.disable()
    try:
        status = officer_asks(gateway, token, path, **({"date_of_birth": "never"} if why == "refused" else {}))

        assert status in {"answered": (200, 201), "refused": (422,), "unchecked": (503,)}[why]
        assert held(collected=False) == set()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("path", "spoilt", "status"),
    [
        ("/shields/hide", {}, 200),
        ("/shields/hide", {"nhs_number": "9990000019"}, 422),
        ("/shields/hide", {"pin": "000001"}, 422),
        ("/rights/ask", {}, 200),
        ("/rights/ask", {"unchecked": "yes"}, 503),
        ("/rights/correct", {}, 200),
        ("/rights/correct", {"pin": "000001"}, 422),
    ],
)
def test_no_page_of_an_officers_leaves_anything_either(
    gateway: WholeGateway, path: str, spoilt: dict[str, str], status: int
) -> None:
    """The details that a second form carries on included."""
    browser = Browser(gateway)
    browser.sign_in(gateway.enrol("officer-1", Role.SHIELDING_OFFICER if "shields" in path else Role.RIGHTS_OFFICER))
    typed = {"pin": PIN, "reason": "fleeing-abuse", **spoilt}

    def asked() -> int:
        return ask_by_page(browser, path, typed, then=typed if path == "/rights/correct" else None)

    asked()  # the templates are compiled once, and stay
    gc.collect()
    if "unchecked" in spoilt:
        gateway.index.world.clock.advance(290)
        for holder in gateway.holders:
            holder.clock.at = gateway.index.world.clock.now() + 20
    gc.disable()
    try:
        assert asked() == status
        assert held(collected=False) == set()
    finally:
        gc.enable()


@pytest.mark.parametrize("ends", ["signed out", "by time"])
def test_a_session_that_is_over_leaves_no_key(gateway: WholeGateway, ends: str) -> None:
    """At once, not when the garbage collector comes by: what signs by the session's key is gone with it."""
    token = gateway.token(gateway.enrol("worker-1", Role.PRACTITIONER))
    assert ask(gateway, token) == 200
    client = weakref.ref(gateway.gateway.sessions.used(token).client)
    gc.collect()
    gc.disable()
    try:
        if ends == "signed out":
            assert gateway.request("DELETE", "/api/v1/sessions", token=token).status_code == 200
        else:
            gateway.index.world.clock.advance(IDLE_SECONDS)
            gateway.gateway.sessions.forget_ended()

        assert len(gateway.gateway.sessions) == 0
        assert client() is None
    finally:
        gc.enable()


def test_no_live_object_holds_the_details_of_a_child_that_was_registered(gateway: WholeGateway) -> None:
    """Nor of one whose row was refused."""
    token, handle = gateway.with_program(), gateway.index.handle("northtown")

    assert register(gateway, token, handle) == "registered"
    assert len(gateway.index.tables()["owned_involvements"]) == 1
    assert register(gateway, token, "7RTA-M2XF") == "refused"

    assert held() == set()


@pytest.mark.parametrize("keep", [lambda text: [text], lambda text: [{"a": (text,)}], lambda text: [text.encode()]])
def test_the_walk_finds_what_is_held(keep: Callable[[str], list[object]]) -> None:
    """Or the fact above would be none."""
    kept = keep(TURNED["surname"][::-1])

    assert held() == {"surname"}
    assert len(kept) == 1


def test_neither_the_log_nor_a_file_holds_anything_of_a_child_or_of_a_person(
    gateway: WholeGateway, tmp_path: Path
) -> None:
    """Of the index and the key holders too: they never had it."""
    worker = gateway.enrol("worker-1")
    token = gateway.token(worker)
    ask(gateway, token, key="a")
    ask(gateway, token, key="b", date_of_birth="never")
    gateway.request("POST", "/api/v1/sessions", {"account": "worker-1", "password": "wrong", "code": "000000"})

    lines = gateway.log_lines.getvalue() + gateway.index.log_lines.getvalue()
    lines += "".join(holder.log_text.getvalue() for holder in gateway.holders)
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for text in (*(each[::-1] for each in TURNED.values() if each), token, worker.password):
        assert text not in lines
        assert text.encode() not in files
    assert "worker-1" not in gateway.log_lines.getvalue()
    assert "sign-in-refused" in gateway.log_lines.getvalue()
