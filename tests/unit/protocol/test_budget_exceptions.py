"""A request for an exception is the organisation's own, whole, and within bounds, or it is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signpost.protocol.budget_exceptions import BudgetException, ExceptionReason
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.secret import Secret
from signpost.protocol.tokens import TokenInvalid, sign_token

KEY, OTHER = SigningKey(Secret(b"a" * 32)), SigningKey(Secret(b"b" * 32))
ASKED = BudgetException(
    organisation=OrganisationId("northtown"),
    account=AccountId("worker-1"),
    reason=ExceptionReason.SIBLING_GROUP,
    lookups=30,
    repeats=0,
    hours=8,
    issued_at=1_790_078_400,
    identifier=to_base64url(bytes(16)),
)


@pytest.mark.parametrize("asked", [ASKED, replace(ASKED, account=None, lookups=20_000, hours=168)])
def test_what_was_signed_is_read_as_it_was(asked: BudgetException) -> None:
    """Verified by whoever knows the organisation's key; and as it is shown before."""
    token = asked.sign(KEY)

    assert BudgetException.read(token, KEY.verify_key) == asked
    assert BudgetException.unverified(token) == asked


@pytest.mark.parametrize(
    "asked",
    [
        replace(ASKED, lookups=501),
        replace(ASKED, lookups=-1),
        replace(ASKED, repeats=51),
        replace(ASKED, hours=13),
        replace(ASKED, hours=0),
        replace(ASKED, lookups=0),
        replace(ASKED, account=None, lookups=20_001),
        replace(ASKED, account=None, repeats=1),
        replace(ASKED, account=None, hours=169),
        replace(ASKED, organisation=OrganisationId("No Name")),
        replace(ASKED, account=AccountId("")),
        replace(ASKED, identifier="x"),
        replace(ASKED, issued_at=-1),
    ],
)
def test_what_is_out_of_bounds_is_none(asked: BudgetException) -> None:
    """Whoever signed it."""
    with pytest.raises(TokenInvalid):
        BudgetException.read(asked.sign(KEY), KEY.verify_key)
    with pytest.raises(TokenInvalid):
        BudgetException.unverified(asked.sign(KEY))


def test_anothers_signature_another_kind_and_a_changed_text_are_refused() -> None:
    """A statement about an account cannot pass for one, either."""
    token = ASKED.sign(KEY)
    other_kind = sign_token({"iss": "northtown"}, typ="signpost-account-statement+jwt", key=KEY)

    for wrong in (ASKED.sign(OTHER), other_kind, token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "", "a.b.c"):
        with pytest.raises(TokenInvalid):
            BudgetException.read(wrong, KEY.verify_key)
    for text in ("", "a.b.c", "x" * 5_000, other_kind):
        with pytest.raises(TokenInvalid):
            BudgetException.unverified(text)
