"""What a database of an earlier version lacks, filled in once, when it is opened.

From before there were shields (protocol.md C4): a shield follows a council's own reference of a child. Of what settled
before, that is found in the owner's table alone, and what waits to settle does not say it: without it, a row under
another name would stay visible beside the hidden one.

From before work was handed over here: the owner's rows are made as long as today's, all of them, or the length of one
would tell that something was done with it.

One transaction, so that a start that is broken off begins again. Some twenty microseconds for each involvement.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from signpost.index.arrivals import Arrival, Registered
from signpost.index.records import ChildNumber, InvolvementNumber, OrganisationNumber
from signpost.index.storage.layouts import (
    ARRIVAL_BYTES_BEFORE,
    INVOLVEMENT_BYTES_BEFORE,
    unpack_arrival,
    unpack_involvement,
    widened_arrival,
    widened_involvement,
)
from signpost.index.storage.organisations import organisation_named
from signpost.index.storage.vault import Vault, place
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.labels import Label
from signpost.protocol.purposes import Basis
from signpost.service.database import Connection

__all__ = ["fill"]

_SEAL_BYTES: Final = 16
_AT_ONCE: Final = 1_000
"""Owners' rows read at once: there may be ten million."""
_NOBODY: Final = ChildNumber(0)
_Names = Callable[[OrganisationNumber], OrganisationId | None]
_About = tuple[ChildNumber, bool]
"""Which child, and whether nothing but consent is its ground."""


def fill(connection: Connection, vault: Vault) -> None:
    """Make the owner's rows of today's length; and fill in which child everything that settled or waits to is about."""

    @cache
    def name(number: OrganisationNumber) -> OrganisationId | None:
        organisation = organisation_named(connection, vault, number)
        return None if organisation is None else organisation.name

    connection.execute("BEGIN IMMEDIATE")
    try:
        _widen_involvements(connection, vault)
        _fill_arrivals(connection, vault, name)
        if _lacks_children(connection):
            _fill_children(connection, vault, name)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _widen_involvements(connection: Connection, vault: Vault) -> None:
    """All were written before, or none: the first one tells."""
    before = INVOLVEMENT_BYTES_BEFORE + _SEAL_BYTES
    last = (-1, -1)
    while rows := connection.execute(
        "SELECT organisation, involvement, sealed FROM owned_involvements WHERE (organisation, involvement) > (?, ?)"
        " ORDER BY organisation, involvement LIMIT ?",
        (*last, _AT_ONCE),
    ).fetchall():
        if len(rows[0][2]) != before:
            return
        for organisation, involvement, sealed in rows:
            at = place(organisation, involvement)
            wide = widened_involvement(vault.open(sealed, Label.OWNED_ROW, at))
            connection.execute(
                "UPDATE owned_involvements SET sealed = ? WHERE organisation = ? AND involvement = ?",
                (vault.seal(wide, Label.OWNED_ROW, at), organisation, involvement),
            )
        last = rows[-1][:2]


def _lacks_children(connection: Connection) -> bool:
    """Every involvement that settles says it: where one does, all do."""
    some = connection.execute("SELECT 1 FROM involvement_children LIMIT 1").fetchone()
    return some is None and connection.execute("SELECT 1 FROM tag_bodies LIMIT 1").fetchone() is not None


def _fill_children(connection: Connection, vault: Vault, name: _Names) -> None:
    rows = connection.execute(
        "SELECT organisation, involvement, sealed FROM owned_involvements WHERE EXISTS (SELECT 1 FROM tag_bodies"
        " WHERE tag_bodies.organisation = owned_involvements.organisation"
        " AND tag_bodies.involvement = owned_involvements.involvement)"
    )
    for organisation, involvement, sealed in rows:  # one by one: there may be ten million
        about = _about(vault, name, organisation, involvement, sealed)
        if about is not None:
            connection.execute(
                "INSERT INTO involvement_children VALUES (?, ?, ?, ?)", (organisation, involvement, *about)
            )


def _fill_arrivals(connection: Connection, vault: Vault, name: _Names) -> None:
    rows = connection.execute(
        "SELECT arrival, sealed FROM inbox WHERE length(sealed) = ?", (ARRIVAL_BYTES_BEFORE + _SEAL_BYTES,)
    ).fetchall()
    for number, sealed in rows:
        raw = vault.open(sealed, Label.INBOX_ROW)
        arrival = unpack_arrival(widened_arrival(raw, _NOBODY, by_consent=False))
        child, by_consent = _NOBODY, False
        if isinstance(arrival, Arrival) and isinstance(arrival.what, Registered):
            of = (arrival.organisation, arrival.involvement)
            owned = connection.execute(
                "SELECT sealed FROM owned_involvements WHERE organisation = ? AND involvement = ?", of
            ).fetchone()
            about = None if owned is None else _about(vault, name, *of, owned[0])
            if about is None:  # withdrawn since, which waits behind it
                connection.execute("DELETE FROM inbox WHERE arrival = ?", (number,))
                continue
            child, by_consent = about
        wide = widened_arrival(raw, child, by_consent=by_consent)
        connection.execute("UPDATE inbox SET sealed = ? WHERE arrival = ?", (vault.seal(wide, Label.INBOX_ROW), number))


def _about(
    vault: Vault, name: _Names, organisation: OrganisationNumber, involvement: InvolvementNumber, sealed: bytes
) -> _About | None:
    owner = name(organisation)
    if owner is None:
        return None
    owned = unpack_involvement(vault.open(sealed, Label.OWNED_ROW, place(organisation, involvement)))
    return vault.child(owner, owned.child_reference), owned.basis is Basis.CONSENT
