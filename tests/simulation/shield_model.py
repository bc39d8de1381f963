"""What shields hide, as protocol.md C4 says it, in plain dictionaries: nothing of this was read off the index.

A child is a set of details, each a class and a text. What has settled is either visible to others or hidden; who looks
from outside is answered by what is visible alone, as if the rest had never been registered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from signpost.index.answer import Matches, matches_of
from signpost.index.records import Hit, InvolvementNumber, OrganisationNumber
from signpost.protocol.classes import MatchClass, Place, Tier
from signpost.protocol.shielding import DeskWork
from signpost.protocol.tags import TagKey
from tests.support.world import TODAY, Child

__all__ = ["COUNCILS", "REFERENCES", "Arrival", "Involvement", "Key", "Looked", "Model", "Owed", "Shield", "details"]

COUNCILS: Final = ("northtown", "southtown")
REFERENCES: Final = ("one", "two", "three")
_TIERS: Final = {
    MatchClass.IDENTITY: Tier.T1, MatchClass.PUPIL: Tier.T1, MatchClass.STRONG: Tier.T1, MatchClass.NAME: Tier.T2,
    MatchClass.UNDATED: Tier.T1, MatchClass.PROBABLE: Tier.T2, MatchClass.POSSIBLE: Tier.T3,
}  # fmt: skip
_LOOK_BACK: Final = dt.date(2024, 1, 1)
"""No involvement here ended so long ago."""

Key = tuple[str, str]
"""An involvement: whose, and by which reference."""
Detail = tuple[MatchClass, str]
Owed = tuple[DeskWork, str, object]
"""What the desk must be shown: what for, by which shield, and about which involvement or receipt."""


def details(child: Child, *, registered: bool = False) -> set[Detail]:
    """What a request says of a child; what is only possible is registered, and neither looked up nor shielded."""
    return {each for each in child.inputs() if registered or each[0] is not MatchClass.POSSIBLE}


def another_child(shield: set[Detail], held: set[Detail]) -> bool:
    """Whether both have a number, and not the same: a twin, or a number that was mistyped or is new."""
    own, theirs = ({each for each in of if each[0] is MatchClass.IDENTITY} for of in (shield, held))
    return bool(own and theirs and not own & theirs)


def grip(shield: set[Detail], held: set[Detail]) -> Literal["number", "match", "unsure", "no"]:
    """Its number hides; so does any match of T1 or T2, unless there is another number; the rest a person decides."""
    shared = shield & held
    if any(of is MatchClass.IDENTITY for of, _ in shared):
        return "number"
    if not shared:
        return "no"
    matches = any(_TIERS[of] <= Tier.T2 for of, _ in shared)
    return "match" if matches and not another_child(shield, held) else "unsure"


@dataclass(frozen=True)
class Involvement:
    """As its owner last said it."""

    child: Child
    child_reference: str
    ended: bool
    row_digest: bytes
    sealed: bytes

    @property
    def held(self) -> set[Detail]:
        """Its details."""
        return details(self.child, registered=True)


@dataclass
class Looked:
    """A lookup, and the call-back that was left by its receipt."""

    organisation: str
    account: str
    child: Child
    kept_until: int
    asked_at: int | None = None
    waits_until: int = 0

    def waits(self, now: int) -> bool:
        """Whether a call-back was left by it and has not run out."""
        return self.asked_at is not None and now < self.waits_until

    def is_kept(self, now: int) -> bool:
        """Whether it can still be followed up."""
        return now < self.kept_until or self.waits(now)


@dataclass
class Shield:
    """By what it hides: its details, and a council's own reference of a child of whom it hides something. And what it
    hides, each with whether that is sure: by its number, or because somebody decided so.
    """

    council: str
    details: set[Detail]
    approve_by: int
    state: Literal["waiting", "approved", "ending"] = "waiting"
    children: dict[tuple[str, str], bool] = field(default_factory=dict)
    hidden: dict[Key, bool] = field(default_factory=dict)
    of_old_identity: bool = False
    number_waits: bool = False
    """Its first number joined it later, and nobody else has approved that: it hides by it, and shows nobody by it."""

    def grip(self, held: set[Detail]) -> Literal["number", "match", "unsure", "no"]:
        """How it stands to somebody of these details."""
        by = grip(self.details, held)
        if by == "unsure" and self.number_waits:
            return grip({each for each in self.details if each[0] is not MatchClass.IDENTITY}, held)
        return by

    def other_child(self, held: set[Detail]) -> bool:
        """Whether somebody of these details has another number than its child."""
        return not self.number_waits and another_child(self.details, held)

    def join(self, joining: set[Detail]) -> None:
        """These are of its child too. A first number is to be approved before anybody is told apart by it."""
        has, joins = (any(of is MatchClass.IDENTITY for of, _ in each) for each in (self.details, joining))
        self.number_waits = self.number_waits or (joins and not has)
        self.details = self.details | joining

    def verdict(self, key: Key, of: Involvement) -> bool | None:
        """Whether it is sure of an involvement that it hides; null for one that it does not hide."""
        by, led = self.grip(of.held), self.children.get((key[0], of.child_reference))
        stays = self.hidden.get(key, False) and by == "unsure"
        if by == "number" or led or stays:
            return True
        if by == "match" or (led is not None and not self.other_child(of.held)):
            return False
        return None

    def hides(self, settled: Mapping[Key, Involvement]) -> dict[Key, bool]:
        """What it hides of these, and is led to others by."""
        while True:
            found = {key: sure for key, of in settled.items() if (sure := self.verdict(key, of)) is not None}
            led = dict(self.children)
            if not self.of_old_identity:
                for key, sure in found.items():
                    child = (key[0], settled[key].child_reference)
                    led[child] = led.get(child, False) or sure
            if led == self.children:
                return found
            self.children = led

    def resembles(self, key: Key, of: Involvement) -> bool:
        """Whether somebody is to decide about an involvement that it does not hide."""
        return self.grip(of.held) == "unsure" or (key[0], of.child_reference) in self.children


@dataclass(frozen=True)
class Arrival:
    """What waits to settle: of an involvement by its key, or of a lookup by its receipt."""

    what: Literal["register", "end", "withdraw", "look", "ask"]
    of: Key
    involvement: Involvement | None = None


@dataclass
class Model:
    """Everything that has been said, and what has settled of it."""

    owned: dict[Key, Involvement] = field(default_factory=dict)
    settled: dict[Key, Involvement] = field(default_factory=dict)
    inbox: list[Arrival] = field(default_factory=list)
    lookups: dict[str, Looked] = field(default_factory=dict)
    shields: dict[str, Shield] = field(default_factory=dict)
    owed: set[Owed] = field(default_factory=set)

    # -- who sees what

    def hidden(self) -> set[Key]:
        """What a shield hides."""
        return {key for shield in self.shields.values() for key in shield.hidden}

    def visible(self) -> dict[Key, Involvement]:
        """What there is, for everybody but its owner."""
        hidden = self.hidden()
        return {key: of for key, of in self.settled.items() if key not in hidden}

    def matches(self, looked: Looked, among: Mapping[Key, Involvement]) -> Matches:
        """What a lookup comes to, among these."""
        asked = sorted(details(looked.child))
        return matches_of(
            [hit for key, of in among.items() if key[0] != looked.organisation for hit in _hits(asked, key, of)],
            asked=[Place(of, _TIERS[of]) for of, _ in asked],
            identity_key=_identity_key(asked),
            since=_LOOK_BACK,
        )

    def word(self, receipt: str) -> str:
        """What a lookup is answered now."""
        return self.matches(self.lookups[receipt], self.visible()).word

    def strongest(self, receipt: str) -> set[Key]:
        """Whose involvements make that word."""
        return {_key_of(hit) for hit in self.matches(self.lookups[receipt], self.visible()).strongest}

    def matching(self, receipt: str) -> set[Key]:
        """Whose involvements count for anything, of what others see."""
        return {_key_of(hit) for hit in self.matches(self.lookups[receipt], self.visible()).all}

    def concerns(self, receipt: str, key: Key) -> bool:
        """Whether an involvement matches a lookup as far as its owner is concerned, hidden or not."""
        return key in self.settled and bool(self.matches(self.lookups[receipt], {key: self.settled[key]}).all)

    # -- what happens

    def settle(self, batch: Iterable[Arrival], *, now: int) -> set[tuple[str, Key]]:
        """These arrivals settle together, whatever order they came in. Which involvements have left an old identity
        behind, and by which shield's leave: nothing leads from it to them any more.
        """
        written, looked, asked = set(), set(), set()
        for arrival in batch:
            key = arrival.of
            match arrival.what:
                case "register":
                    assert arrival.involvement is not None
                    self.settled[key] = arrival.involvement
                    written.add(key)
                case "withdraw":
                    self.settled.pop(key, None)
                    written.add(key)
                case "end":
                    if key in self.settled:
                        self.settled[key] = replace(self.settled[key], ended=True)
                case "look":
                    looked.add(key[1])
                case "ask":
                    asked.add(key[1])
        gone: set[tuple[str, Key]] = set()
        for name, shield in self.shields.items():
            found = shield.hides(self.settled)
            for key in written:
                before, now_hidden = shield.hidden.pop(key, None), found.get(key)
                if key not in self.settled:
                    continue
                if now_hidden is None and before is not None and shield.of_old_identity:
                    gone.add((name, key))
                    self._owes_no_more(name, {key})
                if now_hidden is not None:
                    self.owed.add((DeskWork.REGISTERED, name, key))
                elif shield.resembles(key, self.settled[key]):
                    self.owed.add((DeskWork.UNSURE, name, key))
            self._note(shield, found)
            self._owe_questions(name, DeskWork.LOOKED_UP, (of for of in looked if self.lookups[of].is_kept(now)))
            self._owe_questions(name, DeskWork.CALL_BACK, (of for of in asked if self.lookups[of].waits(now)))
        return gone

    def cover(self, name: str, *, now: int) -> None:
        """A shield is there, or hides by more than before: at once, whatever has settled or waits."""
        shield, visible = self.shields[name], set(self.visible())
        for key, sure in list(shield.hidden.items()):
            if not sure and shield.other_child(self.settled[key].held):
                del shield.hidden[key]
                self.owed.add((DeskWork.UNSURE, name, key))
        found = shield.hides(self.settled)
        self._note(shield, found)
        self.owed |= {(DeskWork.REGISTERED, name, key) for key in found if key in visible}
        self.owed |= {
            (DeskWork.UNSURE, name, key)
            for key, of in self.settled.items()
            if key not in shield.hidden and shield.grip(of.held) == "unsure"
        }
        waiting = (receipt for receipt, looked in self.lookups.items() if looked.waits(now))
        self._owe_questions(name, DeskWork.CALL_BACK, waiting)

    def hide(self, name: str, key: Key) -> None:
        """The desk decided that this is the shielded child's."""
        shield = self.shields[name]
        if key in self.settled:
            shield.hidden[key] = True
            if not shield.of_old_identity:
                shield.children[key[0], self.settled[key].child_reference] = True
                self._note(shield, shield.hides(self.settled))

    def end(self, name: str) -> None:
        """A shield is over, and all that the desk had to look at because of it."""
        del self.shields[name]
        self.owed = {each for each in self.owed if each[1] != name}

    def end_identity(self, name: str, child: Child, *, now: int) -> set[Key]:
        """Of whom its own council's shield hides anything, all that the council has of them, settled or not, is gone;
        nothing says any more whose it was. Which.
        """
        shield = self.shields[name]
        waiting = [
            (arrival.of, arrival.involvement)
            for arrival in self.inbox
            if arrival.involvement is not None and arrival.of[0] == shield.council
        ]
        hidden = [self.settled[key] for key in shield.hidden if key[0] == shield.council]
        hidden += [of for key, of in waiting if shield.verdict(key, of) is not None]
        references = {of.child_reference for of in hidden}
        references |= {reference for council, reference in shield.children if council == shield.council}
        known = [(key, of) for key, of in self.settled.items() if key[0] == shield.council] + waiting
        erased = {key for key, of in known if of.child_reference in references}
        for key in erased:
            self.settled.pop(key, None)
            self.owned.pop(key, None)
        self.inbox = [arrival for arrival in self.inbox if arrival.of not in erased]
        for each, other in self.shields.items():
            other.hidden = {key: sure for key, sure in other.hidden.items() if key not in erased}
            other.children = {
                of: sure for of, sure in other.children.items() if of[0] != shield.council or of[1] not in references
            }
            self._owes_no_more(each, erased)
        shield.join(details(child))
        shield.of_old_identity, shield.children, shield.details = True, {}, details(child)
        if shield.number_waits and shield.state == "approved":
            shield.state = "waiting"
        self.cover(name, now=now)
        return erased

    @staticmethod
    def _note(shield: Shield, found: Mapping[Key, bool]) -> None:
        for key, sure in found.items():
            shield.hidden[key] = shield.hidden.get(key, False) or sure

    def _owes_no_more(self, name: str, keys: set[Key]) -> None:
        self.owed = {each for each in self.owed if not (each[1] == name and each[2] in keys)}

    def _owe_questions(self, name: str, work: DeskWork, receipts: Iterable[str]) -> None:
        shield = self.shields[name]
        self.owed |= {
            (work, name, receipt)
            for receipt in receipts
            if shield.grip(details(self.lookups[receipt].child)) in ("number", "match")
        }


def _tag_key(detail: Detail) -> TagKey:
    return TagKey(f"{detail[0].value} {detail[1]}".encode())


def _identity_key(of: Iterable[Detail]) -> TagKey | None:
    return next((_tag_key(each) for each in of if each[0] is MatchClass.IDENTITY), None)


def _hits(asked: list[Detail], key: Key, of: Involvement) -> Iterator[Hit]:
    for at, detail in enumerate(asked):
        if detail in of.held:
            yield Hit(
                asked_at=at,
                stored=Place(detail[0], _TIERS[detail[0]]),
                organisation=OrganisationNumber(COUNCILS.index(key[0])),
                involvement=InvolvementNumber(REFERENCES.index(key[1])),
                ended_on=TODAY if of.ended else None,
                identity_key=_identity_key(of.held),
            )


def _key_of(hit: Hit) -> Key:
    return COUNCILS[hit.organisation], REFERENCES[hit.involvement]
