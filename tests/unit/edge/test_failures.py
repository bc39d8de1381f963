"""What a service refuses becomes a failure by what can be done about it, in words of ours."""

from __future__ import annotations

import inspect
import json

import pytest

from signpost.edge import failures
from signpost.edge.failures import BudgetUsed, CouldNotCheck, Failure, InvalidRequest, Refused, SignIn, failure_of
from signpost.edge.signed_sender import problem_in, refusal
from signpost.edge.transport import Reply
from signpost.protocol.problems import PROBLEMS, Problem, ProblemCode

EVERY = [
    kind
    for _, kind in inspect.getmembers(failures, inspect.isclass)
    if issubclass(kind, Failure) and kind is not Failure
]


@pytest.mark.parametrize("code", ProblemCode)
def test_every_refusal_has_a_failure_with_its_words(code: ProblemCode) -> None:
    failure = failure_of(code)

    assert failure.code is code
    assert failure.why == PROBLEMS[code].detail
    assert failure.hint


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (ProblemCode.BUDGET_USED, BudgetUsed),
        (ProblemCode.CREDENTIAL_EXPIRED, SignIn),
        (ProblemCode.ORGANISATION_UNKNOWN, SignIn),
        (ProblemCode.REVOKED, SignIn),
        (ProblemCode.PURPOSE_REFUSED, Refused),
        (ProblemCode.HANDLE_UNKNOWN, InvalidRequest),
        (ProblemCode.SIGNATURE_STALE, CouldNotCheck),
        (ProblemCode.RECEIPT_SPENT, CouldNotCheck),
        (ProblemCode.HOLDER_LOCKED, CouldNotCheck),
        (ProblemCode.INTERNAL, CouldNotCheck),
        (None, CouldNotCheck),
    ],
)
def test_the_kind_is_what_can_be_done_about_it(code: ProblemCode | None, kind: type[Failure]) -> None:
    assert type(failure_of(code)) is kind


@pytest.mark.parametrize("kind", EVERY)
def test_each_kind_is_a_sentence(kind: type[Failure]) -> None:
    what = kind().what

    assert what[0].isupper()
    assert what.endswith(".")


def test_a_problem_is_read_by_its_code_and_its_own_words_are_left() -> None:
    """A service's text is never shown: it could be anybody's."""
    document = b'{"code": "revoked", "title": "\\u001b[2J", "detail": "9990000042", "errors": [{"pointer": "/tags/3"}]}'

    failure = refusal(Reply(403, document))

    assert problem_in(document) == (ProblemCode.REVOKED, ("/tags/3",))
    assert (failure.why, failure.pointers) == (PROBLEMS[ProblemCode.REVOKED].detail, ("/tags/3",))
    assert "9990000042" not in f"{failure!r}{failure}{failure.why}{failure.hint}"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"code": 3}', b'{"code": "no-such"}', b"\xff", b"<html>"])
@pytest.mark.parametrize("status", [200, 302, 404, 418, 500, 503])
def test_what_is_no_problem_document_is_no_answer_either(body: bytes, status: int) -> None:
    assert type(refusal(Reply(status, body))) is CouldNotCheck


def test_what_a_service_writes_is_what_an_edge_reads() -> None:
    for code in ProblemCode:
        document = json.dumps(Problem(code, pointers=("/registrations/3/handle",)).document()).encode()
        assert problem_in(document) == (code, ("/registrations/3/handle",))
