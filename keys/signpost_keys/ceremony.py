"""The ceremony as one holder sees it (protocol.md A1 to A3): messages in, messages out, a share at the end.

`signpost.protocol.key_generation` decides; here its state rests. Rules:
- The state is what is on the disk. Every exchange reads it, takes the messages, seals the new state, and only then
  answers: a holder that is killed at any moment takes the ceremony up where it was, and never says two different
  things.
- A refused message changes nothing. A dealer that cheats, or that says two things, is named; the ceremony has then
  stopped for good, and the custodians begin another.
- A ceremony begins with the custodian's approval of its roster, and only at a holder that has no key.
- Once the share is kept, the dealing is erased with all that others sent. What stays is this holder's last message, a
  signature on a public manifest, so that the others can still finish.

Messages come over POST /v1/ceremony or as files; both roads use `Ceremony`. The sealed state is canonical JSON:
{"dealing": base64url or null, "dealer": number, 0 (nobody is named) or null (it has not stopped), "format",
"left": [fingerprints of rosters that were left for another], "others": [message], "own": {round: message},
"roster": text}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self, final

from signpost.protocol.encoding import canonical_json, from_base64url, parse_canonical_json, to_base64url
from signpost.protocol.key_generation import CeremonyFailed, Dealing, MessageRefused, Participant, Round
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.roster import Roster, RosterInvalid
from signpost.protocol.sealing import SealBroken
from signpost.protocol.secret import Secret
from signpost.protocol.threshold import Randomness
from signpost.service.files import read_private_file
from signpost_keys.custody import Custody, OpenedIdentity

__all__ = ["Ceremony", "CeremonyStopped", "Exchange"]

_FORMAT: Final = "signpost.ceremony-state/1"
_NOBODY: Final = 0


class CeremonyStopped(Problem):
    """The ceremony has stopped for good. `dealer` is who cheated, None when that is not known; `just_now` when it was
    found by this very exchange. The problem's pointer is the dealer's place in the roster, counted from 0 as JSON
    pointers count.
    """

    def __init__(self, dealer: int, *, just_now: bool) -> None:
        pointers = () if dealer == _NOBODY else (f"/holders/{dealer - 1}",)
        super().__init__(ProblemCode.CEREMONY_FAILED, pointers=pointers)
        self.dealer = dealer or None
        self.just_now = just_now


@dataclass(frozen=True, slots=True)
class Exchange:
    """This holder's messages so far, or only its last one once it has its share: the others have all the rest."""

    messages: tuple[bytes, ...]
    finished: bool


@dataclass(frozen=True, slots=True, repr=False)
class _State:
    """What rests between two exchanges. `dealer` names who stopped it; `_NOBODY` when it is not known who."""

    roster: Roster
    dealing: Dealing | None
    own: dict[Round, bytes]
    others: tuple[bytes, ...]
    dealer: int | None = None
    left: tuple[str, ...] = ()

    def encoding(self) -> bytes:
        return canonical_json(
            {
                "dealer": self.dealer,
                "dealing": None if self.dealing is None else to_base64url(self.dealing.encoding().reveal()),
                "format": _FORMAT,
                "left": list(self.left),
                "others": [message.decode() for message in self.others],
                "own": {str(int(round_)): message.decode() for round_, message in self.own.items()},
                "roster": self.roster.canonical().decode(),
            }
        )

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """From `encoding`. Raises: SealBroken when it is not of that form."""
        try:
            fields: Any = parse_canonical_json(raw)
            if fields["format"] != _FORMAT:
                raise SealBroken("a ceremony's state of another version")
            dealing = fields["dealing"]
            return cls(
                roster=Roster.parse(fields["roster"].encode()),
                dealing=None if dealing is None else Dealing.parse(Secret(from_base64url(dealing))),
                own={Round(int(round_)): message.encode() for round_, message in fields["own"].items()},
                others=tuple(message.encode() for message in fields["others"]),
                dealer=fields["dealer"],
                left=tuple(fields["left"]),
            )
        except (RosterInvalid, KeyError, TypeError, ValueError, AttributeError):
            raise SealBroken("not a ceremony's state") from None


@final
class Ceremony:
    """One holder's ceremony. Each method reads and seals the state by itself; two must not run at once."""

    def __init__(self, custody: Custody, randomness: Randomness) -> None:
        self._custody = custody
        self._randomness = randomness

    def approve(self, text: bytes) -> tuple[Roster, int]:
        """The custodian's word that this is the roster: a ceremony is open from now on. The number is this holder's.

        Approving the same roster again changes nothing; another one takes the place of a ceremony that has not ended.

        Raises:
            Problem: HOLDER_LOCKED; ALREADY_EXISTS when this holder has a key; ROSTER_REFUSED when the roster is not
                of its form, does not name this holder by its keys and address, or was left for another;
                CEREMONY_FAILED when it stopped under this roster.
        """
        opened = self._opened()
        if self._custody.key is not None or self._custody.manifest is not None:
            raise Problem(ProblemCode.ALREADY_EXISTS)
        try:
            roster = Roster.parse(text)
        except RosterInvalid:
            raise Problem(ProblemCode.ROSTER_REFUSED) from None
        number = roster.number_of(self._custody.identity.signing_key)
        if number is None:
            raise Problem(ProblemCode.ROSTER_REFUSED)
        entry = roster.holders[number - 1]
        if (entry.url, entry.sealing_key) != (self._custody.url, self._custody.identity.sealing_key):
            raise Problem(ProblemCode.ROSTER_REFUSED)
        state = self._load(opened)
        if state is None or state.roster != roster:
            left = () if state is None else (*state.left, state.roster.fingerprint())
            if roster.fingerprint() in left:
                raise Problem(ProblemCode.ROSTER_REFUSED)
            # A dealing is drawn once for a roster: a second one would make this holder contradict itself.
            dealing = Dealing.draw(roster.threshold, self._randomness)
            self._save(opened, _State(roster, dealing, {}, (), left=left))
        elif state.dealer is not None:
            raise CeremonyStopped(state.dealer, just_now=False)
        return roster, number

    def roster(self) -> Roster | None:
        """The roster that was approved last.

        Raises:
            Problem: HOLDER_LOCKED, or KEY_MISMATCH when the sealed state is not this holder's.
        """
        state = self._load(self._opened())
        return None if state is None else state.roster

    def exchange(self, messages: Sequence[bytes]) -> Exchange:
        """Takes messages of other holders, says whatever can now be said, and keeps the share when all have confirmed.

        Raises:
            Problem: HOLDER_LOCKED; CEREMONY_NOT_OPEN before a roster is approved; CEREMONY_MESSAGE_REFUSED, and
                nothing is changed; CEREMONY_FAILED, with the dealer's place in the roster where it is known.
        """
        opened = self._opened()
        state = self._load(opened)
        if state is None:
            raise Problem(ProblemCode.CEREMONY_NOT_OPEN)
        if state.dealer is not None:
            raise CeremonyStopped(state.dealer, just_now=False)
        if state.dealing is None:
            return Exchange(tuple(state.own.values()), finished=True)
        return self._step(opened, state, state.dealing, messages)

    def _step(self, opened: OpenedIdentity, state: _State, dealing: Dealing, messages: Sequence[bytes]) -> Exchange:
        participant = _participant(opened, state, dealing)
        others = list(state.others)
        known = {*state.others, *state.own.values()}
        try:
            for message in messages:
                participant.receive(message)
                if message not in known:
                    known.add(message)
                    others.append(message)
            own = dict(state.own)
            while (message_now := participant.advance()) is not None:
                own[Round(len(own) + 1)] = message_now
            outcome = participant.outcome()
        except MessageRefused as refused:
            if refused.sender is None:
                raise Problem(ProblemCode.CEREMONY_MESSAGE_REFUSED) from None
            # Two messages of one round, both signed by it: nobody else could have made them.
            raise self._stop(opened, state, refused.sender) from None
        except CeremonyFailed as failed:
            raise self._stop(opened, state, failed.dealer) from None
        advanced = replace(state, own=own, others=tuple(others))
        if advanced != state:
            self._save(opened, advanced)
        if outcome is None:
            return Exchange(tuple(own.values()), finished=False)
        if self._custody.key is None:  # else it was killed between keeping the share and erasing the dealing
            self._custody.accept(*outcome)
        last = {Round.CONFIRM: own[Round.CONFIRM]}
        self._save(opened, _State(state.roster, None, last, (), left=state.left))
        return Exchange(tuple(last.values()), finished=True)

    def _stop(self, opened: OpenedIdentity, state: _State, dealer: int | None) -> Problem:
        self._save(opened, _State(state.roster, None, {}, (), dealer or _NOBODY, state.left))
        return CeremonyStopped(dealer or _NOBODY, just_now=True)

    def _opened(self) -> OpenedIdentity:
        if self._custody.opened is None:
            raise Problem(ProblemCode.HOLDER_LOCKED)
        return self._custody.opened

    def _load(self, opened: OpenedIdentity) -> _State | None:
        path = self._custody.folder.ceremony
        if not path.exists():
            return None
        try:
            return _State.parse(opened.open_ceremony(read_private_file(path)))
        except SealBroken:
            raise Problem(ProblemCode.KEY_MISMATCH) from None

    def _save(self, opened: OpenedIdentity, state: _State) -> None:
        self._custody.folder.replace(self._custody.folder.ceremony, opened.seal_ceremony(state.encoding()))


def _participant(opened: OpenedIdentity, state: _State, dealing: Dealing) -> Participant:
    participant = Participant(
        roster=state.roster, signing_key=opened.signing_key, opening_key=opened.opening_key, dealing=dealing,
        sent=state.own,
    )  # fmt: skip
    for message in state.others:
        participant.receive(message)
    return participant
