"""Covering and uncovering on SQLite: all that follows when a seal begins to hide, or ends, in the same transaction.

What is hidden is told of no longer, as if it had been withdrawn, and its call-backs are told to whoever matches still;
what a shield hides of those that wait goes to the independent desk. What is shown again is as if it had just been
registered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

from signpost.index.hiding import grip
from signpost.index.records import SealKind
from signpost.index.storage.delivery import Delivery
from signpost.index.storage.desk_items import DeskItems
from signpost.index.storage.outcomes import ToLookAt
from signpost.index.storage.sealing import Of, Sealing, thin_out
from signpost.protocol.shielding import DeskWork
from signpost.service.database import Connection

__all__ = ["Covering"]


@final
class Covering:
    """Works in the writer's thread, on its connection."""

    def __init__(self, *, sealing: Sealing, delivery: Delivery, items: DeskItems) -> None:
        self._sealing = sealing
        self._delivery = delivery
        self._items = items

    def cover(self, connection: Connection, name: bytes, *, now: int) -> None:
        """A seal hides what its tags match, from now on."""
        seal = self._sealing.seal(connection, name)
        assert seal is not None
        tags = self._sealing.tags_of(connection, name)
        another, shown = self._sealing.reconsider(connection, name)
        hidden, unsure = self._sealing.apply(connection, name)
        self.told(connection, hidden, now=now)
        self._shown(connection, shown, now=now)
        if seal.kind is not SealKind.SHIELD:
            return
        # Of what it hides the desk learns who knows the child, whether they were registered before the shield or after.
        for work, found in ((DeskWork.UNSURE, {*unsure, *another}), (DeskWork.REGISTERED, hidden)):
            for organisation, involvement in sorted(found):
                about = {"involvement": str(involvement), "organisation": str(organisation)}
                self._items.add(connection, ToLookAt(work, name, about), at=now)
        of_seal = {tag.wrapped.key: tag.place for tag in tags}
        for call_back_name, call_back in self._delivery.call_backs_about(connection, tags, now=now):
            if grip(of_seal, self._delivery.held_tags(call_back.tags)).hides:
                about = {"call_back": call_back_name.hex()}
                self._items.add(connection, ToLookAt(DeskWork.CALL_BACK, name, about), at=now)

    def told(self, connection: Connection, hidden: Iterable[Of], *, now: int) -> None:
        """These are hidden from now on: for everybody else they are as if withdrawn."""
        for of in sorted(hidden):
            tags = [tag.wrapped for tag in self._sealing.held(connection, of)]
            kept = self._delivery.hidden(connection, of, tags, now=now)
            self._items.add_answered(connection, kept, self._sealing.shields_over(connection, of), at=now)

    def uncover(self, connection: Connection, name: bytes, *, now: int) -> None:
        """A seal is over: what nothing else hides is as if it had just been registered. What other shields hide as well
        is theirs from now on: the desk's items of this one are gone with it.
        """
        hidden = self._sealing.hidden_by(connection, name)
        shown = self._sealing.end(connection, name)
        for of in sorted(set(hidden) - set(shown)):
            shields = self._sealing.shields_over(connection, of)
            about = {"involvement": str(of[1]), "organisation": str(of[0])}
            for shield in shields:
                self._items.add(connection, ToLookAt(DeskWork.REGISTERED, shield, about), at=now)
            self._items.add_answered(connection, self._delivery.told_of(connection, of), shields, at=now)
        self._shown(connection, shown, now=now)

    def _shown(self, connection: Connection, shown: Iterable[Of], *, now: int) -> None:
        held = {of: self._sealing.held(connection, of) for of in sorted(shown)}
        for key, organisation in sorted({(tag.wrapped.key, of[0]) for of, tags in held.items() for tag in tags}):
            thin_out(connection, key, organisation)
        for of in held:
            self._delivery.registered(connection, *of, self._sealing.held(connection, of), now=now)
