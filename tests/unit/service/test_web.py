"""Whatever is sent, the answer is ours: a problem of the catalogue where it is refused, and never what was sent."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse as HtmlResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from signpost.protocol.problems import PROBLEMS, Problem, ProblemCode
from signpost.service.database import open_database, open_reader
from signpost.service.log import Log, Word
from signpost.service.web import build_app, refusals
from signpost.service.writer import Writer
from tests.support.toy_service import MIGRATIONS, build_toy

JSON = {"Content-Type": "application/json"}
GOOD: dict[str, Any] = {"author": "ann", "notes": [{"colour": "red", "day": "2026-03-01"}]}
HEIRLOOM = "heirloom-9990000042"
"""What must not come back, whatever is done with it."""


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def toy(tmp_path: Path, lines: io.StringIO) -> Iterator[Callable[..., FastAPI]]:
    """Builds the toy service with the limits given."""
    log = Log(Word("toy"), lines)
    with Writer(open_database(tmp_path / "toy.sqlite", [MIGRATIONS]), log) as writer:
        reader = open_reader(tmp_path / "toy.sqlite")
        yield lambda **limits: build_toy(log, writer, reader, **limits)
        reader.close()


@pytest.fixture
def client(toy: Callable[..., FastAPI]) -> Iterator[TestClient]:
    with TestClient(toy(), raise_server_exceptions=False) as client:
        yield client


def assert_problem(response: Response, code: ProblemCode) -> dict[str, Any]:
    """The answer is that problem, whole, in the catalogue's words, and repeats nothing."""
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["code"] == code
    assert document["status"] == response.status_code == PROBLEMS[code].status
    assert {"type", "title", "status", "code", "detail", "hint"} <= document.keys() <= PROBLEM_MEMBERS
    assert document["detail"] == PROBLEMS[code].detail
    assert HEIRLOOM not in response.text + repr(response.headers)
    return document


PROBLEM_MEMBERS = {"type", "title", "status", "code", "detail", "hint", "errors"}


def errors_of(response: Response) -> set[tuple[str, str]]:
    document = assert_problem(response, ProblemCode.MALFORMED)
    return {(error["pointer"], error["code"]) for error in document["errors"]}


def test_what_is_well_formed_is_taken(client: TestClient) -> None:
    """In JSON a date and an enum are strings, and a strict model takes them."""
    response = client.post("/notes", json=GOOD)

    assert (response.status_code, response.json()) == (202, {"written": 1})
    assert client.get("/notes").json() == {"seen": 1}


def test_every_answer_carries_the_same_headers(client: TestClient) -> None:
    """Stored by nobody, sniffed by nobody; and no server says its name."""
    responses = [
        client.post("/notes", json=GOOD),
        client.get("/notes"),
        client.get("/nowhere"),
        client.post("/notes", content=b"[]", headers=JSON),
        client.get("/break", params={"word": "x"}),
        client.get("/openapi.json"),
    ]

    for response in responses:
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["content-security-policy"].startswith("default-src 'none'; base-uri 'none'")
        assert response.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert "server" not in response.headers


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        pytest.param({**GOOD, "author": 3}, {("/author", "string_type")}, id="of another type"),
        pytest.param({**GOOD, HEIRLOOM: 1}, {("", "extra_forbidden")}, id="an unknown field"),
        pytest.param({"notes": GOOD["notes"]}, {("/author", "missing")}, id="a field missing"),
        pytest.param({**GOOD, "notes": []}, {("/notes", "too_short")}, id="an empty list"),
        pytest.param(
            {**GOOD, "notes": [*GOOD["notes"], {"colour": HEIRLOOM, "day": HEIRLOOM, HEIRLOOM: HEIRLOOM}]},
            {
                ("/notes/1/colour", "enum"),
                ("/notes/1/day", "date_parsing"),
                ("/notes/1", "extra_forbidden"),
            },
            id="deep inside",
        ),
        pytest.param([HEIRLOOM], {("", "model_type")}, id="no object"),
    ],
)
def test_a_malformed_body_is_answered_by_place_and_code(
    client: TestClient, sent: object, errors: set[tuple[str, str]]
) -> None:
    """A pointer is made of our own names; what the caller wrote, even as a name, ends it."""
    assert errors_of(client.post("/notes", json=sent)) == errors


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{" + HEIRLOOM.encode(), id="no JSON"),
        pytest.param(b"\xff\xfe" + HEIRLOOM.encode(), id="no UTF-8"),
        pytest.param(b"[" * 50_000, id="very deep"),
        pytest.param(b'{"author": NaN, "notes": []', id="cut short"),
    ],
)
def test_a_body_that_is_no_json_is_malformed(client: TestClient, body: bytes) -> None:
    assert errors_of(client.post("/notes", content=body, headers=JSON)) == {("", "json_invalid")}


def test_a_missing_body_is_malformed(client: TestClient) -> None:
    assert errors_of(client.post("/notes", headers=JSON)) == {("", "missing")}


def test_a_malformed_parameter_is_named_without_its_value(client: TestClient) -> None:
    response = client.post("/notes", params={"wait": HEIRLOOM}, json=GOOD)

    assert errors_of(response) == {("/query/wait", "int_parsing")}


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/problem+json", "application/jsonp", HEIRLOOM],
)
def test_a_body_of_another_media_type_is_refused(client: TestClient, kind: str) -> None:
    response = client.post("/notes", content=json.dumps(GOOD), headers={"Content-Type": kind})

    assert_problem(response, ProblemCode.UNSUPPORTED_MEDIA_TYPE)


def test_a_body_without_a_media_type_is_refused(client: TestClient) -> None:
    """A browser's form can send one so, from any page, without asking first."""
    assert_problem(client.post("/notes", content=json.dumps(GOOD)), ProblemCode.UNSUPPORTED_MEDIA_TYPE)


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/json; charset=UTF-8"])
def test_json_goes_by_its_usual_names(client: TestClient, kind: str) -> None:
    response = client.post("/notes", content=json.dumps(GOOD), headers={"Content-Type": kind})

    assert response.status_code == 202


def test_whoever_asks_is_checked_before_what_they_ask(client: TestClient) -> None:
    """A forged request is refused as forged, however malformed: nothing of it has been parsed."""
    response = client.post("/notes", content=b'{"forged": ', headers=JSON)

    assert_problem(response, ProblemCode.SIGNATURE_INVALID)
    assert response.headers["www-authenticate"] == "Signature"


def test_a_problem_says_when_to_come_back(client: TestClient) -> None:
    response = client.post("/notes", params={"wait": 40}, json=GOOD)

    assert_problem(response, ProblemCode.BUDGET_USED)
    assert response.headers["retry-after"] == "40"


def test_a_body_over_the_limit_is_refused_whether_announced_or_not(toy: Callable[..., FastAPI]) -> None:
    """413 and a closed connection, before anything is parsed; at the limit it is taken."""
    body = json.dumps(GOOD).encode()
    chunks = [body[:10], body[10:], b" "]

    with TestClient(toy(body_limit=len(body))) as client:
        exact = client.post("/notes", content=body, headers=JSON)
        announced = client.post("/notes", content=body + b" ", headers=JSON)
        chunked = client.post("/notes", content=iter(chunks), headers=JSON)
        seen = client.get("/notes")

    assert exact.status_code == 202
    for refused in (announced, chunked):
        assert_problem(refused, ProblemCode.BODY_TOO_LARGE)
        assert refused.headers["connection"] == "close"
    assert seen.json() == {"seen": 1}


def test_a_length_over_the_limit_is_refused_before_a_byte_is_read(toy: Callable[..., FastAPI]) -> None:
    """A client that asks first (`Expect: 100-continue`) is never told to go on."""
    app = toy(body_limit=100)
    scope: Scope = {"type": "http", "method": "POST", "path": "/notes", "headers": [(b"content-length", b"101")]}
    answered: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was asked for")

    async def send(message: Message) -> None:
        answered.append(message)

    asyncio.run(app(scope, receive, send))

    assert answered[0]["status"] == 413


def test_a_body_in_chunks_arrives_whole(client: TestClient) -> None:
    body = json.dumps(GOOD).encode()

    response = client.post("/notes", content=iter([body[:7], b"", body[7:]]), headers=JSON)

    assert response.status_code == 202


def test_nothing_else_is_here(client: TestClient) -> None:
    """No documentation page that loads scripts from elsewhere, and no redirect to a slash."""
    for path in ("/nowhere", f"/{HEIRLOOM}", "/docs", "/redoc", "/notes/", "//notes", "/notes/.."):
        assert_problem(client.get(path, follow_redirects=False), ProblemCode.NOT_FOUND)


def test_another_method_is_refused_with_those_there_are(client: TestClient) -> None:
    response = client.delete("/notes")

    assert_problem(response, ProblemCode.METHOD_NOT_ALLOWED)
    assert response.headers["allow"] == "GET, POST"


def test_a_fault_of_ours_is_answered_and_logged_without_a_word_about_it(client: TestClient, lines: io.StringIO) -> None:
    """500, and one line with the exception's class and the place that raised it."""
    response = client.get("/break", params={"word": HEIRLOOM})

    assert_problem(response, ProblemCode.INTERNAL)
    (line,) = [json.loads(each) for each in lines.getvalue().splitlines()]
    assert (line["event"], line["exception"]) == ("unexpected", "ValueError")
    assert line["module"] == "tests.support.toy_service"
    assert isinstance(line["line"], int)
    assert HEIRLOOM not in lines.getvalue()


def test_half_an_answer_is_not_ended_as_if_it_were_whole(toy: Callable[..., FastAPI], lines: io.StringIO) -> None:
    """The exception goes on to the server, which cuts the connection; it is logged by class."""
    with TestClient(toy()) as client, pytest.raises(ValueError, match=HEIRLOOM):
        client.get("/break/half-way", params={"word": HEIRLOOM})

    assert json.loads(lines.getvalue())["exception"] == "ValueError"
    assert HEIRLOOM not in lines.getvalue()


async def call(app: FastAPI, path: str, query: bytes = b"", *messages: Message) -> list[Message]:
    """One request, spoken to the application directly."""
    scope: Scope = {
        "type": "http",
        "method": "POST" if messages else "GET",
        "path": path,
        "root_path": "",
        "query_string": query,
        "headers": [(b"transfer-encoding", b"chunked")] if messages else [],
    }
    waiting = iter(messages)
    sent: list[Message] = []

    async def receive() -> Message:
        for message in waiting:
            return message
        return await asyncio.Future()  # the client stays, and says no more

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def test_more_requests_than_the_service_takes_are_refused_at_once(toy: Callable[..., FastAPI]) -> None:
    """They are told to come back, those inside are answered, and then there is room again."""
    app = toy(most_inside=2)

    async def story() -> list[list[int]]:
        slow = [asyncio.create_task(call(app, "/slow", b"seconds=0.1")) for _ in range(2)]
        await asyncio.sleep(0.02)
        refused = await call(app, "/slow", b"seconds=0")
        inside = await asyncio.gather(*slow)
        after = await call(app, "/slow", b"seconds=0")
        assert (b"retry-after", b"1") in refused[0]["headers"]
        return [[answer[0]["status"]] for answer in (refused, *inside, after)]

    assert asyncio.run(story()) == [[503], [200], [200], [200]]


HALF: Message = {"type": "http.request", "body": b'{"author"', "more_body": True}


def test_a_body_that_does_not_arrive_takes_no_place_inside_and_is_given_up(toy: Callable[..., FastAPI]) -> None:
    """Others are answered meanwhile, however few may be inside; then it is answered 408, and the connection closed."""
    app = toy(most_inside=1, body_seconds=0.1)

    async def story() -> tuple[int, list[Message]]:
        slow = [asyncio.create_task(call(app, "/notes", b"", HALF)) for _ in range(3)]
        await asyncio.sleep(0.02)
        meanwhile = await call(app, "/slow", b"seconds=0")
        answers = await asyncio.gather(*slow)
        assert all(answer[0]["status"] == 408 for answer in answers)
        return meanwhile[0]["status"], answers[0]

    meanwhile, (start, body) = asyncio.run(story())

    assert meanwhile == 200
    assert {(b"connection", b"close"), (b"content-type", b"application/problem+json")} <= set(start["headers"])
    assert json.loads(body["body"])["code"] == "request-timeout"


def test_more_bodies_than_the_service_reads_are_refused_at_once(toy: Callable[..., FastAPI]) -> None:
    """Who brings no body is answered all the same; and once one is given up there is room again."""
    app = toy(most_reading=1, body_seconds=0.1)
    whole: Message = {"type": "http.request", "body": b"[]", "more_body": False}

    async def story() -> list[int]:
        slow = asyncio.create_task(call(app, "/notes", b"", HALF))
        await asyncio.sleep(0.02)
        answers = [await call(app, "/notes", b"", whole), await call(app, "/slow", b"seconds=0"), await slow]
        answers.append(await call(app, "/notes", b"", whole))
        return [answer[0]["status"] for answer in answers]

    assert asyncio.run(story()) == [503, 200, 408, 415]


def test_a_client_that_goes_away_gets_no_answer_and_leaves_no_trace(
    toy: Callable[..., FastAPI], lines: io.StringIO
) -> None:
    """It left in the middle of its body: nothing of it was looked at, and nothing is logged."""
    sent = asyncio.run(call(toy(), "/notes", b"", HALF, {"type": "http.disconnect"}))

    assert sent == []
    assert lines.getvalue() == ""


def test_the_published_schema_names_every_refusal(client: TestClient) -> None:
    """The door's own and the endpoint's, as problem+json; FastAPI's default, which quotes input, is nowhere."""
    schema = client.get("/openapi.json").json()

    responses = schema["paths"]["/notes"]["post"]["responses"]
    assert set(responses) == {"202", "401", "408", "413", "415", "422", "429", "503"}
    for status, response in responses.items():
        if status != "202":
            body = response["content"]["application/problem+json"]["schema"]
            assert body["properties"]["status"] == {"const": int(status)}
    assert "HTTPValidationError" not in json.dumps(schema)


def test_the_published_schema_describes_the_body_as_json(client: TestClient) -> None:
    """Parsing it ourselves does not turn it into a string."""
    schema = client.get("/openapi.json").json()

    body = schema["paths"]["/notes"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["type"] == "object"
    assert set(body["properties"]) == {"author", "notes"}
    assert body["additionalProperties"] is False


def test_refusals_of_one_status_stand_together() -> None:
    documented = refusals(ProblemCode.TAG_INVALID, ProblemCode.HOLDER_LOCKED)

    codes = documented[422]["content"]["application/problem+json"]["schema"]["properties"]["code"]["enum"]
    assert codes == [ProblemCode.MALFORMED, ProblemCode.TAG_INVALID]
    assert set(documented) == {408, 413, 415, 422, 503}


def test_an_answers_own_header_stands_and_what_it_lacks_is_added() -> None:
    """A page says itself what may be loaded into it."""
    app = build_app("Pages", version="1", log=Log(Word("pages"), io.StringIO()))

    @app.get("/page")
    async def page() -> HtmlResponse:
        return HtmlResponse("<p>", headers={"content-security-policy": "style-src 'self'"})

    with TestClient(app) as client:
        answer = client.get("/page")

    assert answer.headers.get_list("content-security-policy") == ["style-src 'self'"]
    assert answer.headers.get_list("cache-control") == ["no-store"]


def test_the_doors_own_refusals_are_told_as_the_service_tells_them_at_that_address() -> None:
    """Too long for it, and broken inside: by the same words, in another form."""

    def told(scope: Scope, problem: Problem) -> HtmlResponse:
        return HtmlResponse(f"{scope['path']} {problem.code.value}", problem.status)

    app = build_app("Pages", version="1", log=Log(Word("pages"), io.StringIO()), body_limit=10, told=told)

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError(HEIRLOOM)

    with TestClient(app, raise_server_exceptions=False) as client:
        answers = [client.post("/broken", content=HEIRLOOM), client.get("/broken")]

    assert [(answer.status_code, answer.text) for answer in answers] == [
        (413, "/broken body-too-large"), (500, "/broken internal"),
    ]  # fmt: skip
    assert all(answer.headers["referrer-policy"] == "no-referrer" for answer in answers)


def test_what_stands_within_the_door_answers_before_the_endpoints() -> None:
    class Greets:
        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            inner = HtmlResponse("hello") if scope.get("path") == "/hello" else self._app
            await inner(scope, receive, send)

    app = build_app("Pages", version="1", log=Log(Word("pages"), io.StringIO()), within=(Middleware(Greets),))

    with TestClient(app) as client:
        assert client.get("/hello").headers["x-content-type-options"] == "nosniff"
        assert client.get("/elsewhere").json()["code"] == "not-found"
