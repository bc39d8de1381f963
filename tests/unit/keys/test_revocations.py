"""The revocation list: signed, never older than one seen, and too old to act on after five minutes (D4)."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Role
from signpost.protocol.revocation import RevocationList
from signpost.protocol.tokens import TokenInvalid
from signpost.service.log import Log, Word
from signpost_keys import revocations as module
from signpost_keys.revocations import Revocations, fetch_for_ever
from tests.support.askers import Organisation, new_key
from tests.support.one_holder import NOON, StillClock, open_holder

INDEX = new_key()
NURSE = Organisation().device("triage-07", Role.URGENT, index_key=INDEX, now=NOON).asker


def _list(issued_at: int, *, certificates: tuple[str, ...] = (), accounts: tuple[tuple[str, str], ...] = ()) -> str:
    return RevocationList.of(issued_at, certificates=certificates, accounts=accounts).sign(INDEX)


def _fresh(newest_ever: int = 0) -> Revocations:
    return Revocations(index_key=INDEX.verify_key, newest_ever=newest_ever)


def _code(revocations: Revocations, *, now: int) -> ProblemCode | None:
    try:
        revocations.refuse(NURSE, now=now)
    except Problem as problem:
        return problem.code
    return None


def test_before_the_first_list_everybody_is_refused() -> None:
    revocations = _fresh()

    assert revocations.age(NOON) is None
    assert _code(revocations, now=NOON) is ProblemCode.REVOCATIONS_STALE


def test_a_list_is_good_for_five_minutes_and_no_longer() -> None:
    revocations = _fresh()
    revocations.take(_list(NOON), now=NOON)

    assert revocations.age(NOON + 300) == 300
    assert _code(revocations, now=NOON + 300) is None
    assert _code(revocations, now=NOON + 301) is ProblemCode.REVOCATIONS_STALE


def test_a_revoked_device_and_a_revoked_account_are_refused() -> None:
    for listed in (
        _list(NOON, certificates=(NURSE.certificate_identifier,)),
        _list(NOON, accounts=((NURSE.organisation, NURSE.account),)),
    ):
        revocations = _fresh()
        revocations.take(listed, now=NOON)
        assert _code(revocations, now=NOON) is ProblemCode.REVOKED


def test_an_older_list_is_never_taken_again() -> None:
    """An enemy who kept a list from before a revocation cannot bring it back."""
    revocations = _fresh()
    revocations.take(_list(NOON, certificates=(NURSE.certificate_identifier,)), now=NOON)

    with pytest.raises(TokenInvalid):
        revocations.take(_list(NOON - 1), now=NOON)

    assert _code(revocations, now=NOON) is ProblemCode.REVOKED


def test_a_list_older_than_one_taken_before_a_restart_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        _fresh(newest_ever=NOON).take(_list(NOON - 1), now=NOON)


def test_a_list_of_the_same_second_is_taken() -> None:
    """Two fetches within one second, or of an index that signs one list for several."""
    revocations = _fresh(newest_ever=NOON)

    assert revocations.take(_list(NOON), now=NOON) == NOON


def test_a_list_of_the_future_is_refused() -> None:
    """It would keep looking fresh, and shut out every right one."""
    revocations = _fresh()
    revocations.take(_list(NOON + 60), now=NOON)

    with pytest.raises(TokenInvalid):
        revocations.take(_list(NOON + 61), now=NOON)


def test_a_list_that_the_index_did_not_sign_is_refused() -> None:
    forged = RevocationList.of(NOON).sign(new_key())

    with pytest.raises(TokenInvalid):
        _fresh().take(forged, now=NOON)


def test_every_flipped_character_of_a_list_is_refused() -> None:
    token = _list(NOON, accounts=(("st-aldate-hospital", "triage-07"),))

    for place, character in enumerate(token):
        changed = token[:place] + ("A" if character != "A" else "B") + token[place + 1 :]
        with pytest.raises(TokenInvalid):
            _fresh().take(changed, now=NOON)


# -- fetching ---------------------------------------------------------------------------------------------------------


class _Index(ThreadingHTTPServer):
    """An index that gives its answers in order, and the last one ever after; until it was asked four times."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.asked_enough = threading.Event()
        super().__init__(("127.0.0.1", 0), _Answering)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Index)
        status, body = self.server.answers[min(self.server.asked, len(self.server.answers) - 1)]
        self.server.asked += 1
        if self.server.asked == 4:
            self.server.asked_enough.set()
        self.send_response(status if self.path == "/v1/revocations" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # who is told too much hangs up
            self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002 - its name in the standard library
        pass


@contextmanager
def _index(*answers: tuple[int, bytes]) -> Iterator[_Index]:
    with _Index(*answers) as index:
        thread = threading.Thread(target=index.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield index
        finally:
            index.shutdown()
            thread.join()


def _good(issued_at: int) -> tuple[int, bytes]:
    return 200, json.dumps({"list": _list(issued_at)}).encode()


def _fetched(path: Path, monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, bytes]) -> tuple[list[str], int]:
    """What is logged while the index is asked four times, and the newest list that the store then knows of."""
    monkeypatch.setattr(module, "FETCH_SECONDS", 0.01)
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.01)
    with _index(*answers) as index, open_holder(path, index_key=INDEX) as one:
        log_text = io.StringIO()
        fetching = fetch_for_ever(
            one.holder.revocations,
            one.holder.store,
            index_url=index.url,
            trusted=True,
            clock=StillClock(),
            log=Log(Word("holder"), log_text),
        )

        async def fetch() -> None:
            task = asyncio.create_task(fetching)
            assert await asyncio.to_thread(index.asked_enough.wait, 30)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        one.runner.run(fetch())
        events = [json.loads(line)["event"] for line in log_text.getvalue().splitlines()]
        return events, one.holder.store.newest_revocations()


def test_a_fresh_list_is_fetched_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _fetched(tmp_path / "holder", monkeypatch, _good(NOON - 5)) == (["revocations-fresh"], NOON - 5)


@pytest.mark.parametrize(
    ("answer", "event"),
    [
        pytest.param((500, b""), "revocations-unavailable", id="an error"),
        pytest.param((302, b""), "revocations-unavailable", id="a redirect"),
        pytest.param((200, b"not json"), "revocations-refused", id="not JSON"),
        pytest.param((200, b"[]"), "revocations-refused", id="a list"),
        pytest.param((200, b'{"list": 1}'), "revocations-refused", id="a number"),
        pytest.param((200, b'{"list": "a.b.c"}'), "revocations-refused", id="no token"),
        pytest.param((200, b"[" * 100_000), "revocations-refused", id="deeply nested"),
        pytest.param((200, b'{"list": "' + b"A" * (10 << 20) + b'"}'), "revocations-refused", id="too long"),
    ],
)
def test_after_a_bad_answer_the_next_good_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, bytes], event: str
) -> None:
    """A failure is logged by its kind, never with what was answered, and fetching goes on."""
    events, newest = _fetched(tmp_path / "holder", monkeypatch, answer, _good(NOON))

    assert events == [event, "revocations-fresh"]
    assert newest == NOON


def test_an_index_that_cannot_be_reached_is_logged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events, newest = _fetched(tmp_path / "holder", monkeypatch, (503, b""))

    assert events == ["revocations-unavailable"]
    assert newest == 0
