"""The SSDA903 return of looked-after children: a folder with the CSV files header and episodes.

Read of them: header CHILD, DOB, UPN; episodes CHILD, DECOM, DEC and REC. Never read: where a child lives or lived
(HOME_POST, PL_POST, PLACE, URN and the like: a placement is secret), legal status, need, or why a placement changed.

* A child's episodes that meet are one involvement: it starts with the first DECOM and ends with the last DEC (absent:
  current). They meet where one starts on or before the day on which another ends, whatever their order in the file.
* REC E11 or E12 is adoption: there the involvement ends, and no later episode is joined to it.
* Where one episode cannot be read, none of the child's is used: it may be the one that joins two others.
* A row's number and place are those of its first episode. A field carries its file: `episodes.DEC`, `header.UPN`.
* What it shares with the other return is in `returns`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePath
from typing import Final, final

from signpost.edge.feeds.cells import Cells, canonical_id
from signpost.edge.feeds.earlier import Seen, against_earlier
from signpost.edge.feeds.errors import FeedError, FileCode, RowCode, RowError
from signpost.edge.feeds.folder import Folder, folder_of
from signpost.edge.feeds.identity_file import IdentityFile
from signpost.edge.feeds.lookup import RowsById, Several
from signpost.edge.feeds.model import BadRow, ChildRow, Involvement, Row
from signpost.edge.feeds.returns import ReturnedChild, Stretch, involvement_at, rows_of
from signpost.edge.feeds.rules import ask_for_identity, read_period
from signpost.edge.feeds.spill import private_database, row_key
from signpost.edge.feeds.ssd_persons import BLANK_WORDS
from signpost.edge.feeds.table import Columns, Record, Table
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.silence import Silent
from signpost.protocol.secret import Secret

__all__ = ["S903Feed", "is_of_s903", "s903_children"]

_NAME: Final = "s903"
_HEADER: Final = "header"
_EPISODES: Final = "episodes"
_FILES: Final = {
    _HEADER: re.compile(r"[0-9]*(ssda)?(903)?headers?[0-9]*"),
    _EPISODES: re.compile(r"[0-9]*(ssda)?(903)?episodes?[0-9]*"),
}
"""Names of the files without case and punctuation: `header`, `SSDA903_Header_2025-26`; not `sw_episodes`."""

_HEADER_COLUMNS: Final = Columns(("CHILD", "DOB", "UPN"), never_read=("SEX", "ETHNIC", "MOTHER", "MC_DOB"))
_EPISODE_COLUMNS: Final = Columns(
    ("CHILD", "DECOM", "DEC", "REC"),
    never_read=(
        "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "REASON_PLACE_CHANGE", "HOME_POST", "PL_POST", "URN",
        "PL_DISTANCE", "PL_LA",
    ),
)  # fmt: skip
_ADOPTED: Final = frozenset({"E11", "E12"})


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class _Episode(Silent):
    row: int
    place: int
    started_on: date
    ended_on: date | None
    adopted: bool


@final
class S903Feed:
    """A `Feed` over one folder."""

    unread_columns: tuple[int, ...] = ()

    def __init__(
        self, source: Path | Folder, *, today: date, handle: str, identity: Path | None, join_key: Secret
    ) -> None:
        """Open the files. `handle`: whose work it is. `join_key`: 32 random bytes for this pass, kept nowhere.

        Raises:
            FeedError: a file is missing or not of the format.
        """
        self._today = today
        self._handle = handle
        self._join_key = join_key
        folder = folder_of(source)
        # HMAC of the child's id -> where each of its episodes starts
        places = "CREATE TABLE episode (key BLOB, place INTEGER, row INTEGER, PRIMARY KEY (key, place)) WITHOUT ROWID"
        with ExitStack() as opened:
            self._table = opened.enter_context(
                closing(Table(_file(folder, _EPISODES), _EPISODE_COLUMNS, name=_EPISODES))
            )
            self._places = opened.enter_context(closing(private_database(places)))
            self._children = opened.enter_context(
                closing(_Children(_file(folder, _HEADER), identity, today=today, join_key=join_key))
            )
            self._note_episodes()
            self._opened = opened.pop_all()
        self.size = self._table.size

    def rows(self) -> Iterator[Row]:
        """Every involvement, each child's where its first episode stands.

        Raises:
            FeedError: a file was changed meanwhile.
        """
        seen = Seen(self._join_key)
        try:
            for error in self._children.unreadable():
                yield BadRow(error.row, 0, (error,), left_out=not error.field.startswith(_HEADER))
            for record in self._table.records():
                cells = _cells(self._table, record, _EPISODES)
                if record.fault is not None:
                    cells.refuse("row", record.fault)
                local_id = cells.local_id("CHILD") if record.fault is None else None
                if local_id is None:
                    yield BadRow(record.row, record.place, tuple(cells.errors))
                elif self._is_first(local_id, record.place):
                    for row in self._rows_of(local_id, record.row):
                        yield against_earlier(row, seen, column=f"{_EPISODES}.CHILD")
        finally:
            seen.close()

    def involvement(self, place: int) -> Involvement:
        """The good row at a place, read again.

        Raises:
            FeedError: it is no longer there.
        """
        local_id = _cells(self._table, self._table.record_at(place), _EPISODES).text("CHILD")
        child = self._children.child(local_id)
        stretches = self._stretches(local_id, child)
        return involvement_at(place, child, stretches, handle=self._handle, today=self._today, name=_NAME)

    def close(self) -> None:
        """Let go of the files, and forget."""
        self._opened.close()

    def _note_episodes(self) -> None:
        for record in self._table.records():
            local_id = _cells(self._table, record, _EPISODES).text("CHILD")
            if local_id and record.fault is None:
                key = self._key(local_id)
                self._places.execute("INSERT INTO episode VALUES (?, ?, ?)", (key, record.place, record.row))

    def _is_first(self, local_id: str, place: int) -> bool:
        rows = self._places.execute("SELECT min(place) FROM episode WHERE key = ?", (self._key(local_id),))
        return bool(rows.fetchone()[0] == place)

    def _rows_of(self, local_id: str, row: int) -> Iterator[Row]:
        child = self._children.child(local_id)
        if child.child is None:  # not in the header: the row that says so is the episode's
            child = replace(child, errors=tuple(replace(error, row=row) for error in child.errors))
        return rows_of(child, self._stretches(local_id, child), handle=self._handle, today=self._today)

    def _stretches(self, local_id: str, child: ReturnedChild) -> Sequence[Stretch]:
        """The child's stretches of care; where an episode cannot be read, each is refused."""
        born = child.child.date_of_birth if child.child is not None else None
        episodes: list[_Episode] = []
        bad: list[Stretch] = []
        rows = self._places.execute(
            "SELECT place, row FROM episode WHERE key = ? ORDER BY place", (self._key(local_id),)
        ).fetchall()
        for place, row in rows:
            found = self._episode(self._table.record_at(place, row=row), born)
            if isinstance(found, Stretch):
                bad.append(found)
            else:
                episodes.append(found)
        stretches = _joined(episodes)
        if not bad:
            return stretches
        refused = (RowError(0, f"{_EPISODES}.CHILD", RowCode.EPISODE_REFUSED),)
        held = [
            replace(each, errors=tuple(replace(error, row=each.row) for error in refused))
            for each in stretches
            # one that may be the same involvement is told by its own errors
            if each.started_on not in {other.started_on for other in bad}
        ]
        return [*bad, *held]

    def _episode(self, record: Record, born: date | None) -> _Episode | Stretch:
        """One episode, or what is wrong with it."""
        cells = _cells(self._table, record, _EPISODES)
        started, ended = read_period(cells, "DECOM", "DEC", born=born, today=self._today)
        adopted = cells.text("REC").upper() in _ADOPTED
        if adopted and ended is None and not cells.refused("DEC"):
            cells.refuse("DEC", RowCode.ADOPTION_UNDATED)
        if cells.errors or started is None:
            errors = tuple(cells.errors)
            return Stretch(row=record.row, place=record.place, started_on=started, ended_on=ended, errors=errors)
        return _Episode(row=record.row, place=record.place, started_on=started, ended_on=ended, adopted=adopted)

    def _key(self, local_id: str) -> bytes:
        return row_key(self._join_key, "episodes", canonical_id(local_id))


def _joined(episodes: Sequence[_Episode]) -> list[Stretch]:
    """Episodes that meet, as one stretch each. The order in which they come does not matter."""

    def when(episode: _Episode) -> tuple[date, date, bool]:
        return episode.started_on, episode.ended_on or date.max, episode.adopted

    stretches: list[Stretch] = []
    closed = True
    for episode in sorted(episodes, key=when):
        last = stretches[-1] if stretches else None
        if last is None or closed or (last.ended_on is not None and episode.started_on > last.ended_on):
            last = Stretch(
                row=episode.row, place=episode.place, started_on=episode.started_on, ended_on=episode.ended_on
            )
            stretches.append(last)
        elif episode.adopted:
            stretches[-1] = replace(last, ended_on=episode.ended_on)
        elif last.ended_on is not None:
            ended = None if episode.ended_on is None else max(last.ended_on, episode.ended_on)
            stretches[-1] = replace(last, ended_on=ended)
        closed = episode.adopted
    return stretches


@final
class _Children:
    """The header, with what the identity file adds to each child."""

    def __init__(self, header: Path, identity: Path | None, *, today: date, join_key: Secret) -> None:
        table = Table(header, _HEADER_COLUMNS, name=_HEADER)
        self._today = today
        with ExitStack() as opened:
            self._rows = opened.enter_context(
                closing(RowsById(table, "CHILD", lambda record: _cells(table, record, _HEADER), join_key=join_key))
            )
            self._identities = opened.enter_context(closing(IdentityFile(identity, today=today, join_key=join_key)))
            self._opened = opened.pop_all()

    def child(self, local_id: str) -> ReturnedChild:
        """The child of an id. Where the header has none, or several, there are no details."""
        found = self._rows.find(local_id)
        if found is None or isinstance(found, Several):
            code = RowCode.PERSON_MISSING if found is None else RowCode.PERSON_TWICE
            error = RowError(0, f"{_EPISODES}.CHILD", code)
            return ReturnedChild(local_id=local_id, id_field=f"{_EPISODES}.CHILD", child=None, errors=(error,))
        return self.child_in(found, needed=True)

    def records(self) -> Iterator[Record]:
        """Every row of the header."""
        return self._rows.table.records()

    def child_in(self, record: Record, *, needed: bool) -> ReturnedChild:
        """The child in a row of the header. `needed`: nothing to match by is an error."""
        cells = _cells(self._rows.table, record, _HEADER)
        if record.fault is not None:
            cells.refuse("row", record.fault)
            return ReturnedChild(local_id=None, id_field=f"{_EPISODES}.CHILD", child=None, errors=tuple(cells.errors))
        local_id = cells.local_id("CHILD")
        upn = cells.upn("UPN")
        own = ChildDetails(date_of_birth=cells.birth_date("DOB", today=self._today), upns=() if upn is None else (upn,))
        identified = self._identities.identify(local_id or "", own)
        if needed and not identified.errors:
            ask_for_identity(cells, identified.child, date_column="DOB", number_columns=("UPN",))
        return ReturnedChild(
            local_id=local_id,
            id_field=f"{_EPISODES}.CHILD",
            child=identified.child,
            errors=(*cells.errors, *identified.errors),
            left_out=identified.left_out,
        )

    def unreadable(self) -> Iterator[RowError]:
        """The rows of either file that belong to nobody."""
        yield from self._rows.unreadable()
        yield from self._identities.unreadable()

    def close(self) -> None:
        """Let go of the files."""
        self._opened.close()


def s903_children(folder: Path, *, today: date, identity: Path | None, join_key: Secret) -> Iterator[ChildRow]:
    """Each child of the header, for `explain`, whether or not there is an episode.

    Raises:
        FeedError: a file is missing or not of the format.
    """
    children = _Children(_file(folder_of(folder), _HEADER), identity, today=today, join_key=join_key)
    try:
        for record in children.records():
            child = children.child_in(record, needed=False)
            yield ChildRow(
                row=record.row,
                local_id=child.local_id or "",
                child=ChildDetails() if child.errors or child.child is None else child.child,
                errors=(*child.errors, *child.left_out),
            )
    finally:
        children.close()


def _cells(table: Table, record: Record, file: str) -> Cells:
    return Cells(record.row, lambda column: table.cell(record, column), prefix=f"{file}.", blank_words=BLANK_WORDS)


def _file(folder: Folder | None, name: str) -> Path:
    """One of the two files.

    Raises:
        FeedError: there is none, or more than one name means it.
    """
    found = [path for called, path in folder.files if _means(called, name)] if folder is not None else []
    if len(found) != 1:
        raise FeedError(FileCode.FILE_TWICE if found else FileCode.FILE_MISSING, f"{name}.csv")
    return found[0]


def is_of_s903(called: str) -> bool:
    """Whether a file of that name is one of those that are read of a folder."""
    return any(_means(called, name) for name in _FILES)


def _means(called: str, name: str) -> bool:
    path = PurePath(called)
    plain = "".join(character for character in path.stem.casefold() if character.isalnum())
    return path.suffix.casefold() == ".csv" and _FILES[name].fullmatch(plain) is not None
