"""Which handle a row's work belongs to. A council keeps a file `team,handle` from its teams' names to its handles.

Team names are matched without regard to case and spacing. A handle is known when the file names it, or when it is one
of the organisation's own (the index lists them).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from signpost.edge.feeds.cells import Cells
from signpost.edge.feeds.errors import FeedError, FileCode, RowCode
from signpost.edge.feeds.table import Columns, Table
from signpost.protocol.purposes import Basis

__all__ = ["Handles", "read_handles"]


def _plain(team: str) -> str:
    return " ".join(team.casefold().split())


class Handles:
    """Resolves a team's name or a handle's.

    `by_team`: None where no file was named. `own`: the organisation's handles, or None where they are not known.
    `consent_only`: those of sensitive services.
    """

    def __init__(
        self,
        by_team: Mapping[str, str] | None = None,
        own: Collection[str] | None = None,
        consent_only: Collection[str] = (),
    ) -> None:
        self._consent_only = frozenset(consent_only)
        self._named = by_team is not None
        self._by_team = {_plain(team): handle for team, handle in (by_team or {}).items()}
        self._own = None if own is None else frozenset(own)

    def of_team(self, team: str) -> str | None:
        """The handle that the file gives a team; None where it gives none, or one that is not the organisation's."""
        return self._owned(self._by_team.get(_plain(team)))

    def of_handle(self, handle: str) -> str | None:
        """A handle named outright, or a team's name where the file has it."""
        return self.of_team(handle) or self._owned(handle)

    def refuses(self, handle: str | None, basis: Basis) -> bool:
        """Whether the handle is a sensitive service's, which registers by consent or for significant harm alone."""
        return handle in self._consent_only and basis is Basis.STATUTORY

    def why_not(self, written: str) -> RowCode:
        """Why a team or handle that was not found was not."""
        return RowCode.HANDLE_NOT_YOURS if _plain(written) in self._by_team else RowCode.HANDLE_UNKNOWN

    def must_be_named(self, column: str) -> None:
        """Teams that stand in a column are nothing without a handles file.

        Raises:
            FeedError: no file was named.
        """
        if not self._named:
            raise FeedError(FileCode.HANDLES_MISSING, column)

    def unknown(self) -> int:
        """How many rows of the file name a handle that the organisation does not have."""
        return sum(self._owned(handle) is None for handle in self._by_team.values())

    def _owned(self, handle: str | None) -> str | None:
        return handle if self._own is None or handle in self._own else None


def read_handles(path: Path) -> Mapping[str, str]:
    """The handles file: columns `team` and `handle`.

    Raises:
        FeedError: it cannot be read, a cell is blank, or a team has two handles.
    """
    table = Table(path, Columns(("team", "handle")), name="handles")
    try:
        by_team: dict[str, str] = {}
        for record in table.records():
            cells = Cells(record.row, lambda column, record=record: table.cell(record, column))  # type: ignore[misc]
            team, handle = _plain(cells.text("team")), cells.text("handle")
            where = f"handles, row {record.row}"
            if record.fault is not None or not team or not handle:
                raise FeedError(FileCode.HANDLE_BLANK, where)
            if by_team.setdefault(team, handle) != handle:
                raise FeedError(FileCode.TEAM_TWICE, where)
        return by_team
    finally:
        table.close()
