"""The CIN census: an XML file of children, each with its stretches of work (`CINdetails`).

Read of it: LAchildID, UPN, FormerUPN, PersonBirthDate or ExpectedPersonBirthDate; of each CINdetails CINreferralDate,
CINclosureDate (absent: current) and, to pass over a referral that came to nothing, ReferralNFA and whether there is an
AssessmentActualStartDate. Nothing else is kept: no need, category, plan, reason or conference.

* Row numbers count Child elements, from 1; all of a child's work has its number.
* A FormerUPN that cannot be read is reported, and the child is registered without it.
* What it shares with the other return is in `returns`; where a child's bytes are found again, in `cin_xml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import Final, final

from signpost.edge.feeds.cells import Cells
from signpost.edge.feeds.cin_xml import CensusChild, CensusFile, CensusWork, Texts
from signpost.edge.feeds.earlier import Seen, against_earlier
from signpost.edge.feeds.errors import FeedError, FileCode, RowCode
from signpost.edge.feeds.identity_file import IdentityFile
from signpost.edge.feeds.model import BadRow, ChildRow, Involvement, Row
from signpost.edge.feeds.returns import ReturnedChild, Stretch, involvement_at, rows_of
from signpost.edge.feeds.rules import ask_for_identity, read_period
from signpost.edge.feeds.spill import private_database
from signpost.edge.feeds.ssd_persons import BLANK_WORDS
from signpost.edge.match_inputs import ChildDetails
from signpost.protocol.secret import Secret

__all__ = ["CINFeed", "cin_children"]

_NAME: Final = "cin"
_ID: Final = "LAchildID"
_BORN: Final = "PersonBirthDate"
_EXPECTED: Final = "ExpectedPersonBirthDate"


@final
class CINFeed:
    """A `Feed` over one census file."""

    unread_columns: tuple[int, ...] = ()

    def __init__(self, path: Path, *, today: date, handle: str, identity: Path | None, join_key: Secret) -> None:
        """Open the files. `handle`: whose work it is. `join_key`: 32 random bytes for this pass, kept nowhere.

        Raises:
            FeedError: a file is not there, or the identity file is not of the format.
        """
        # where a CINdetails element starts -> where its Child element starts, and the child's number
        places = "CREATE TABLE work (place INTEGER PRIMARY KEY, child INTEGER, row INTEGER)"
        with ExitStack() as opened:
            self._file = opened.enter_context(closing(CensusFile(path)))
            self._places = opened.enter_context(closing(private_database(places)))
            self._identity = opened.enter_context(closing(IdentityFile(identity, today=today, join_key=join_key)))
            self._opened = opened.pop_all()
        self.size = self._file.size
        self._today = today
        self._handle = handle
        self._join_key = join_key

    def rows(self) -> Iterator[Row]:
        """Every stretch of work, in the file's order.

        Raises:
            FeedError: the file is not well-formed, or not safe to read.
        """
        seen = Seen(self._join_key)
        try:
            yield from (BadRow(error.row, 0, (error,), left_out=True) for error in self._identity.unreadable())
            for number, element in enumerate(self._file.children(), start=1):
                child, stretches = self._read(element, number)
                places = [(stretch.place, element.place, number) for stretch in stretches]
                self._places.executemany("INSERT OR REPLACE INTO work VALUES (?, ?, ?)", places)
                for row in rows_of(child, stretches, handle=self._handle, today=self._today):
                    yield against_earlier(row, seen, column=_ID)
        finally:
            seen.close()

    def involvement(self, place: int) -> Involvement:
        """The good row at a place, read again.

        Raises:
            FeedError: it is no longer there.
        """
        found = self._places.execute("SELECT child, row FROM work WHERE place = ?", (place,)).fetchone()
        if found is None:
            raise FeedError(FileCode.FILE_CHANGED, _NAME)
        at, number = found
        child, stretches = self._read(self._file.child_at(at), number)
        return involvement_at(place, child, stretches, handle=self._handle, today=self._today, name=_NAME)

    def close(self) -> None:
        """Let go of the files."""
        self._opened.close()

    def _read(self, element: CensusChild, number: int) -> tuple[ReturnedChild, Sequence[Stretch]]:
        child = _child(element, number, self._identity, today=self._today)
        born = child.child.date_of_birth or child.child.expected_on if child.child is not None else None
        work = (each for each in element.work if not _came_to_nothing(each))
        return child, [_stretch(each, number, born, today=self._today) for each in work]


def cin_children(path: Path, *, today: date, identity: Path | None, join_key: Secret) -> Iterator[ChildRow]:
    """Each child, for `explain`, whether or not there is work with it.

    Raises:
        FeedError: a file is not of the format.
    """
    with (
        closing(CensusFile(path)) as file,
        closing(IdentityFile(identity, today=today, join_key=join_key)) as identities,
    ):
        for number, element in enumerate(file.children(), start=1):
            child = _child(element, number, identities, today=today, needed=False)
            yield ChildRow(
                row=number,
                local_id=child.local_id or "",
                child=ChildDetails() if child.errors or child.child is None else child.child,
                errors=(*child.errors, *child.left_out),
            )


def _child(
    element: CensusChild, number: int, identities: IdentityFile, *, today: date, needed: bool = True
) -> ReturnedChild:
    """Who the child is. `needed`: nothing to match by is an error."""
    cells = _cells(element.texts, number)
    local_id = cells.local_id(_ID)
    upn = cells.upn("UPN")
    former = [_former(text, number) for text in element.texts.get("FormerUPN", ())]
    upns = [upn, *(each.upn("FormerUPN", needed=False) for each in former)]
    own = ChildDetails(
        date_of_birth=cells.birth_date(_BORN, today=today),
        upns=tuple(dict.fromkeys(each for each in upns if each is not None)),
        expected_on=None if cells.text(_BORN) else cells.expected_date(_EXPECTED, today=today),
    )
    for name, texts in element.texts.items():
        if name != "FormerUPN" and len(texts) > 1:
            cells.refuse(name, RowCode.ELEMENT_TWICE)
    identified = identities.identify(local_id or "", own)
    if needed and not identified.errors:
        ask_for_identity(cells, identified.child, date_column=_BORN, number_columns=("UPN",), expected_column=_EXPECTED)
    return ReturnedChild(
        local_id=local_id,
        id_field=_ID,
        child=identified.child,
        errors=(*cells.errors, *identified.errors),
        left_out=(*(error for each in former for error in each.left_out), *identified.left_out),
    )


def _stretch(work: CensusWork, number: int, born: date | None, *, today: date) -> Stretch:
    cells = _cells(work.texts, number)
    started, ended = read_period(cells, "CINreferralDate", "CINclosureDate", born=born, today=today)
    for name in ("CINreferralDate", "CINclosureDate"):
        if len(work.texts.get(name, ())) > 1:
            cells.refuse(name, RowCode.ELEMENT_TWICE)
    return Stretch(row=number, place=work.place, started_on=started, ended_on=ended, errors=tuple(cells.errors))


def _came_to_nothing(work: CensusWork) -> bool:
    """Whether there was neither further action after the referral nor an assessment."""
    no_further_action = any(text.casefold() in ("true", "1") for text in work.texts.get("ReferralNFA", ()))
    return no_further_action and not work.texts.get("AssessmentActualStartDate")


def _cells(texts: Texts, number: int) -> Cells:
    return Cells(number, lambda name: next(iter(texts.get(name, ())), ""), blank_words=BLANK_WORDS)


def _former(text: str, number: int) -> Cells:
    return Cells(number, lambda _: text, blank_words=BLANK_WORDS)
