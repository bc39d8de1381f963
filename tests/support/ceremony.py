"""A key, shared between holders, made in one process for tests that are about something else."""

from __future__ import annotations

import os
from dataclasses import dataclass

from signpost.protocol.group import Scalar
from signpost.protocol.key_generation import Dealing, Participant
from signpost.protocol.keys import SigningKey
from signpost.protocol.manifest import Manifest, SignedManifest
from signpost.protocol.roster import Roster, RosterEntry
from signpost.protocol.sealing import OpeningKey
from signpost.protocol.secret import Secret


@dataclass(frozen=True)
class Holders:
    """The custodians' side of a finished ceremony: index i of each list belongs to holder i + 1."""

    signing_keys: list[SigningKey]
    opening_keys: list[OpeningKey]
    shares: list[Scalar]
    signed: SignedManifest

    @property
    def manifest(self) -> Manifest:
        """What everybody else sees."""
        return self.signed.manifest


def make_participants(count: int, threshold: int, *, port: int = 9001) -> list[Participant]:
    """Fresh participants of one roster, none of whom has said anything yet."""
    signing_keys = [SigningKey(Secret(os.urandom(32))) for _ in range(count)]
    opening_keys = [OpeningKey(Secret(os.urandom(32))) for _ in range(count)]
    entries = tuple(
        RosterEntry(f"http://127.0.0.1:{port + number}", signing.verify_key, opening.seal_key)
        for number, (signing, opening) in enumerate(zip(signing_keys, opening_keys, strict=True))
    )
    roster = Roster(os.urandom(16), threshold, entries)
    return [
        Participant(
            roster=roster, signing_key=signing, opening_key=opening, dealing=Dealing.draw(threshold, os.urandom)
        )
        for signing, opening in zip(signing_keys, opening_keys, strict=True)
    ]


def run(participants: list[Participant]) -> list[bytes]:
    """Relay every message to everybody until nobody has more to say; the messages, in order."""
    relayed: list[bytes] = []
    while messages := [message for one in participants if (message := one.advance()) is not None]:
        for message in messages:
            for one in participants:
                one.receive(message)
        relayed += messages
    return relayed


def make_holders(count: int = 3, threshold: int = 2, *, port: int = 9001) -> Holders:
    """Holders whose ceremony is over."""
    participants = make_participants(count, threshold, port=port)
    run(participants)
    outcomes = [one.outcome() for one in participants]
    assert all(outcome is not None for outcome in outcomes)
    finished = [outcome for outcome in outcomes if outcome is not None]
    return Holders(
        [one._signing_key for one in participants],
        [one._opening_key for one in participants],
        [share for share, _ in finished],
        finished[0][1],
    )
