"""The ceremony: who lies is named, nobody holds the key, and it can be taken up again (A1 to A3)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from signpost.protocol.encoding import canonical_json, from_base64url, to_base64url
from signpost.protocol.group import Scalar, base_multiply
from signpost.protocol.key_generation import CeremonyFailed, Dealing, MessageRefused, Participant, Round
from signpost.protocol.labels import Label
from signpost.protocol.roster import Roster, RosterInvalid
from signpost.protocol.secret import Secret
from signpost.protocol.threshold import Polynomial, lagrange_at_zero
from tests.support.ceremony import make_participants, run


def _round(participants: list[Participant]) -> list[bytes]:
    messages = [message for one in participants if (message := one.advance()) is not None]
    assert len(messages) == len(participants)
    return messages


def _deliver(participants: list[Participant], messages: list[bytes]) -> None:
    for one in participants:
        for message in messages:
            one.receive(message)


def _forge(liar: Participant, message: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The liar's message with its payload changed, signed by the liar all the same."""
    fields = json.loads(message)
    change(fields["payload"])
    fields["signature"] = to_base64url(
        liar._signing_key.sign(
            Label.CEREMONY_MESSAGE,
            fields["roster"],
            bytes([fields["round"], fields["sender"]]),
            canonical_json(fields["payload"]),
        )
    )
    return canonical_json(fields)


def test_all_holders_end_with_the_same_manifest_and_shares_that_make_its_key() -> None:
    participants = make_participants(3, 2)

    run(participants)

    outcomes = [outcome for one in participants if (outcome := one.outcome()) is not None]
    manifests = {signed.encoding() for _, signed in outcomes}
    assert len(outcomes) == 3
    assert len(manifests) == 1
    manifest = outcomes[0][1].manifest
    for number, (share, _) in enumerate(outcomes, start=1):
        entry = manifest.holder(number)
        assert entry is not None
        assert base_multiply(share) == entry.public_key


def test_no_message_holds_a_share_or_the_key_in_any_spelling() -> None:
    participants = make_participants(3, 2)

    messages = b"".join(run(participants))

    shares = [outcome[0] for one in participants if (outcome := one.outcome()) is not None]
    coefficients = lagrange_at_zero([1, 2])
    key = coefficients[1] * shares[0] + coefficients[2] * shares[1]
    dealt = [one._dealing.polynomial.share_of(number) for one in participants for number in (1, 2, 3)]
    for secret in (key, *shares, *dealt, *(c for one in participants for c in one._dealing.polynomial.coefficients)):
        raw = secret.encoding()
        assert raw not in messages
        assert raw.hex().encode() not in messages
        assert to_base64url(raw).encode() not in messages


def test_nobody_speaks_before_everybody_has_spoken_in_the_round_before() -> None:
    participants = make_participants(3, 2)
    first = _round(participants)
    for one in participants:
        for message in first[:2]:
            one.receive(message)

    assert participants[0].advance() is None
    assert participants[0].sent(Round.REVEAL) is None
    assert participants[0].outcome() is None


def test_a_dealer_whose_share_does_not_fit_is_named_and_stops_the_ceremony() -> None:
    participants = make_participants(3, 2)
    for _ in range(3):
        _deliver(participants, _round(participants))
    liar = participants[1]
    liar._dealing = Dealing(
        Polynomial((liar._dealing.polynomial.coefficients[0], Scalar.from_int(5))),
        liar._dealing.proof_nonce,
        liar._dealing.salt,
    )
    _deliver(participants, _round(participants))

    with pytest.raises(CeremonyFailed, match="dealer 2") as caught:
        participants[0].advance()
    assert caught.value.dealer == 2
    assert participants[0].outcome() is None


def test_a_dealer_that_reveals_another_thing_than_it_committed_to_is_named() -> None:
    participants = make_participants(3, 2)
    _deliver(participants, _round(participants))
    liar = participants[2]
    liar._dealing = Dealing.draw(2, os.urandom)
    _deliver(participants, _round(participants))

    with pytest.raises(CeremonyFailed, match="committed") as caught:
        participants[0].advance()
    assert caught.value.dealer == 3


def test_a_dealer_that_does_not_know_its_constant_term_is_named() -> None:
    """It copies another's commitments, so as to cancel them, but cannot prove what it does not know."""
    participants = make_participants(3, 2)
    liar, victim = participants[2], participants[0]
    stolen = victim._reveal()
    liar._reveal = lambda: stolen  # type: ignore[method-assign]
    _deliver(participants, _round(participants))
    _deliver(participants, _round(participants))

    with pytest.raises(CeremonyFailed, match="constant term") as caught:
        participants[1].advance()
    assert caught.value.dealer == 3


def test_a_sender_that_tells_two_stories_in_one_round_is_refused() -> None:
    participants = make_participants(3, 2)
    messages = _round(participants)
    _deliver(participants, messages)
    other = _forge(participants[1], messages[1], lambda payload: payload.update(commitment=to_base64url(bytes(32))))

    with pytest.raises(MessageRefused, match="two different messages"):
        participants[0].receive(other)


def test_holders_that_saw_different_stories_stop_at_the_transcript() -> None:
    """The liar commits to and reveals one polynomial to one holder and another to the rest: each alone is in order."""
    participants = make_participants(3, 2)
    liar = participants[1]
    twin = Participant(
        roster=liar.roster,
        signing_key=liar._signing_key,
        opening_key=liar._opening_key,
        dealing=Dealing.draw(2, os.urandom),
    )
    for _ in range(2):
        messages = _round(participants)
        other = twin.advance()
        assert other is not None
        for one in participants:
            for message in messages:
                one.receive(other if one is participants[2] and message is messages[1] else message)
        twin.receive(messages[0])
        twin.receive(messages[2])
    _deliver(participants, _round(participants))

    with pytest.raises(CeremonyFailed, match="not all seen"):
        participants[0].advance()


@pytest.mark.parametrize("threshold", [1, 3])
def test_a_dealer_whose_polynomial_is_of_another_degree_is_named(threshold: int) -> None:
    """One degree more, and no two holders could ever answer; one less, and one alone could."""
    participants = make_participants(3, 2)
    participants[2]._dealing = Dealing.draw(threshold, os.urandom)
    for _ in range(2):
        _deliver(participants, _round(participants))

    with pytest.raises(CeremonyFailed, match="threshold's number") as caught:
        participants[0].advance()
    assert caught.value.dealer == 3


def test_every_flipped_byte_of_a_message_is_refused_and_changes_nothing() -> None:
    participants = make_participants(2, 2)
    message = _round(participants)[0]

    for at in range(len(message)):
        raw = bytearray(message)
        raw[at] ^= 1
        with pytest.raises(MessageRefused):
            participants[1].receive(bytes(raw))
    assert participants[1]._messages[Round.COMMIT].keys() == {2}
    participants[1].receive(message)


def test_a_message_of_another_ceremony_is_refused() -> None:
    mine, theirs = make_participants(2, 2), make_participants(2, 2)

    with pytest.raises(MessageRefused):
        mine[0].receive(_round(theirs)[1])


def test_a_share_sealed_to_one_holder_does_not_open_for_another() -> None:
    participants = make_participants(3, 2)
    for _ in range(3):
        _deliver(participants, _round(participants))
    messages = _round(participants)
    swapped = _forge(
        participants[1],
        messages[1],
        lambda payload: payload.update(shares={"1": payload["shares"]["3"], "3": payload["shares"]["1"]}),
    )
    participants[0].receive(messages[0])
    participants[0].receive(swapped)
    participants[0].receive(messages[2])

    with pytest.raises(CeremonyFailed, match="does not open"):
        participants[0].advance()


def test_a_ceremony_is_taken_up_again_from_what_was_kept() -> None:
    """A holder that stops after any round, and starts again from its dealing and its own messages, ends alike."""
    for stop in range(1, 6):
        participants = make_participants(3, 2)
        relayed: list[bytes] = []
        for _ in range(stop):
            messages = _round(participants)
            _deliver(participants, messages)
            relayed += messages

        old = participants[0]
        again = Participant(
            roster=old.roster,
            signing_key=old._signing_key,
            opening_key=old._opening_key,
            dealing=Dealing.parse(old._dealing.encoding()),
            sent={round_: sent for round_ in Round if (sent := old.sent(round_)) is not None},
        )
        for message in relayed:
            again.receive(message)
        participants[0] = again
        run(participants)

        outcomes = [one.outcome() for one in participants]
        assert len({outcome[1].encoding() for outcome in outcomes if outcome}) == 1
        assert all(outcomes)


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 1},
        {"threshold": 4},
        {"threshold": "2"},
        {"threshold": True},
        {"name": "AA"},
        {"holders": []},
        {"format": "signpost.roster/2"},
        {"more": 1},
    ],
)
def test_a_roster_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    roster = make_participants(3, 2)[0].roster
    assert Roster.parse(roster.canonical()) == roster

    with pytest.raises(RosterInvalid):
        Roster.parse(canonical_json({**json.loads(roster.canonical()), **change}))


@pytest.mark.parametrize(
    "url", ["ftp://a", "http://", "http://a/b", "http://a?b", "http://u@a", "http://a b", 5, "http://[::1"]
)
def test_a_roster_with_an_address_that_is_none_is_refused(url: object) -> None:
    fields = json.loads(make_participants(3, 2)[0].roster.canonical())
    fields["holders"][1]["url"] = url

    with pytest.raises(RosterInvalid):
        Roster.parse(canonical_json(fields))


def test_a_holder_not_in_the_roster_takes_no_part() -> None:
    mine, theirs = make_participants(2, 2)[0], make_participants(2, 2)[0]

    with pytest.raises(MessageRefused, match="not in the roster"):
        Participant(
            roster=theirs.roster,
            signing_key=mine._signing_key,
            opening_key=mine._opening_key,
            dealing=Dealing.draw(2, os.urandom),
        )


def test_a_dealing_reads_back_and_does_not_print() -> None:
    dealing = Dealing.draw(3, os.urandom)

    assert Dealing.parse(dealing.encoding()) == dealing
    assert repr(dealing.encoding()) == "<Secret of 160 bytes>"
    for scalar in dealing.polynomial.coefficients:
        assert scalar.encoding().hex() not in repr(dealing)
    with pytest.raises(ValueError, match="not a dealing"):
        Dealing.parse(Secret(b"short"))
    assert from_base64url("AA") == b"\0"
