"""The byte layouts of sealed rows. Numbers are big-endian; a date is its proleptic ordinal in 4 bytes, 0 for none.

* involvement, 193 bytes: reference 16, child reference 16, row digest 16, handle 9, started 4, ended 4, basis 1,
  case reference 113, remove-after 4 (in months of the common era), the handle it was handed over to here 9 (zeros for
  none), whether the end is one of here 1
* arrival, 630: what 1, organisation 8, involvement 8, ended 4, child 8, by consent 1, then 12 × (class 1, tier 1, key
  16, body 32); of a call-back that was left, its name after the first byte; of a lookup, its name, the moment 8, and
  who asked, as canonical JSON
* lookup, 1,201: answer 1, then 24 × (class 1, tier 1, key 16, body 32)
* acknowledgement, 17: spoken receipt 9, time 8
* outcome, 512: canonical JSON, padded with spaces: of what no seal touched, `{}`

Each is of one size whatever it says; an arrival without tags is filled with zeros, and so is a lookup
that was no deep one. Codes are append-only.
"""

from __future__ import annotations

import datetime as dt
import json
import struct
from collections.abc import Sequence
from typing import Final, assert_never

from signpost.index.arrivals import Arrival, Asked, Ended, Looked, Registered, Withdrawn
from signpost.index.records import ChildNumber, InvolvementNumber, OrganisationNumber, OwnedInvolvement, StoredTag
from signpost.index.requests import Acknowledgement
from signpost.protocol.classes import POINTS, MatchClass, Place, Tier, Use
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import canonical_json
from signpost.protocol.messages import CASE_REFERENCE_BYTES, AnswerWord
from signpost.protocol.purposes import Basis, Kind, Purpose, Role
from signpost.protocol.tags import TagKey, WrappedTag

__all__ = [
    "ARRIVAL_BYTES_BEFORE",
    "CLASSES",
    "CLASS_CODES",
    "INVOLVEMENT_BYTES_BEFORE",
    "OUTCOME_BYTES",
    "OUTCOME_SETTLED",
    "day_number",
    "from_day_number",
    "pack_acknowledgement",
    "pack_arrival",
    "pack_involvement",
    "pack_lookup",
    "pack_tags",
    "unpack_acknowledgement",
    "unpack_arrival",
    "unpack_involvement",
    "unpack_lookup",
    "unpack_tags",
    "widened_arrival",
    "widened_involvement",
]  # fmt: skip

CLASS_CODES: Final = {
    MatchClass.IDENTITY: 1, MatchClass.PUPIL: 2, MatchClass.STRONG: 3, MatchClass.NAME: 4, MatchClass.UNDATED: 5,
    MatchClass.PROBABLE: 6, MatchClass.POSSIBLE: 7, MatchClass.MATERNAL: 8,
}  # fmt: skip
CLASSES: Final = {code: match_class for match_class, code in CLASS_CODES.items()}
_BASIS_CODES: Final = {Basis.STATUTORY: 1, Basis.CONSENT: 2, Basis.SIGNIFICANT_HARM: 3}
_BASES: Final = {code: basis for basis, code in _BASIS_CODES.items()}
_ANSWER_CODES: Final[dict[AnswerWord, int]] = {"none": 0, "possible": 1, "previous": 2, "current": 3}
OUTCOME_BYTES: Final = 512
OUTCOME_SETTLED: Final = b"{}".ljust(OUTCOME_BYTES)
"""Of what no seal touched."""

_INVOLVEMENT: Final = struct.Struct(f">16s16s16s9sIIB{CASE_REFERENCE_BYTES}sI9s?")
INVOLVEMENT_BYTES_BEFORE: Final = _INVOLVEMENT.size - 10
"""Of an involvement from before any was handed over or ended here."""
_ARRIVAL: Final = struct.Struct(">BQQIQB")
_LOOKED_HEAD: Final = struct.Struct(">B16sQ")
_ASKED: Final = 4
_LOOKED: Final = 5
_ACKNOWLEDGEMENT: Final = struct.Struct(">9sQ")
_TAG: Final = struct.Struct(">BB16s32s")
_TAGS_BYTES: Final = POINTS[Use.REGISTER] * _TAG.size
_ARRIVAL_BYTES: Final = _ARRIVAL.size + _TAGS_BYTES
ARRIVAL_BYTES_BEFORE: Final = _ARRIVAL_BYTES - 9
"""Of an arrival from before there were shields: without child and ground."""
_LOOKUP_TAGS_BYTES: Final = POINTS[Use.DEEP] * _TAG.size


def day_number(date: dt.date | None) -> int | None:
    """A date as the hot table holds it."""
    return None if date is None else date.toordinal()


def from_day_number(number: int | None) -> dt.date | None:
    """The date of the hot table's number."""
    return None if number is None else dt.date.fromordinal(number)


def pack_involvement(owned: OwnedInvolvement) -> bytes:
    """The owner's row."""
    year, month = owned.remove_after.split("-")
    return _INVOLVEMENT.pack(
        owned.reference,
        owned.child_reference,
        owned.row_digest,
        owned.handle.encode(),
        owned.started_on.toordinal(),
        day_number(owned.ended_on) or 0,
        _BASIS_CODES[owned.basis],
        owned.sealed_case_reference,
        int(year) * 12 + int(month) - 1,
        (owned.handed_to or "").encode(),
        owned.ended_here,
    )


def unpack_involvement(raw: bytes) -> OwnedInvolvement:
    """The owner's row again."""
    (
        reference, child, row_digest, handle, started, ended, basis, case_reference, months, handed_to, ended_here,
    ) = _INVOLVEMENT.unpack(raw)  # fmt: skip
    return OwnedInvolvement(
        reference=reference,
        child_reference=child,
        row_digest=row_digest,
        handle=handle.decode(),
        started_on=dt.date.fromordinal(started),
        ended_on=from_day_number(ended or None),
        basis=_BASES[basis],
        sealed_case_reference=case_reference,
        remove_after=f"{months // 12:04}-{months % 12 + 1:02}",
        handed_to=handed_to.rstrip(b"\0").decode() or None,
        ended_here=ended_here,
    )


def widened_involvement(raw: bytes) -> bytes:
    """The owner's row in the form from before, in today's: nothing was done with it here."""
    return raw.ljust(_INVOLVEMENT.size, b"\0")


def pack_arrival(arrival: Arrival | Asked | Looked) -> bytes:
    """An inbox row."""
    if isinstance(arrival, Asked):
        return (bytes([_ASKED]) + arrival.call_back).ljust(_ARRIVAL_BYTES, b"\0")
    if isinstance(arrival, Looked):
        return (_LOOKED_HEAD.pack(_LOOKED, arrival.lookup, arrival.at) + _who(arrival)).ljust(_ARRIVAL_BYTES, b"\0")
    code: int
    tags: Sequence[StoredTag]
    ended_on: dt.date | None
    child, by_consent = 0, False
    match arrival.what:
        case Registered(tags, ended_on, child, by_consent):
            code = 1
        case Ended(ended_on):
            code, tags = 2, ()
        case Withdrawn():
            code, tags, ended_on = 3, (), None
        case never:
            assert_never(never)
    head = _ARRIVAL.pack(code, arrival.organisation, arrival.involvement, day_number(ended_on) or 0, child, by_consent)
    return (head + _pack_tags(tags)).ljust(_ARRIVAL_BYTES, b"\0")


def _who(looked: Looked) -> bytes:
    raw = canonical_json(
        {
            "account": looked.account,
            "kind": looked.kind.value,
            "organisation": looked.organisation,
            "purpose": looked.purpose.value,
            "role": looked.role.value,
        }
    )
    assert len(raw) <= _ARRIVAL_BYTES - _LOOKED_HEAD.size  # names are of 64 characters at most
    return raw


def _looked(raw: bytes) -> Looked:
    _, lookup, at = _LOOKED_HEAD.unpack_from(raw)
    who = json.loads(raw[_LOOKED_HEAD.size :].rstrip(b"\0"))
    return Looked(
        lookup=lookup,
        organisation=OrganisationId(who["organisation"]),
        account=AccountId(who["account"]),
        role=Role(who["role"]),
        kind=Kind(who["kind"]),
        purpose=Purpose(who["purpose"]),
        at=at,
    )


def unpack_arrival(raw: bytes) -> Arrival | Asked | Looked:
    """An inbox row again.

    Raises:
        ValueError: a newer version wrote it.
    """
    code, organisation, involvement, day, child, by_consent = _ARRIVAL.unpack_from(raw)
    if code == _ASKED:
        return Asked(raw[1:17])
    if code == _LOOKED:
        return _looked(raw)
    ended_on = from_day_number(day or None)
    what: Registered | Ended | Withdrawn
    match code, ended_on:
        case 1, _:
            what = Registered(unpack_tags(raw[_ARRIVAL.size :]), ended_on, ChildNumber(child), bool(by_consent))
        case 2, dt.date():
            what = Ended(ended_on)
        case 3, None:
            what = Withdrawn()
        case _:
            raise ValueError("an arrival of a kind this version does not know")
    return Arrival(OrganisationNumber(organisation), InvolvementNumber(involvement), what)


def widened_arrival(raw: bytes, child: ChildNumber, *, by_consent: bool) -> bytes:
    """An inbox row in the form from before there were shields, in today's: with whom it is about, and its ground."""
    if raw[0] == _ASKED:
        return raw.ljust(_ARRIVAL_BYTES, b"\0")
    at = ARRIVAL_BYTES_BEFORE - _TAGS_BYTES
    return raw[:at] + struct.pack(">QB", child, by_consent) + raw[at:]


def pack_lookup(answer: AnswerWord, tags: Sequence[StoredTag]) -> bytes:
    """A lookup row."""
    return bytes([_ANSWER_CODES[answer]]) + pack_tags(tags)


def unpack_lookup(raw: bytes) -> tuple[StoredTag, ...]:
    """The tags of a lookup row."""
    return unpack_tags(raw[1:])


def pack_tags(tags: Sequence[StoredTag]) -> bytes:
    """A lookup's tags, of one size with those of a deep one."""
    return _pack_tags(tags).ljust(_LOOKUP_TAGS_BYTES, b"\0")


def unpack_tags(tags: bytes) -> tuple[StoredTag, ...]:
    """As many as there were, before the zeros that make all of one size."""
    ends = next((at for at in range(0, len(tags), _TAG.size) if not tags[at]), len(tags))
    return _unpack_tags(tags[:ends])


def pack_acknowledgement(acknowledgement: Acknowledgement) -> bytes:
    """What a spent receipt remembers."""
    return _ACKNOWLEDGEMENT.pack(acknowledgement.receipt.encode(), acknowledgement.at)


def unpack_acknowledgement(raw: bytes) -> Acknowledgement:
    """What was acknowledged."""
    receipt, at = _ACKNOWLEDGEMENT.unpack(raw)
    return Acknowledgement(receipt.decode(), at)


def _pack_tags(tags: Sequence[StoredTag]) -> bytes:
    return b"".join(
        _TAG.pack(CLASS_CODES[tag.place.match_class], tag.place.tier, tag.wrapped.key, tag.wrapped.body) for tag in tags
    )


def _unpack_tags(raw: bytes) -> tuple[StoredTag, ...]:
    return tuple(
        StoredTag(Place(CLASSES[code], Tier(tier)), WrappedTag(TagKey(key), body))
        for code, tier, key, body in _TAG.iter_unpack(raw)
    )
