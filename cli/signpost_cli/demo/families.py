"""Children who do not exist, and the files two councils would have about them. The same seed gives the same files.

* One seed is one population: `person(seed, n)` is its n-th child, n from 0 to 899,999. Two councils whose ranges of n
  overlap know the same children, each under its own local ids and with its own involvements.
* NHS numbers are of the 999 range, which is issued to nobody, with right check digits. UPNs are of an authority that
  there is not, with right check letters. Names are common ones, put together by chance.
* Every row is valid, unless dirty rows are asked for: then each is wrong in the one way its code says.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from signpost.edge.identifiers import nhs_check_digit, upn_check_letter

__all__ = [
    "CSV_COLUMNS", "HANDLES", "Caseload", "Person", "Work",
    "caseload", "csv_row", "generate_csv", "generate_ssd", "person", "write_handles",
]  # fmt: skip

POPULATION: Final = 900_000

HANDLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Front Door": "front-door",
        "Assessment North": "assessment-north",
        "Assessment South": "assessment-south",
        "Safeguarding": "safeguarding",
        "Children in Care": "children-in-care",
        "Early Help": "early-help",
    }
)
"""The councils' teams, and the handle of each."""

CSV_COLUMNS: Final = (
    "local_id", "nhs_number", "upn", "forename", "middle_name", "surname", "date_of_birth", "sex", "postcode",
    "previous_postcode", "mother_nhs_number", "multiple_birth", "start", "end", "handle", "basis",
)  # fmt: skip

_FORENAMES: Final = {
    "F": "Amelia Aisha Chloe Daisy Ella Fatima Freya Grace Hannah Isla Jessica Lily Maryam Mia Olivia Poppy Ruby Zara",
    "M": "Adam Alfie Archie Daniel Ethan Finley George Harry Ibrahim Jack Leo Muhammad Noah Oscar Samuel Theo Yusuf",
}
_SURNAMES: Final = (
    "Ahmed Ali Baker Begum Brown Chowdhury Clarke Davies Evans Green Hall Hughes Hussain Jackson Jones Khan King Lewis "
    "Martin Moore Nowak O'Brien Okafor Patel Roberts Robinson Singh Smith Taylor Thomas Walker White Williams Wright"
)
_SINCE_THE_MOVE: Final = timedelta(days=200)
_POSTCODE_LETTERS: Final = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One child of the population, as it truly is. `upn` and `nhs_number` are empty where there is none."""

    number: int
    nhs_number: str
    upn: str
    forename: str
    middle_name: str
    surname: str
    date_of_birth: date
    sex: str
    postcode: str
    previous_postcode: str
    """Of the home before this one; empty for those who have not moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One council's work with one child."""

    involvement_id: str
    local_id: str
    team: str
    started_on: date
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class Caseload:
    """What was written, and a few of its children with an NHS number, by the answer that this file alone gives."""

    children: int
    involvements: int
    current: tuple[Person, ...]
    """Somebody works with them now."""
    previous: tuple[Person, ...]
    """All work with them has ended, the last of it within the last ten months."""


def person(seed: int, number: int, *, today: date) -> Person:
    """The child of that number in the seed's population, under 17 today.

    Raises:
        ValueError: the number is not from 0 to 899,999.
    """
    if not 0 <= number < POPULATION:
        raise ValueError("a population has 900,000 children")
    chance = _chance(seed, "person", number)
    born = today - timedelta(days=chance.randrange(60, 16 * 365))
    sex = chance.choice("FM")
    forename, middle_name = chance.sample(_FORENAMES[sex].split(), 2)
    school_age = (today - born).days > 5 * 365
    return Person(
        number=number,
        # one in twenty schoolchildren has no NHS number on file; nobody is without both
        nhs_number="" if school_age and chance.random() < 0.05 else _nhs_number(seed, number),
        upn=_upn(number) if school_age else "",
        forename=forename,
        middle_name=middle_name if chance.random() < 0.7 else "",
        surname=chance.choice(_SURNAMES.split()),
        date_of_birth=born,
        sex=sex,
        postcode=_postcode(chance),
        previous_postcode=_postcode(chance) if chance.random() < 0.3 else "",
    )


def works(seed: int, number: int, *, council: str, today: date) -> tuple[Work, ...]:
    """One council's involvements with that child: one, sometimes two."""
    chance = _chance(seed, council, number)
    born = person(seed, number, today=today).date_of_birth
    found = []
    for nth in range(1 + (chance.random() < 0.2)):
        started = max(born, today - timedelta(days=chance.randrange(30, 900)))
        # a second involvement ended before: the first says whether the child is current
        ended = nth > 0 or chance.random() < 0.4
        days = (today - started).days
        found.append(
            Work(
                involvement_id=f"{council}-I{number:06}{nth}",
                local_id=f"{council}-{number:06}",
                team=chance.choice(tuple(HANDLES)),
                started_on=started,
                ended_on=today - timedelta(days=chance.randrange(0, min(days, 300) + 1)) if ended else None,
            )
        )
    starts_and_teams = {(work.started_on, work.team) for work in found}
    return tuple(found) if len(starts_and_teams) == len(found) else (found[0],)


def caseload(
    seed: int, count: int, *, council: str, today: date, first: int = 0
) -> Iterator[tuple[Person, tuple[Work, ...]]]:
    """The children `first` to `first + count - 1`, each with one council's work."""
    for number in range(first, first + count):
        yield person(seed, number, today=today), works(seed, number, council=council, today=today)


def generate_ssd(
    folder: Path, seed: int, children: int = 500, *, today: date, council: str = "NORTH", first: int = 0
) -> Caseload:
    """Write ssd_person, ssd_involvements, ssd_linked_identifiers and ssd_address into a folder, made where it is not
    there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tally = _Tally()
    with (
        _writer(folder / "ssd_person.csv") as persons,
        _writer(folder / "ssd_involvements.csv") as involvements,
        _writer(folder / "ssd_linked_identifiers.csv") as linked,
        _writer(folder / "ssd_address.csv") as addresses,
    ):
        persons.row(
            "pers_person_id", "pers_common_child_id", "pers_forename", "pers_surname", "pers_sex", "pers_dob",
            "pers_expected_dob",
        )  # fmt: skip
        involvements.row(
            "invo_involvements_id", "invo_professional_id", "invo_professional_role_id", "invo_professional_team",
            "invo_involvement_start_date", "invo_involvement_end_date", "invo_person_id",
        )  # fmt: skip
        linked.row(
            "link_table_id", "link_person_id", "link_identifier_type", "link_identifier_value", "link_valid_from_date",
            "link_valid_to_date",
        )  # fmt: skip
        addresses.row(
            "addr_table_id", "addr_person_id", "addr_address_type", "addr_address_start_date", "addr_address_end_date",
            "addr_address_postcode",
        )  # fmt: skip
        for child, done in caseload(seed, children, council=council, today=today, first=first):
            tally.count(child, done)
            local_id = done[0].local_id
            persons.row(
                local_id,
                child.nhs_number,
                child.forename,
                child.surname,
                child.sex,
                child.date_of_birth.isoformat(),
                "",
            )
            if child.upn:
                linked.row(f"L{child.number}", local_id, "Unique Pupil Number", child.upn, "", "")
            moved = child.previous_postcode and max(child.date_of_birth, today - _SINCE_THE_MOVE).isoformat()
            if child.previous_postcode:
                addresses.row(
                    f"P{child.number}", local_id, "Home", child.date_of_birth.isoformat(), moved,
                    child.previous_postcode,
                )  # fmt: skip
            addresses.row(
                f"A{child.number}", local_id, "Home", moved or child.date_of_birth.isoformat(), "", child.postcode
            )
            for work in done:
                involvements.row(
                    work.involvement_id, f"W{child.number % 40}", "Allocated worker", work.team,
                    work.started_on.isoformat(), work.ended_on.isoformat() if work.ended_on else "", local_id,
                )  # fmt: skip
    return tally.caseload()


def generate_csv(
    path: Path,
    seed: int,
    n: int,
    *,
    today: date,
    council: str = "SOUTH",
    first: int = 0,
    extra: Sequence[Mapping[str, str]] = (),
) -> Caseload:
    """Write one file in Signpost's own format: the rows of n children, then the extra rows as they are."""
    tally = _Tally()
    with _writer(path) as file:
        file.row(*CSV_COLUMNS)
        for child, done in caseload(seed, n, council=council, today=today, first=first):
            tally.count(child, done)
            for work in done:
                file.row(*csv_row(child, work).values())
        for row in extra:
            file.row(*(row.get(column, "") for column in CSV_COLUMNS))
    return tally.caseload()


def csv_row(child: Person, work: Work) -> dict[str, str]:
    """One involvement as a row of Signpost's own format, in the order of its columns."""
    cells = {
        "local_id": work.local_id,
        "nhs_number": child.nhs_number,
        "upn": child.upn,
        "forename": child.forename,
        "middle_name": child.middle_name,
        "surname": child.surname,
        "date_of_birth": child.date_of_birth.isoformat(),
        "sex": child.sex,
        "postcode": child.postcode,
        "previous_postcode": child.previous_postcode,
        "start": work.started_on.isoformat(),
        "end": work.ended_on.isoformat() if work.ended_on else "",
        "handle": HANDLES[work.team],
        "basis": "statutory",
    }
    return {column: cells.get(column, "") for column in CSV_COLUMNS}


def write_handles(path: Path, handles: Mapping[str, str] = HANDLES) -> None:
    """The council's handles file: `team,handle`."""
    with _writer(path) as file:
        file.row("team", "handle")
        for team, handle in handles.items():
            file.row(team, handle)


class _Tally:
    """Counts what is written, and keeps the first few children of each known answer."""

    _KEPT = 10

    def __init__(self) -> None:
        self._children = self._involvements = 0
        self._current: list[Person] = []
        self._previous: list[Person] = []

    def count(self, child: Person, done: Sequence[Work]) -> None:
        self._children += 1
        self._involvements += len(done)
        kept = self._current if any(work.ended_on is None for work in done) else self._previous
        if child.nhs_number and len(kept) < self._KEPT:
            kept.append(child)

    def caseload(self) -> Caseload:
        return Caseload(self._children, self._involvements, tuple(self._current), tuple(self._previous))


class _writer:  # noqa: N801 - it reads as the function it stands for
    """A CSV file being written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> _writer:
        self._file = self._path.open("w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._file, lineterminator="\n")
        return self

    def row(self, *cells: str) -> None:
        self._csv.writerow(cells)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _chance(seed: int, what: str, number: int) -> random.Random:
    return random.Random(f"{seed}/{what}/{number}")  # noqa: S311 - repeatable is what is wanted of it


def _nhs_number(seed: int, number: int) -> str:
    """999, five digits, one of the nine or ten digits that have a check digit, and that: no two numbers meet."""
    block, nth = divmod(number, 9)
    # 38,971 has no factor in common with 100,000, so neighbours fall far apart and none together
    head = f"999{(block * 38_971 + seed * 7_919) % 100_000:05}"
    checked = [nine + check for digit in "0123456789" if (check := nhs_check_digit(nine := head + digit)) is not None]
    return checked[nth]


def _upn(number: int) -> str:
    tail = f"999{number:09}"  # there is no authority 999
    return upn_check_letter(tail) + tail


def _postcode(chance: random.Random) -> str:
    return (
        f"{chance.choice(('B', 'LS', 'M', 'NE', 'S'))}{chance.randrange(1, 30)} "
        f"{chance.randrange(10)}{chance.choice(_POSTCODE_LETTERS)}{chance.choice(_POSTCODE_LETTERS)}"
    )
