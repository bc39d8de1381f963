"""Distributed key generation: five rounds of signed messages, and no key anywhere (protocol.md A1 to A3).

Every holder sends one message a round, to all, and moves on only when it has everybody's of that round:

1. COMMIT      a hash of what it will reveal, so nobody can choose after seeing another's
2. REVEAL      its Feldman commitments, and a proof that it knows the constant term
3. TRANSCRIPT  a hash of all it has seen: all must have seen the same
4. SHARES      one share sealed to every other holder
5. CONFIRM     its signature on the manifest, once every share has checked

A message is signed over the roster's fingerprint, the round and the sender. A second, different message of one sender
in one round is refused. A bad proof or share names its dealer and stops the ceremony. The messages may be relayed by
anybody or carried as files: they hold nothing that a relay could use or change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, final

from signpost.protocol.encoding import (
    JSON,
    EncodingError,
    canonical_json,
    encode,
    from_base64url,
    parse_canonical_json,
    to_base64url,
)
from signpost.protocol.group import Element, InvalidElement, InvalidScalar, Scalar, add, base_multiply, multiply, sum_of
from signpost.protocol.keys import SignatureWrong, SigningKey, digest, same
from signpost.protocol.labels import Label
from signpost.protocol.manifest import HolderEntry, Manifest, ManifestInvalid, SignedManifest
from signpost.protocol.oprf import SUITE
from signpost.protocol.roster import Roster
from signpost.protocol.sealing import OpeningKey, SealBroken
from signpost.protocol.secret import Secret
from signpost.protocol.threshold import Polynomial, Randomness, commitment_at, random_scalar, share_fits

__all__ = ["CeremonyFailed", "Dealing", "MessageRefused", "Participant", "Round"]

_MESSAGE_FORMAT: Final = "signpost.ceremony/1"


class MessageRefused(Exception):
    """A ceremony message is not of its form, not from who it says, out of turn, or contradicts an earlier one.

    `sender` is the holder that signed two different messages of one round, which nobody else could do; None otherwise.
    """

    def __init__(self, reason: str, sender: int | None = None) -> None:
        super().__init__(reason)
        self.sender = sender


class CeremonyFailed(Exception):
    """A dealer's proof or share did not check; `dealer` is its number, or None when the transcripts differ."""

    def __init__(self, reason: str, dealer: int | None = None) -> None:
        super().__init__(reason if dealer is None else f"{reason} (dealer {dealer})")
        self.dealer = dealer


class Round(IntEnum):
    """The five rounds, in order."""

    COMMIT = 1
    REVEAL = 2
    TRANSCRIPT = 3
    SHARES = 4
    CONFIRM = 5


@dataclass(frozen=True, slots=True)
class Dealing:
    """A dealer's secrets, drawn once per ceremony: its polynomial, the proof's nonce and the commitment's salt."""

    polynomial: Polynomial
    proof_nonce: Scalar
    salt: Secret

    @classmethod
    def draw(cls, threshold: int, randomness: Randomness) -> Dealing:
        """Fresh secrets."""
        return cls(Polynomial.draw(threshold, randomness), random_scalar(randomness), Secret(randomness(32)))

    def encoding(self) -> Secret:
        """Coefficients (32 bytes each, constant term first) ‖ proof nonce ‖ salt, for sealing into a file."""
        scalars = (*self.polynomial.coefficients, self.proof_nonce)
        return Secret(b"".join(scalar.encoding() for scalar in scalars) + self.salt.reveal())

    @classmethod
    def parse(cls, encoding: Secret) -> Dealing:
        """From `encoding`.

        Raises:
            InvalidScalar: not of that form.
        """
        raw = encoding.reveal()
        parts = [raw[at : at + 32] for at in range(0, len(raw), 32)]
        if len(parts) < 4 or len(raw) % 32:
            raise InvalidScalar("not a dealing")
        *coefficients, nonce = (Scalar.parse(part) for part in parts[:-1])
        return cls(Polynomial(tuple(coefficients)), nonce, Secret(parts[-1]))


@final
class Participant:
    """One holder's side of a ceremony: takes messages, gives its own, ends with a share and a signed manifest.

    `sent` are this holder's own earlier messages, when a ceremony is taken up again: the sealed shares of round 4 are
    random, so a message that was given out once must be given out again as it was.
    """

    def __init__(
        self, *, roster: Roster, signing_key: SigningKey, opening_key: OpeningKey, dealing: Dealing,
        sent: Mapping[Round, bytes] | None = None,
    ) -> None:  # fmt: skip
        number = roster.number_of(signing_key.verify_key)
        if number is None or roster.holders[number - 1].sealing_key != opening_key.seal_key:
            raise MessageRefused("this holder is not in the roster")
        self.number: Final = number
        self.roster: Final = roster
        self._fingerprint: Final = roster.fingerprint()
        self._signing_key = signing_key
        self._opening_key = opening_key
        self._dealing = dealing
        self._messages: dict[Round, dict[int, bytes]] = {round_: {} for round_ in Round}
        self._payloads: dict[Round, dict[int, Mapping[str, Any]]] = {round_: {} for round_ in Round}
        self._share: Scalar | None = None
        self._manifest: Manifest | None = None
        for round_, message in sorted((sent or {}).items()):
            self.receive(message, own=True)
            if self.sent(round_) != message:
                raise MessageRefused("an earlier message of this holder is not its own")

    # -- messages -------------------------------------------------------------------------------------------------

    def sent(self, round_: Round) -> bytes | None:
        """This holder's own message of a round, once it has given one."""
        return self._messages[round_].get(self.number)

    def receive(self, message: bytes, *, own: bool = False) -> None:
        """Take a message of any holder. The same one again changes nothing.

        Raises:
            MessageRefused: not signed by its sender for this roster, out of form, or contradicting an earlier one.
        """
        fields = _object(message, {"format", "payload", "roster", "round", "sender", "signature"})
        try:
            round_, sender = Round(fields["round"]), fields["sender"]
            if fields["format"] != _MESSAGE_FORMAT or fields["roster"] != self._fingerprint:
                raise MessageRefused("a message is of another ceremony")
            # 1, 1.0 and True are equal in Python: else a relay could respell a message, and frame its sender.
            if type(fields["round"]) is not int or type(sender) is not int:
                raise MessageRefused("a message is not of its form")
            if not 1 <= sender <= len(self.roster.holders):
                raise MessageRefused("a message is from nobody in the roster")
            key = self.roster.holders[sender - 1].signing_key
            payload = canonical_json(fields["payload"])
            key.verify(
                from_base64url(fields["signature"]),
                Label.CEREMONY_MESSAGE,
                self._fingerprint,
                bytes([round_, sender]),
                payload,
            )
        except (ValueError, TypeError, AttributeError, SignatureWrong):
            raise MessageRefused("a message is not signed by its sender") from None
        if sender == self.number and not own and self._messages[round_].get(sender) != message:
            raise MessageRefused("a message says it is this holder's own")
        if not isinstance(fields["payload"], dict):
            raise MessageRefused("a message is not of its form")
        if self._messages[round_].get(sender, message) != message:
            raise MessageRefused(f"holder {sender} sent two different messages in one round", sender)
        self._messages[round_][sender] = message
        self._payloads[round_][sender] = fields["payload"]

    def advance(self) -> bytes | None:
        """This holder's next message, or None while it waits for others or has given its last.

        Raises:
            CeremonyFailed: a dealer's proof or share did not check, or the holders saw different transcripts.
        """
        for round_ in Round:
            if self.sent(round_) is None:
                if round_ > Round.COMMIT and not self._complete(Round(round_ - 1)):
                    return None
                message = self._message(round_, self._payload(round_))
                self.receive(message, own=True)
                return message
        return None

    def outcome(self) -> tuple[Scalar, SignedManifest] | None:
        """This holder's key share and the manifest that all have signed; None until the last round is complete.

        Raises:
            CeremonyFailed: a holder confirmed another manifest.
        """
        if not self._complete(Round.CONFIRM):
            return None
        share, manifest = self._checked_key()
        signatures = {
            self.roster.holders[sender - 1].signing_key.text: _bytes(payload, "signature", sender)
            for sender, payload in self._payloads[Round.CONFIRM].items()
        }
        try:
            return share, SignedManifest.verify(SignedManifest(manifest, signatures).encoding())
        except ManifestInvalid:
            raise CeremonyFailed("a holder did not confirm the same manifest") from None

    # -- what each round says -------------------------------------------------------------------------------------

    def _payload(self, round_: Round) -> JSON:
        match round_:
            case Round.COMMIT:
                return {"commitment": to_base64url(self._commitment(self.number, self._reveal()))}
            case Round.REVEAL:
                return self._reveal()
            case Round.TRANSCRIPT:
                for sender in self._others():
                    self._check_reveal(sender)
                return {"transcript": to_base64url(self._transcript())}
            case Round.SHARES:
                self._check_transcripts()
                return {"shares": {str(holder): self._sealed_share(holder) for holder in self._others()}}
            case Round.CONFIRM:
                _, manifest = self._checked_key()
                return {"signature": to_base64url(manifest.sign(self._signing_key))}

    def _reveal(self) -> dict[str, JSON]:
        commitments = self._dealing.polynomial.commitments()
        nonce_point = base_multiply(self._dealing.proof_nonce)
        challenge = self._proof_challenge(self.number, commitments[0], nonce_point)
        response = self._dealing.proof_nonce + challenge * self._dealing.polynomial.coefficients[0]
        return {
            "commitments": [to_base64url(commitment.encoding) for commitment in commitments],
            "proof": [to_base64url(nonce_point.encoding), to_base64url(response.encoding())],
            "salt": to_base64url(self._dealing.salt.reveal()),
        }

    def _commitment(self, sender: int, reveal: JSON) -> bytes:
        return digest(Label.CEREMONY_COMMITMENT, self._fingerprint, bytes([sender]), canonical_json(reveal))

    def _proof_challenge(self, sender: int, constant: Element, nonce_point: Element) -> Scalar:
        # A Schnorr proof of knowledge made non-interactive; it binds roster and dealer, so it fits no other ceremony.
        return SUITE.hash_to_scalar(
            encode(Label.CEREMONY_PROOF, self._fingerprint, bytes([sender]), constant.encoding, nonce_point.encoding)
        )

    def _check_reveal(self, sender: int) -> None:
        payload = self._payloads[Round.REVEAL][sender]
        if not same(
            self._commitment(sender, payload), _bytes(self._payloads[Round.COMMIT][sender], "commitment", sender)
        ):
            raise CeremonyFailed("what was revealed is not what was committed to", sender)
        try:
            commitments = self._commitments(sender)
            nonce_text, response_text = payload["proof"]
            nonce_point, response = (
                Element.parse(from_base64url(nonce_text)),
                Scalar.parse(from_base64url(response_text)),
            )
            challenge = self._proof_challenge(sender, commitments[0], nonce_point)
            proved = base_multiply(response) == add(nonce_point, multiply(challenge, commitments[0]))
        except (EncodingError, InvalidElement, InvalidScalar, KeyError, TypeError, ValueError):
            proved = False
        if not proved:
            raise CeremonyFailed("the proof of the constant term does not verify", sender)

    def _commitments(self, sender: int) -> tuple[Element, ...]:
        try:
            texts = self._payloads[Round.REVEAL][sender]["commitments"]
            commitments = tuple(Element.parse(from_base64url(text)) for text in texts)
        except (EncodingError, InvalidElement, KeyError, TypeError, AttributeError):
            raise CeremonyFailed("the commitments are not of their form", sender) from None
        if len(commitments) != self.roster.threshold:
            raise CeremonyFailed("the commitments are not of the threshold's number", sender)
        return commitments

    def _transcript(self) -> bytes:
        seen = [
            self._messages[round_][sender] for round_ in (Round.COMMIT, Round.REVEAL) for sender in self._everybody()
        ]
        return digest(Label.CEREMONY_TRANSCRIPT, self._fingerprint, *seen)

    def _check_transcripts(self) -> None:
        for sender in self._everybody():
            if not same(_bytes(self._payloads[Round.TRANSCRIPT][sender], "transcript", sender), self._transcript()):
                raise CeremonyFailed("the holders have not all seen the same messages")

    def _sealed_share(self, holder: int) -> str:
        share = Secret(self._dealing.polynomial.share_of(holder).encoding())
        sealed = self.roster.holders[holder - 1].sealing_key.seal(
            share, Label.CEREMONY_SHARE, self._fingerprint, bytes([self.number, holder])
        )
        return to_base64url(sealed)

    def _checked_key(self) -> tuple[Scalar, Manifest]:
        """A2: the sum of every dealer's share, each checked against its commitments; and the manifest it belongs to."""
        if self._share is None or self._manifest is None:
            share = self._dealing.polynomial.share_of(self.number)
            for sender in self._others():
                share = share + self._opened_share(sender)
            self._share, self._manifest = share, self._build_manifest()
        return self._share, self._manifest

    def _opened_share(self, sender: int) -> Scalar:
        try:
            sealed = from_base64url(self._payloads[Round.SHARES][sender]["shares"][str(self.number)])
            opened = self._opening_key.open(
                sealed, Label.CEREMONY_SHARE, self._fingerprint, bytes([sender, self.number])
            )
            share = Scalar.parse(opened.reveal())
        except (EncodingError, SealBroken, InvalidScalar, KeyError, TypeError, AttributeError):
            raise CeremonyFailed("a share does not open", sender) from None
        if not share_fits(share, self._commitments(sender), self.number):
            raise CeremonyFailed("a share does not fit its dealer's commitments", sender)
        return share

    def _build_manifest(self) -> Manifest:
        dealt = [self._commitments(sender) for sender in self._everybody()]
        try:
            commitments = tuple(sum_of([dealer[power] for dealer in dealt]) for power in range(self.roster.threshold))
            holders = tuple(
                HolderEntry(number, entry.url, entry.signing_key, commitment_at(commitments, number))
                for number, entry in enumerate(self.roster.holders, start=1)
            )
        except InvalidElement:
            raise CeremonyFailed("the commitments add up to nothing") from None
        return Manifest(
            sequence=1,
            epoch=1,
            generation=1,
            threshold=self.roster.threshold,
            commitments=commitments,
            holders=holders,
            predecessor=None,
        )

    # -- bookkeeping ----------------------------------------------------------------------------------------------

    def _message(self, round_: Round, payload: JSON) -> bytes:
        signature = self._signing_key.sign(
            Label.CEREMONY_MESSAGE, self._fingerprint, bytes([round_, self.number]), canonical_json(payload)
        )
        return canonical_json(
            {
                "format": _MESSAGE_FORMAT,
                "payload": payload,
                "roster": self._fingerprint,
                "round": int(round_),
                "sender": self.number,
                "signature": to_base64url(signature),
            }
        )

    def _everybody(self) -> range:
        return range(1, len(self.roster.holders) + 1)

    def _others(self) -> list[int]:
        return [number for number in self._everybody() if number != self.number]

    def _complete(self, round_: Round) -> bool:
        return len(self._messages[round_]) == len(self.roster.holders)


def _object(raw: bytes, names: set[str]) -> Mapping[str, Any]:
    try:
        fields = parse_canonical_json(raw)
    except EncodingError:
        raise MessageRefused("not of its form") from None
    if not isinstance(fields, dict) or set(fields) != names:
        raise MessageRefused("not of its form")
    return fields


def _bytes(payload: Mapping[str, Any], field: str, sender: int) -> bytes:
    try:
        return from_base64url(payload[field])
    except (EncodingError, KeyError, TypeError, AttributeError):
        raise CeremonyFailed("a message is not of its form", sender) from None
