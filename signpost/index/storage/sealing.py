"""Hiding and showing involvements, inside the transactions that settle arrivals or change a seal (protocol.md C3, C4).

What is hidden is moved, row by row, from the hot table to `sealed_tags`; `tag_bodies` and the owner's table stay as
they are. So nobody's lookup can meet it, and its own organisation sees nothing of it. A seal hides what `hiding.grip`
says, and every involvement of one organisation with a child of whom it hides one, by that organisation's own reference.
What rests on another ground than consent is hidden by shields alone.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from signpost.index.arrivals import Registered
from signpost.index.hiding import Grip, differ, grip, identities
from signpost.index.records import ChildNumber, InvolvementNumber, OrganisationNumber, Seal, SealKind, StoredTag
from signpost.index.storage.layouts import CLASS_CODES, CLASSES
from signpost.index.storage.vault import Vault
from signpost.protocol.classes import MatchClass, Place, Tier
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.protocol.shielding import ShieldEndReason, ShieldReason, ShieldState
from signpost.protocol.tags import TagKey, WrappedTag
from signpost.service.database import Connection

__all__ = ["MOST_UNDER_ONE_TAG", "NOT_TOUCHED", "Of", "Sealing", "Touched", "thin_out"]

_SEAL_BYTES: Final = 512
_HOT: Final = "involvement_tags"
_SEALED: Final = "sealed_tags"
MOST_UNDER_ONE_TAG: Final = 64
"""More involvements than any organisation has with one child."""
_MOVED: Final = "key, organisation, involvement, class, tier, ended_on, identity_key"

Of = tuple[OrganisationNumber, InvolvementNumber]
"""Which involvement."""


@dataclass(frozen=True, slots=True)
class Touched:
    """Which seals hide something, and of which shields it is unsure. Names of 16 bytes, in order."""

    hiding: tuple[bytes, ...]
    unsure: tuple[bytes, ...]
    surely: frozenset[bytes] = frozenset()
    """Of those that hide, which do by their own number, or because somebody decided so."""


NOT_TOUCHED: Final = Touched((), ())


@final
class Sealing:
    """Works in the writer's thread, on its connection."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    # -- seals

    def seal(self, connection: Connection, name: bytes) -> Seal | None:
        """A seal by its name."""
        row = connection.execute("SELECT sealed FROM seals WHERE seal = ?", (name,)).fetchone()
        return None if row is None else self._opened(name, row[0])

    def seals_of(self, connection: Connection, organisation: OrganisationId) -> list[Seal]:
        """What an organisation's officers asked for, the oldest first."""
        rows = connection.execute(
            "SELECT seal, sealed FROM seals WHERE organisation = ?", (self._vault.organisation(organisation),)
        ).fetchall()
        return sorted((self._opened(*row) for row in rows), key=lambda each: (each.asked_at, each.reference))

    def seals_for_desk(self, connection: Connection, *, now: int, most: int) -> list[Seal]:
        """Those that the desk is to look at, the longest due first."""
        rows = connection.execute(
            "SELECT seal, sealed FROM seals WHERE desk_at <= ? ORDER BY desk_at, seal LIMIT ?", (now, most)
        ).fetchall()
        return [self._opened(*row) for row in rows]

    def write(self, connection: Connection, seal: Seal, *, desk_at: int | None) -> None:
        """Write a seal, new or changed; `desk_at`: when the desk is to look at it."""
        name = self._vault.seal_name(seal.reference)
        connection.execute(
            "INSERT INTO seals VALUES (?1, ?2, ?3, ?4)"
            " ON CONFLICT (seal) DO UPDATE SET desk_at = excluded.desk_at, sealed = excluded.sealed",
            (
                name,
                self._vault.organisation(seal.organisation),
                desk_at,
                self._vault.seal(_packed(seal), Label.SEAL_ROW, name),
            ),
        )

    def add_tags(self, connection: Connection, name: bytes, tags: Iterable[StoredTag]) -> None:
        """Have a seal hide by these tags too. One of them that it has already stays as it was, or becomes stronger."""
        connection.executemany(
            "INSERT INTO seal_tags (key, seal, class, tier, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (key, seal) DO UPDATE SET class = excluded.class, tier = excluded.tier"
            " WHERE excluded.tier < tier OR excluded.class = 1",
            sorted(
                (tag.wrapped.key, name, CLASS_CODES[tag.place.match_class], int(tag.place.tier), tag.wrapped.body)
                for tag in tags
            ),
        )

    def take_tags(self, connection: Connection, name: bytes) -> None:
        """Take all of a seal's tags, and every organisation's own reference that leads to it."""
        connection.execute("DELETE FROM seal_tags WHERE seal = ?", (name,))
        connection.execute("DELETE FROM seal_children WHERE seal = ?", (name,))

    def tags_of(self, connection: Connection, name: bytes) -> list[StoredTag]:
        """A seal's tags."""
        rows = connection.execute("SELECT key, class, tier, body FROM seal_tags WHERE seal = ?", (name,)).fetchall()
        return [
            StoredTag(Place(CLASSES[code], Tier(tier)), WrappedTag(TagKey(key), body)) for key, code, tier, body in rows
        ]

    # -- what a seal touches

    def touching(self, connection: Connection, held: Mapping[TagKey, Place]) -> dict[bytes, Grip]:
        """How every seal that has one of these tags stands to what holds them. By a number that nobody has approved yet
        a seal hides, but takes nobody for another child: else an officer alone would show whom it hides, by making one
        up.
        """
        keys = sorted(held)
        marks = ", ".join("?" * len(keys))
        rows = connection.execute(
            f"SELECT seal, key, class, tier FROM seal_tags WHERE key IN ({marks})"  # noqa: S608 - marks only
            " UNION SELECT seal, key, class, tier FROM seal_tags WHERE class = 1"
            f" AND seal IN (SELECT seal FROM seal_tags WHERE key IN ({marks}))",
            (*keys, *keys),
        ).fetchall()
        tags: dict[bytes, dict[TagKey, Place]] = {}
        for name, key, code, tier in rows:
            tags.setdefault(name, {})[TagKey(key)] = Place(CLASSES[code], Tier(tier))
        return {name: self._grip(connection, name, of_seal, held) for name, of_seal in sorted(tags.items())}

    def _grip(
        self, connection: Connection, name: bytes, of_seal: Mapping[TagKey, Place], held: Mapping[TagKey, Place]
    ) -> Grip:
        found = grip(of_seal, held)
        if found is Grip.UNSURE and self._number_waits(connection, name):
            numbers = identities(of_seal)
            return grip({key: place for key, place in of_seal.items() if key not in numbers}, held)
        return found

    def _number_waits(self, connection: Connection, name: bytes) -> bool:
        seal = self.seal(connection, name)
        return seal is not None and seal.number_waits

    def touched(
        self, connection: Connection, of: Of, tags: Sequence[StoredTag], child: ChildNumber, *, by_consent: bool
    ) -> Touched:
        """Which seals hide an involvement with these tags. The same statements whatever is there, but for what is. What
        a seal hides surely stays hidden when it is registered anew and the seal is unsure of it.
        """
        organisation, held = of[0], {tag.wrapped.key: tag.place for tag in tags}
        grips = self.touching(connection, held)
        led = dict(
            connection.execute(
                "SELECT seal, surely FROM seal_children WHERE organisation = ? AND child = ?", (organisation, child)
            ).fetchall()
        )
        was = dict(
            connection.execute(
                "SELECT seal, surely FROM sealed_involvements WHERE organisation = ? AND involvement = ?", of
            ).fetchall()
        )
        hiding, unsure, surely = [], [], []
        for name in sorted(grips.keys() | led.keys()):
            seal = self.seal(connection, name)
            if seal is None or not self._concerns(seal, organisation, by_consent=by_consent):
                continue
            of_seal = grips.get(name, Grip.NONE)
            stays = bool(was.get(name)) and of_seal is Grip.UNSURE
            if of_seal is Grip.BY_NUMBER or led.get(name) or stays:
                surely.append(name)
                hiding.append(name)
            elif of_seal is Grip.MATCHES or (name in led and not self._another(connection, name, held)):
                hiding.append(name)
            elif seal.kind is SealKind.SHIELD:
                unsure.append(name)
        return Touched(tuple(hiding), tuple(unsure), frozenset(surely))

    def _another(self, connection: Connection, name: bytes, held: Mapping[TagKey, Place]) -> bool:
        """Whether what holds these tags has another number than the seal's."""
        return not self._number_waits(connection, name) and differ(
            {tag.wrapped.key: tag.place for tag in self.tags_of(connection, name)}, held
        )

    def shields_hiding(self, connection: Connection, held: Mapping[TagKey, Place]) -> tuple[bytes, ...]:
        """The shields that hide what a question asks about: by their own tags, or by those of what they hide, as where
        a council has the child under another name too.
        """
        found = {name for name, each in self.touching(connection, held).items() if each.hides}
        found |= self._hiding_what_holds(connection, held)
        seals = ((name, self.seal(connection, name)) for name in sorted(found))
        return tuple(name for name, seal in seals if seal is not None and seal.kind is SealKind.SHIELD)

    def _hiding_what_holds(self, connection: Connection, held: Mapping[TagKey, Place]) -> set[bytes]:
        """The seals that hide an involvement which matches at T1 or T2, and is not of another number."""
        keys = sorted(held)
        marks = ", ".join("?" * len(keys))
        rows = connection.execute(
            "SELECT seal, key, tier, identity_key FROM sealed_tags JOIN sealed_involvements"  # noqa: S608 - marks only
            f" USING (organisation, involvement) WHERE key IN ({marks})",
            keys,
        ).fetchall()
        numbers = identities(held)
        return {
            name
            for name, key, tier, number in rows
            if max(tier, held[key].tier) <= Tier.T2 and (number is None or not numbers or number in numbers)
        }

    def shields_over(self, connection: Connection, of: Of) -> list[bytes]:
        """The shields that hide an involvement."""
        rows = connection.execute(
            "SELECT seal FROM sealed_involvements WHERE organisation = ? AND involvement = ?", of
        ).fetchall()
        seals = ((name, self.seal(connection, name)) for (name,) in rows)
        return [name for name, seal in seals if seal is not None and seal.kind is SealKind.SHIELD]

    def _concerns(self, seal: Seal, organisation: OrganisationNumber, *, by_consent: bool) -> bool:
        match seal.kind:
            case SealKind.SHIELD:
                return True
            case SealKind.OBJECTION:
                return by_consent
            case SealKind.WITHDRAWAL:
                return by_consent and organisation == self._vault.organisation(seal.organisation)

    # -- hiding and showing

    def table_of(self, touched: Touched) -> str:
        """Where an involvement's tags belong."""
        return _SEALED if touched.hiding else _HOT

    def settled(self, connection: Connection, of: Of, registered: Registered, touched: Touched) -> list[bytes]:
        """An involvement was registered, and its tags are where they belong: note which seals hide it. Which seals of
        old identities hid it until now, and do no longer: nothing is to lead from them to what it is now.
        """
        organisation, involvement = of
        left = connection.execute(
            "SELECT seal FROM sealed_involvements WHERE organisation = ? AND involvement = ?", of
        ).fetchall()
        connection.execute(
            "INSERT INTO involvement_children VALUES (?1, ?2, ?3, ?4)"
            " ON CONFLICT (organisation, involvement) DO UPDATE SET child = ?3, by_consent = ?4",
            (organisation, involvement, registered.child, int(registered.by_consent)),
        )
        connection.execute("DELETE FROM sealed_involvements WHERE organisation = ? AND involvement = ?", of)
        for name in touched.hiding:
            self._note(connection, of, name, surely=name in touched.surely)
        seals = ((name, self.seal(connection, name)) for (name,) in left if name not in touched.hiding)
        return [name for name, seal in seals if seal is not None and seal.old_identity]

    def gone(self, connection: Connection, of: Of) -> None:
        """An involvement was withdrawn."""
        connection.execute("DELETE FROM sealed_involvements WHERE organisation = ? AND involvement = ?", of)
        connection.execute("DELETE FROM involvement_children WHERE organisation = ? AND involvement = ?", of)

    def apply(self, connection: Connection, name: bytes) -> tuple[list[Of], list[Of]]:
        """Look through all that is settled for what a seal touches: what it hides now that was visible until now, and
        of what it is unsure.
        """
        keys = [tag.wrapped.key for tag in self.tags_of(connection, name)]
        marks = ", ".join("?" * len(keys))
        rows = connection.execute(
            f"SELECT organisation, involvement FROM {_HOT} WHERE key IN ({marks})"  # noqa: S608 - our own names and marks
            f" UNION SELECT organisation, involvement FROM {_SEALED} WHERE key IN ({marks})",
            (*keys, *keys),
        ).fetchall()
        hidden: list[Of] = []
        unsure: list[Of] = []
        for of in rows:
            row = connection.execute(
                "SELECT child, by_consent FROM involvement_children WHERE organisation = ? AND involvement = ?", of
            ).fetchone()
            if row is None:
                continue
            child, by_consent = ChildNumber(row[0]), bool(row[1])
            touched = self.touched(connection, of, self.held(connection, of), child, by_consent=by_consent)
            if name in touched.hiding:
                surely = name in touched.surely
                hidden += self.hide(connection, of, name, surely=surely)
                hidden += self.hide_siblings(connection, of[0], child, name, surely=surely)
            elif name in touched.unsure:
                unsure.append(of)
        return hidden, unsure

    def hide_child(self, connection: Connection, of: Of, name: bytes) -> list[Of]:
        """Somebody decided that this involvement is the hidden child's: hide it, and its organisation's others with the
        child. What was visible until now.
        """
        row = connection.execute(
            "SELECT child FROM involvement_children WHERE organisation = ? AND involvement = ?", of
        ).fetchone()
        if row is None:
            return []
        hidden = self.hide(connection, of, name, surely=True)
        return hidden + self.hide_siblings(connection, of[0], ChildNumber(row[0]), name, surely=True)

    def hide_siblings(
        self, connection: Connection, organisation: OrganisationNumber, child: ChildNumber, name: bytes, *, surely: bool
    ) -> list[Of]:
        """Have a seal hide all of an organisation's involvements with a child, now and whenever one is registered.
        What was visible until now. What a seal has been led to by a child hides with it ever since: that is not gone
        through again, or whoever registers thousands with one child would have each of them look at all of them.
        """
        seal = self.seal(connection, name)
        if seal is None or seal.old_identity:
            return []
        led = connection.execute(
            "INSERT INTO seal_children VALUES (?, ?, ?, ?) ON CONFLICT (organisation, child, seal)"
            " DO UPDATE SET surely = 1 WHERE surely < excluded.surely",
            (organisation, child, name, int(surely)),
        )
        if not led.rowcount:
            return []
        hidden: list[Of] = []
        rows = connection.execute(
            "SELECT involvement, by_consent FROM involvement_children WHERE organisation = ? AND child = ?",
            (organisation, child),
        ).fetchall()
        for involvement, by_consent in rows:
            of = (organisation, InvolvementNumber(involvement))
            if self._concerns(seal, organisation, by_consent=bool(by_consent)) and (
                surely or not self._another(connection, name, self.places_of(connection, of))
            ):
                hidden += self.hide(connection, of, name, surely=surely)
        return hidden

    def hide(self, connection: Connection, of: Of, name: bytes, *, surely: bool) -> list[Of]:
        """Hide one involvement behind a seal; itself, where it was visible until now."""
        was_hidden = self._is_hidden(connection, of)
        self._note(connection, of, name, surely=surely)
        if was_hidden:
            return []
        _move(connection, of, _HOT, _SEALED)
        return [of]

    def end(self, connection: Connection, name: bytes) -> list[Of]:
        """A seal is over: what nothing else hides is visible from now on, and is returned."""
        rows = connection.execute(
            "SELECT organisation, involvement FROM sealed_involvements WHERE seal = ?", (name,)
        ).fetchall()
        for table in ("seals", "seal_tags", "seal_children", "sealed_involvements", "desk_items"):
            connection.execute(f"DELETE FROM {table} WHERE seal = ?", (name,))  # noqa: S608 - names from the list above
        shown = [of for of in rows if not self._is_hidden(connection, of)]
        for of in shown:
            _move(connection, of, _SEALED, _HOT)
        return shown

    def reconsider(self, connection: Connection, name: bytes) -> tuple[list[Of], list[Of]]:
        """Look again at what a seal hides for want of a number: what has another one than the seal has now. And of it,
        what is visible from now on.
        """
        another: list[Of] = []
        shown: list[Of] = []
        rows = connection.execute(
            "SELECT organisation, involvement FROM sealed_involvements WHERE seal = ? AND surely = 0", (name,)
        ).fetchall()
        for of in rows:
            if not self._another(connection, name, self.places_of(connection, of)):
                continue
            another.append(of)
            connection.execute(
                "DELETE FROM sealed_involvements WHERE organisation = ? AND involvement = ? AND seal = ?", (*of, name)
            )
            if not self._is_hidden(connection, of):
                _move(connection, of, _SEALED, _HOT)
                shown.append(of)
        return another, shown

    def places_of(self, connection: Connection, of: Of) -> dict[TagKey, Place]:
        """The keys that an involvement holds, each with its place."""
        return {tag.wrapped.key: tag.place for tag in self.held(connection, of)}

    def held(self, connection: Connection, of: Of) -> list[StoredTag]:
        """The tags of an involvement, wherever they are."""
        rows = connection.execute(
            "SELECT key, body FROM tag_bodies WHERE organisation = ? AND involvement = ?", of
        ).fetchall()
        found = []
        for key, body in rows:
            row = connection.execute(
                f"SELECT class, tier FROM {_HOT} WHERE key = ?1 AND organisation = ?2 AND involvement = ?3"  # noqa: S608 - two names
                f" UNION ALL SELECT class, tier FROM {_SEALED} WHERE key = ?1 AND organisation = ?2"
                " AND involvement = ?3",
                (key, *of),
            ).fetchone()
            if row is not None:
                found.append(StoredTag(Place(CLASSES[row[0]], Tier(row[1])), WrappedTag(TagKey(key), body)))
        return found

    def hidden_by(self, connection: Connection, name: bytes) -> list[Of]:
        """The involvements that a seal hides."""
        return [
            (OrganisationNumber(organisation), InvolvementNumber(involvement))
            for organisation, involvement in connection.execute(
                "SELECT organisation, involvement FROM sealed_involvements WHERE seal = ?", (name,)
            ).fetchall()
        ]

    def children_hidden_by(
        self, connection: Connection, name: bytes, organisation: OrganisationNumber
    ) -> set[ChildNumber]:
        """By which of an organisation's own references of children a seal hides, or of whom it hides anything."""
        rows = connection.execute(
            "SELECT child FROM seal_children WHERE seal = ?1 AND organisation = ?2"
            " UNION SELECT child FROM sealed_involvements JOIN involvement_children USING (organisation, involvement)"
            " WHERE seal = ?1 AND organisation = ?2",
            (name, organisation),
        ).fetchall()
        return {ChildNumber(child) for (child,) in rows}

    def with_children(
        self, connection: Connection, organisation: OrganisationNumber, children: Iterable[ChildNumber]
    ) -> set[Of]:
        """All that has settled of an organisation's involvements with these children."""
        return {
            (organisation, InvolvementNumber(involvement))
            for child in children
            for (involvement,) in connection.execute(
                "SELECT involvement FROM involvement_children WHERE organisation = ? AND child = ?",
                (organisation, child),
            ).fetchall()
        }

    def lead_no_more(
        self, connection: Connection, organisation: OrganisationNumber, children: Iterable[ChildNumber]
    ) -> None:
        """Have these references of children lead to no seal, whosever it is."""
        connection.executemany(
            "DELETE FROM seal_children WHERE organisation = ? AND child = ?",
            [(organisation, child) for child in children],
        )

    def forget(self, connection: Connection, of: Of) -> None:
        """Leave no row that holds an involvement's number or its child's: neither its tags, nor what hides it."""
        connection.execute(
            "DELETE FROM seal_children WHERE organisation = ?1 AND child IN"
            " (SELECT child FROM involvement_children WHERE organisation = ?1 AND involvement = ?2)",
            of,
        )
        keys = [
            (row[0], *of)
            for row in connection.execute(
                "SELECT key FROM tag_bodies WHERE organisation = ? AND involvement = ?", of
            ).fetchall()
        ]
        for table in (_HOT, _SEALED):
            connection.executemany(
                f"DELETE FROM {table} WHERE key = ? AND organisation = ? AND involvement = ?",  # noqa: S608 - two names
                keys,
            )
        connection.execute("DELETE FROM tag_bodies WHERE organisation = ? AND involvement = ?", of)
        self.gone(connection, of)

    def _note(self, connection: Connection, of: Of, name: bytes, *, surely: bool) -> None:
        connection.execute(
            "INSERT INTO sealed_involvements VALUES (?, ?, ?, ?) ON CONFLICT (organisation, involvement, seal)"
            " DO UPDATE SET surely = max(surely, excluded.surely)",
            (*of, name, int(surely)),
        )

    def _is_hidden(self, connection: Connection, of: Of) -> bool:
        row = connection.execute(
            "SELECT 1 FROM sealed_involvements WHERE organisation = ? AND involvement = ? LIMIT 1", of
        ).fetchone()
        return row is not None

    def _opened(self, name: bytes, sealed: bytes) -> Seal:
        return _seal(self._vault.open(sealed, Label.SEAL_ROW, name))


def _move(connection: Connection, of: Of, source: str, target: str) -> None:
    keys = connection.execute(
        "SELECT key FROM tag_bodies WHERE organisation = ? AND involvement = ? ORDER BY key", of
    ).fetchall()
    rows = [(key, *of) for (key,) in keys]
    where = "WHERE key = ? AND organisation = ? AND involvement = ?"
    connection.executemany(
        f"INSERT INTO {target} ({_MOVED}) SELECT {_MOVED} FROM {source} {where}",  # noqa: S608 - two names
        rows,
    )
    connection.executemany(f"DELETE FROM {source} {where}", rows)  # noqa: S608 - two names


def thin_out(connection: Connection, key: bytes, organisation: int, *, table: str = _HOT) -> None:
    """Keep no more than so many involvements of one organisation under one tag: the open ones first, then those that
    ended last. A lookup reads all that stand there, so one feed could otherwise make one child's lookups slow for
    everybody; and of what is hidden, whatever the writer does with it. The word stays what it was; the organisation's
    own list is read elsewhere.
    """
    crowd = connection.execute(
        f"SELECT involvement FROM {table} WHERE key = ? AND organisation = ?"  # noqa: S608 - two names
        " ORDER BY ended_on IS NOT NULL, ended_on DESC, involvement LIMIT -1 OFFSET ?",
        (key, organisation, MOST_UNDER_ONE_TAG),
    ).fetchall()
    for (involvement,) in crowd:
        for each in (table, "tag_bodies"):
            connection.execute(
                f"DELETE FROM {each} WHERE key = ? AND organisation = ? AND involvement = ?",  # noqa: S608 - two names
                (key, organisation, involvement),
            )


def _packed(seal: Seal) -> bytes:
    document: dict[str, Any] = {
        "account": seal.account,
        "approve_by": seal.approve_by,
        "asked_at": seal.asked_at,
        "end_why": None if seal.end_why is None else seal.end_why.value,
        "kind": seal.kind.value,
        "number_waits": seal.number_waits,
        "old_identity": seal.old_identity,
        "organisation": seal.organisation,
        "reason": None if seal.reason is None else seal.reason.value,
        "reference": seal.reference,
        "review_on": None if seal.review_on is None else seal.review_on.isoformat(),
        "state": seal.state.value,
    }
    raw = canonical_json(document)
    assert len(raw) <= _SEAL_BYTES
    return raw.ljust(_SEAL_BYTES)


def _seal(raw: bytes) -> Seal:
    document = json.loads(raw)
    return Seal(
        reference=document["reference"],
        kind=SealKind(document["kind"]),
        organisation=OrganisationId(document["organisation"]),
        account=AccountId(document["account"]),
        asked_at=document["asked_at"],
        state=ShieldState(document["state"]),
        reason=None if document["reason"] is None else ShieldReason(document["reason"]),
        approve_by=document["approve_by"],
        end_why=None if document["end_why"] is None else ShieldEndReason(document["end_why"]),
        review_on=None if document["review_on"] is None else dt.date.fromisoformat(document["review_on"]),
        old_identity=document["old_identity"],
        number_waits=document["number_waits"],
    )


_IDENTITY_CODE: Final = CLASS_CODES[MatchClass.IDENTITY]
assert _IDENTITY_CODE == 1  # it stands in the statements above
