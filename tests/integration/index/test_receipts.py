"""Evaluation receipts (protocol.md B4, B5, C2): t holders' unspent word of one batch, or nothing is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from signpost.index.records import Hit
from signpost.protocol.classes import Use
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import LookupRequest
from signpost.protocol.receipts import BULK_SECONDS, LOOKUP_SECONDS, EvaluationReceipt, batch_hash
from signpost.protocol.secret import Secret
from signpost.protocol.tokens import sign_token
from tests.integration.index.conftest import Scene
from tests.support.world import same_holders, whole_child

ADA = whole_child("ada")


def ask(scene: Scene, request: LookupRequest) -> httpx2.Response:
    """The nurse asks."""
    return scene.index.ask(scene.nurse, "/v1/lookups", request)


def refused(scene: Scene, receipts: list[str]) -> tuple[int, str]:
    """What a lookup with these receipts is refused with; every table stays as it was."""
    request = scene.world.lookup(scene.nurse, ADA, receipts=receipts)
    answer = scene.index.unchanged_by(lambda: ask(scene, request))
    return answer.status_code, answer.json()["code"]


def read(token: str, holder: int) -> EvaluationReceipt:
    """What a holder's receipt says."""
    return EvaluationReceipt.read(token, scene_key(holder).verify_key)


def scene_key(holder: int) -> SigningKey:
    """A holder's signing key."""
    return same_holders().signing_keys[holder - 1]


def test_receipts_of_any_threshold_of_holders_do(scene: Scene) -> None:
    """Which two of the three answered does not matter."""
    for holders in ((1, 2), (1, 3), (3, 2)):
        receipts = scene.world.receipts(scene.nurse, Use.LOOKUP, 12, holders=holders)

        assert ask(scene, scene.world.lookup(scene.nurse, ADA, receipts=receipts)).status_code == 200


Make = Callable[[Scene], list[str]]
MISMATCHED: dict[str, Make] = {
    "one holder": lambda s: s.world.receipts(s.nurse, Use.LOOKUP, 12, holders=(1,)),
    "three holders": lambda s: s.world.receipts(s.nurse, Use.LOOKUP, 12, holders=(1, 2, 3)),
    "one holder twice": lambda s: s.world.receipts(s.nurse, Use.LOOKUP, 12, holders=(1, 1)),
    "two batches": lambda s: [
        *s.world.receipts(s.nurse, Use.LOOKUP, 12, holders=(1,)),
        *s.world.receipts(s.nurse, Use.LOOKUP, 12, holders=(2,)),
    ],
    "another account": lambda s: s.world.receipts(
        s.index.enrol("st-elsewhere", s.nurse.role, s.nurse.kind), Use.LOOKUP, 12
    ),
    "another organisation": lambda s: s.world.receipts(s.worker, Use.LOOKUP, 12),
    "another use": lambda s: s.world.receipts(s.nurse, Use.REGISTER, 12),
    "fewer points": lambda s: s.world.receipts(s.nurse, Use.LOOKUP, 11),
    "more points": lambda s: s.world.receipts(s.nurse, Use.LOOKUP, 24),
    "another epoch": lambda s: s.world.receipts(s.nurse, Use.LOOKUP, 12, epoch=2),
}


@pytest.mark.parametrize("make", MISMATCHED.values(), ids=MISMATCHED.keys())
def test_receipts_that_do_not_belong_together_are_refused(scene: Scene, make: Make) -> None:
    """t different holders, one batch, this account, this use, this many points, this epoch."""
    receipts = make(scene)

    assert refused(scene, receipts) == (403, "receipts-mismatch")


def test_a_forged_receipt_is_refused(scene: Scene) -> None:
    """Signed by somebody who is not the holder it names."""
    genuine = scene.world.receipts(scene.nurse, Use.LOOKUP, 12)
    forged = read(genuine[0], 1).sign(SigningKey(Secret(bytes(32))))

    assert refused(scene, [forged, genuine[1]]) == (403, "receipt-invalid")


def test_one_holder_cannot_stand_in_for_another(scene: Scene) -> None:
    """A holder who signs as two is found out by the key."""
    (genuine,) = scene.world.receipts(scene.nurse, Use.LOOKUP, 12, holders=(1,))
    as_second = replace(read(genuine, 1), holder=2, identifier="another").sign(scene_key(1))

    assert refused(scene, [genuine, as_second]) == (403, "receipt-invalid")


@pytest.mark.parametrize("holder", ["4", "0", "-1", "99999", "x", ""])
def test_a_receipt_of_nobody_in_the_manifest_is_refused(scene: Scene, holder: str) -> None:
    """A holder that the manifest does not name has no word here."""
    token = sign_token({"holder": holder}, typ="signpost-evaluation+jwt", key=scene_key(1))

    assert refused(scene, [token, token]) == (403, "receipt-invalid")


def test_a_flipped_byte_is_refused(scene: Scene) -> None:
    """Wherever in the token it is."""
    genuine = scene.world.receipts(scene.nurse, Use.LOOKUP, 12)
    token = genuine[0]
    for at in (3, len(token) // 3, len(token) // 2, len(token) - 20):
        spoilt = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]

        assert refused(scene, [spoilt, genuine[1]]) == (403, "receipt-invalid")


def test_another_kind_of_token_is_no_receipt(scene: Scene) -> None:
    """A holder's signature on something else is not one on a receipt."""
    genuine = scene.world.receipts(scene.nurse, Use.LOOKUP, 12)
    identifier = read(genuine[0], 1).identifier
    other = sign_token({"holder": "1", "jti": identifier}, typ="signpost-shift+jwt", key=scene_key(1))

    assert refused(scene, [other, genuine[1]]) == (403, "receipt-invalid")


def test_a_receipt_runs_out(scene: Scene) -> None:
    """To the second."""
    last = scene.world.lookup(scene.nurse, ADA)
    late = scene.world.receipts(scene.nurse, Use.LOOKUP, 12)

    scene.world.clock.advance(LOOKUP_SECONDS - 1)
    assert ask(scene, last).status_code == 200
    scene.world.clock.advance(1)

    assert refused(scene, late) == (403, "receipt-expired")


def test_a_spent_receipt_buys_nothing_more(scene: Scene) -> None:
    """Another question with the receipts of an answered one is refused, by name, with nothing changed."""
    first = scene.world.lookup(scene.nurse, ADA)
    ask(scene, first)

    assert refused(scene, first.receipts) == (409, "receipt-spent")


def test_one_spent_receipt_is_enough_to_refuse_a_batch(scene: Scene) -> None:
    """A third holder's fresh receipt of the same batch does not freshen a spent one."""
    batch = batch_hash(b"one")
    one, two, three = scene.world.receipts(scene.nurse, Use.LOOKUP, 12, holders=(1, 2, 3), batch=batch)
    ask(scene, scene.world.lookup(scene.nurse, ADA, receipts=[one, two]))

    assert refused(scene, [one, three]) == (409, "receipt-spent")
    assert refused(scene, [three, two]) == (409, "receipt-spent")


def test_a_spent_receipt_is_remembered_as_long_as_it_lasts(scene: Scene) -> None:
    """Sweeping forgets it only when it has run out and would be refused for that."""
    first = scene.world.lookup(scene.nurse, ADA)
    ask(scene, first)

    scene.world.clock.advance(LOOKUP_SECONDS - 1)
    scene.index.sweep()

    assert refused(scene, first.receipts) == (409, "receipt-spent")


def test_the_same_lookup_again_is_refused(scene: Scene) -> None:
    """Under a new signature too: one charge is one look, and buys no watching for what is registered meanwhile."""
    request = scene.world.lookup(scene.nurse, ADA)
    assert ask(scene, request).json()["answer"] == "none"
    scene.index.register(scene.feed, ADA, scene.handle, reference="one")
    scene.index.settle()

    again = scene.index.unchanged_by(lambda: ask(scene, request))

    assert (again.status_code, again.json()["code"]) == (409, "receipt-spent")


def test_a_holder_that_gives_many_receipts_one_name_spoils_none_of_them(scene: Scene) -> None:
    """What is spent is named by its batch, which the account chose."""
    first, second = (scene.world.receipts(scene.nurse, Use.LOOKUP, 12) for _ in range(2))
    named = read(first[0], 1).identifier
    renamed = replace(read(second[0], 1), identifier=named).sign(scene_key(1))

    assert ask(scene, scene.world.lookup(scene.nurse, ADA, receipts=first)).status_code == 200
    assert ask(scene, scene.world.lookup(scene.nurse, ADA, receipts=[renamed, second[1]])).status_code == 200


def test_the_same_registration_again_has_the_same_acknowledgement(scene: Scene) -> None:
    """To the byte, an hour long; it is not taken in twice."""
    registration = scene.world.registration(ADA, scene.handle, reference="one")
    request = scene.world.registering(scene.feed, [registration])
    first = scene.index.ask(scene.feed, "/v1/registrations", request)
    before = scene.index.tables()

    scene.world.clock.advance(BULK_SECONDS - 1)
    again = scene.index.ask(scene.feed, "/v1/registrations", request)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    after = scene.index.tables()
    assert {name for name in after if after[name] != before[name]} == {
        "audit_leaves", "spent_nonces", "sqlite_sequence",
    }  # fmt: skip


def test_another_account_does_not_get_the_acknowledgement(scene: Scene) -> None:
    """A colleague's receipts are not one's own, spent or not."""
    colleague = scene.index.enrol("st-elsewhere", scene.nurse.role, scene.nurse.kind)
    request = scene.world.lookup(scene.nurse, ADA)
    ask(scene, request)

    answer = scene.index.unchanged_by(lambda: scene.index.ask(colleague, "/v1/lookups", request))

    assert (answer.status_code, answer.json()["code"]) == (403, "receipts-mismatch")


def test_another_spelling_of_the_body_does_not_get_it_either(scene: Scene) -> None:
    """One space more is another body."""
    request = scene.world.lookup(scene.nurse, ADA)
    ask(scene, request)

    answer = scene.index.unchanged_by(
        lambda: scene.index.ask(scene.nurse, "/v1/lookups", request.model_dump_json().encode() + b" ")
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "receipt-spent")


def test_a_spent_receipt_buys_no_look_at_the_table_not_even_one_to_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one lookup's receipts would time any number of others' tags until they run out."""
    receipts = scene.world.receipts(scene.nurse, Use.LOOKUP, 12)
    assert ask(scene, scene.world.lookup(scene.nurse, ADA, receipts=receipts)).status_code == 200
    looked: list[int] = []
    lookups = type(scene.index.index.lookup._lookups)
    real = lookups.hits

    def hits(*arguments: Any, **named: Any) -> list[Hit]:
        looked.append(1)
        return real(*arguments, **named)

    monkeypatch.setattr(lookups, "hits", hits)

    code = refused(scene, receipts)

    assert code == (409, "receipt-spent")
    assert looked == []
    assert ask(scene, scene.world.lookup(scene.nurse, ADA)).status_code == 200
    assert looked == [1]
