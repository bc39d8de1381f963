"""OWASP ASVS 5.0.0, levels 1 and 2: attacks on the index that no other test makes, each under the number of its line.

docs/reference/asvs.md lists all 253 lines, and for each the test that holds it, here or elsewhere.
"""

from __future__ import annotations

import json

import pytest

from signpost.protocol.administration import AccountAct
from signpost.protocol.credentials import AccountId
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import Role
from tests.integration.index.conftest import Scene
from tests.support.people import PASSWORD, enrol, opened, post, state, terms
from tests.support.world import whole_child

ADA = whole_child("ada")
SESSIONS = "/v1/sessions"
ENROLMENTS = "/v1/enrolments"
HOSTILE = [
    "nurse-1'; drop table accounts;--",
    "nurse-1' or '1'='1",
    "nurse-1\r\nset-cookie: a=b",
    "nurse-1\n{}",
    "../../etc/passwd",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}}",
    "%s%s%n",
    "<script>alert(1)</script>",
    "nurse-1\0",
    "nurse-1$(id)",
]


# -- V1: what is sent is data, and never anything else


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("field", ["organisation", "account"])
def test_1_2_4_names_are_never_part_of_a_statement_a_path_or_a_line(scene: Scene, hostile: str, field: str) -> None:
    """1.2.4, 1.2.5, 1.3.2, 1.3.7, 1.3.10, 5.3.2, 16.4.1: refused by its form; nothing is changed or written down."""
    person = enrol(scene.index)
    body = json.dumps(json.loads(person.request().model_dump_json()) | {field: hostile})
    before, logged = scene.index.tables(), scene.index.log_lines.getvalue()

    answer = post(scene.index, SESSIONS, body, person.headers(body))

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert scene.index.tables()["accounts"] == before["accounts"]
    assert hostile not in answer.text
    assert hostile not in repr(answer.headers)
    assert hostile not in scene.index.log_lines.getvalue()[len(logged) :]
    assert person.sign_in().status_code == 200


@pytest.mark.parametrize("hostile", HOSTILE)
def test_1_2_4_a_password_may_be_anything_and_is_nothing_but_a_password(scene: Scene, hostile: str) -> None:
    """1.2.4, 6.2.5: it is hashed, so what it looks like does not matter."""
    person = opened(scene.index)
    person.password = f"{hostile} quiet harbour violin"

    assert person.enrol().status_code == 202
    assert person.approve().status_code == 200
    assert person.sign_in().status_code == 200
    assert person.sign_in(password="quiet harbour violin").status_code == 401


# -- V2, V15: no field that was not meant, none twice


@pytest.mark.parametrize(
    "more", [{"role": "operator"}, {"kind": "police"}, {"state": "active"}, {"expires_at": 2**40}, {"__proto__": {}}]
)
def test_15_3_3_no_more_fields_than_an_act_has(scene: Scene, more: dict[str, object]) -> None:
    """15.3.3, 8.2.3: nobody gives themselves a role on the way in."""
    person = enrol(scene.index)
    body = json.dumps(json.loads(person.request().model_dump_json()) | more)

    answer = post(scene.index, SESSIONS, body, person.headers(body))

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


def test_15_3_7_a_field_in_another_place_counts_for_nothing(scene: Scene) -> None:
    """15.3.7, 14.2.1: what stands in the address, in a cookie or in a header is no part of what is asked."""
    person = enrol(scene.index)
    body = person.request(password="wrong wrong wrong").model_dump_json()
    headers = person.headers(body) | {"cookie": f"password={PASSWORD}", "x-password": PASSWORD}

    assert post(scene.index, SESSIONS, body, headers).status_code == 401
    assert post(scene.index, f"{SESSIONS}?role=operator", body, person.headers(body)).status_code == 401


@pytest.mark.parametrize("typed", [True, 1, ["nurse-1"], {"$ne": None}, None, ""])
def test_15_3_5_a_value_of_another_type_is_not_converted(scene: Scene, typed: object) -> None:
    """15.3.5, 2.2.1: types are strict; nothing that is nearly a name is one."""
    person = enrol(scene.index)
    body = json.dumps(json.loads(person.request().model_dump_json()) | {"account": typed})

    assert post(scene.index, SESSIONS, body, person.headers(body)).status_code == 422


# -- V3, V4: an interface for programs, and nothing for a browser


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH", "GET", "MADE-UP"])
@pytest.mark.parametrize("path", [SESSIONS, ENROLMENTS, "/v1/lookups", "/v1/registrations", "/v1/accounts/statements"])
def test_13_4_4_no_other_method_does_anything(scene: Scene, method: str, path: str) -> None:
    """3.5.3, 13.4.4: acts are POST; TRACE, and what a browser sends by itself, is refused."""
    answer = scene.index.unchanged_by(lambda: scene.index.public(method, path))

    assert answer.status_code == 405


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://index"])
def test_3_4_2_no_page_of_any_origin_may_read_an_answer(scene: Scene, origin: str) -> None:
    """3.4.2, 3.5.1, 3.5.2: no origin is allowed, no preflight answered, and what a form can send is refused."""
    asked = {"origin": origin, "access-control-request-method": "POST"}
    answers = [
        scene.index.public("GET", "/v1/coverage", headers=asked),
        scene.index.public("OPTIONS", SESSIONS, headers=asked),
        scene.index.public("POST", SESSIONS, content=b"{}", headers=asked | {"content-type": "text/plain"}),
        scene.index.public("POST", SESSIONS, data={"account": "nurse-1"}, headers={"origin": origin}),
    ]

    assert not [name for each in answers for name in each.headers if name.startswith("access-control-")]
    assert [each.status_code for each in answers[2:]] == [415, 415]


def test_3_3_1_no_cookie_is_set_and_none_signs_anybody_in(scene: Scene) -> None:
    """3.3.1 to 3.3.4, 7.2.1: a shift is a signed credential and signed requests; no cookie is there to steal."""
    person = enrol(scene.index)
    answer = person.sign_in()
    credential = answer.json()["credential"]

    assert "set-cookie" not in answer.headers
    by_cookie = scene.index.public(
        "POST", "/v1/lookups", content=b"{}",
        headers={"content-type": "application/json", "cookie": f"credential={credential}",
                 "authorization": f"Bearer {credential}"},
    )  # fmt: skip
    assert by_cookie.status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/redoc", "/.git/config", "/static/", "/admin", "/metrics", "/debug", "/v1/../v1/", "//", "/v1/"],
)
def test_13_4_5_nothing_else_is_served(scene: Scene, path: str) -> None:
    """13.4.1, 13.4.3, 13.4.5, 15.2.3: no page of documentation, no listing, no file, no figures."""
    answer = scene.index.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_4_1_1_every_answer_says_what_it_is(scene: Scene) -> None:
    """4.1.1, 3.2.1, 3.4.1, 3.4.3 to 3.4.6, 14.3.2: JSON, never sniffed, framed, run or stored."""
    person = enrol(scene.index)
    answers = [
        person.sign_in(),
        person.sign_in(password="wrong wrong wrong"),
        scene.index.get("/nowhere"),
        scene.index.get("/v1/coverage"),
        scene.index.public("TRACE", SESSIONS),
    ]

    for answer in answers:
        assert answer.headers["content-type"] in ("application/json", "application/problem+json")
        json.loads(answer.content.decode("utf-8"))
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        policy = answer.headers["content-security-policy"]
        assert policy == "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-real-ip", "forwarded", "x-forwarded-host", "x-user-id"])
def test_4_1_3_no_header_gives_a_guesser_another_address(scene: Scene, header: str) -> None:
    """4.1.3, 15.3.4, 6.3.1: whoever tries codes by a token is counted by the connection, whatever they say they are."""
    person = opened(scene.index)
    told = "for=192.0.2.{}" if header == "forwarded" else "192.0.2.{}"
    refusals = [
        scene.index.public_from(
            "203.0.113.9", "POST", ENROLMENTS, content=person.enrolling(code="000000").model_dump_json(),
            headers={"content-type": "application/json", header: told.format(n)},
        ).status_code
        for n in range(12)
    ]  # fmt: skip

    assert refusals == [401] * 10 + [429] * 2


# -- V6: passwords


@pytest.mark.parametrize("account", ["root", "admin", "sa", "operator", "test", "guest", "signpost"])
def test_6_3_2_nobody_has_an_account_who_was_given_none(scene: Scene, account: str) -> None:
    """6.3.2, 13.2.3: an index begins with no account; there is none to forget."""
    person = enrol(scene.index)
    others = state(scene.index, AccountAct.LIST, "northtown").json()["accounts"]

    assert account not in [each["account"] for each in others]
    assert person.sign_in(account=account, password=account).status_code == 401


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("quietharbourviolinladder", id="small letters alone"),
        pytest.param("QUIETHARBOURVIOLINLADDER", id="capital letters alone"),
        pytest.param("830275916640927518", id="digits alone"),
        pytest.param("тихая гавань скрипка", id="another script"),
        pytest.param("🦉🪜🎻⚓🧭🪁🦔🧵🪵🫖🧊🪶", id="pictures"),
        pytest.param("quiet harbour violin " * 3 + "!", id="64 characters"),
        pytest.param("kestrel anchor " + "0123456789abcdef " * 6 + "violin tide", id="128 characters"),
    ],
)
def test_6_2_5_a_password_may_be_of_anything_and_long(scene: Scene, password: str) -> None:
    """6.2.1, 6.2.5, 6.2.7 to 6.2.9: no rule of what it is made of; up to 128 characters, to the last of them."""
    person = opened(scene.index)
    person.password = password

    assert person.enrol().status_code == 202
    assert person.approve().status_code == 200
    assert person.sign_in(password=password[:-1]).status_code == 401
    assert person.sign_in(password=password.swapcase() + "x").status_code == 401
    assert person.sign_in().status_code == 200


@pytest.mark.parametrize(
    "password",
    [
        "123456789012", "1234567890123", "qwertyuiop12", "qwerty123456", "1qaz2wsx3edc", "1q2w3e4r5t6y", "password1234",
        "passwordpassword", "abcdefghijkl", "aaaaaaaaaaaa", "letmeinletmein", "iloveyou1234", "111111111111",
        "administrator", "manchesterunited",
    ],
)  # fmt: skip
def test_6_2_4_what_everybody_chooses_is_refused(scene: Scene, password: str) -> None:
    """6.2.4: the commonest passwords that are long enough."""
    person = opened(scene.index)

    assert person.enrol(password=password).json()["code"] == "password-too-weak"


@pytest.mark.parametrize(
    "password", ["st-elsewhere", "st-elsewhere1", "nurse-1-nurse-1", "signpost2026", "Signpost-nurse-1"]
)
def test_6_2_11_what_is_known_of_the_account_is_no_password(scene: Scene, password: str) -> None:
    """6.1.2, 6.2.11: the service's, the organisation's and the account's own names."""
    person = opened(scene.index)

    assert person.enrol(password=password).json()["code"] == "password-too-weak"


def test_6_2_10_a_password_does_not_grow_old(scene: Scene) -> None:
    """6.2.10: nothing asks for another one while vetting and training last."""
    person = enrol(scene.index)

    scene.world.clock.advance(190 * 86_400)

    assert person.sign_in().status_code == 200


# -- V7, V8: whose it is


@pytest.mark.parametrize("act", [AccountAct.SUSPEND, AccountAct.REINSTATE, AccountAct.DATES, AccountAct.APPROVE])
def test_8_4_1_no_organisation_reaches_into_another(scene: Scene, act: AccountAct) -> None:
    """8.2.2, 8.4.1: an administrator's statement is about accounts of their own organisation and no other."""
    person = enrol(scene.index)
    claims: dict[str, object] = {"account": AccountId(person.account)}
    if act is AccountAct.DATES:
        claims["terms"] = terms(scene.index, vetting=1, training=1)

    by_own_name = state(scene.index, act, "northtown", **claims)
    by_anothers = state(scene.index, act, "st-elsewhere", key=scene.world.organisation_key("northtown"), **claims)

    assert by_own_name.status_code in (401, 404, 409, 422), by_own_name.text
    assert by_anothers.status_code in (401, 422)
    assert person.sign_in().status_code == 200


def test_7_2_4_each_sign_in_makes_a_new_credential(scene: Scene) -> None:
    """7.2.2 to 7.2.4: never the same twice, and of 128 random bits."""
    person = enrol(scene.index)
    credentials = set()
    for _ in range(3):
        credentials.add(person.sign_in().json()["credential"])
        scene.world.clock.advance(30)

    assert len(credentials) == 3


def test_8_3_1_what_a_client_leaves_unchecked_is_checked_here(scene: Scene) -> None:
    """2.2.2, 8.3.1: purposes are judged by the index, whatever program asks."""
    feed = scene.index.enrol("northtown", Role.FEED, account="feed-2")
    request = scene.world.lookup(scene.nurse, ADA)

    answer = scene.index.ask(feed, "/v1/lookups", request)

    assert answer.json()["code"] == ProblemCode.ROLE_REFUSED
