"""A child's details in Signpost's own columns: of our CSV format, and of the identity file beside a statutory return.

    nhs_number, upn, forename, middle_name, surname, date_of_birth, expected_date_of_birth, postcode,
    previous_postcode, mother_nhs_number, multiple_birth

* Postcodes are of homes; a placement's does not belong here.
* `expected_date_of_birth` is of an unborn child, and read where there is no date of birth.
* `multiple_birth`: yes or no (true, false, 1, 0).
* Names are taken as they are written: what becomes of them is the business of match inputs.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from signpost.edge.feeds.cells import Cells
from signpost.edge.feeds.errors import RowCode
from signpost.edge.match_inputs import ChildDetails

__all__ = ["CHILD_COLUMNS", "NOT_READ", "NUMBERS", "read_child"]

NUMBERS: Final = ("nhs_number", "upn")
CHILD_COLUMNS: Final = (
    *NUMBERS, "forename", "middle_name", "surname", "date_of_birth", "expected_date_of_birth", "postcode",
    "previous_postcode", "mother_nhs_number", "multiple_birth",
)  # fmt: skip
NOT_READ: Final = ("sex",)
"""Belongs to the columns, and is never read: no match input uses it."""


def read_child(cells: Cells, *, today: date) -> ChildDetails:
    """The details in one row. What cannot be read is noted in the cells."""
    upn = cells.upn("upn")
    homes = (cells.postcode("postcode"), cells.postcode("previous_postcode"))
    born = cells.birth_date("date_of_birth", today=today)
    unborn = not cells.text("date_of_birth")
    number, mother = cells.nhs_number("nhs_number"), cells.nhs_number("mother_nhs_number", needed=False)
    if number is not None and number == mother:
        cells.refuse("mother_nhs_number", RowCode.MOTHER_IS_CHILD)
    return ChildDetails(
        date_of_birth=born,
        nhs_number=number,
        upns=() if upn is None else (upn,),
        forename=cells.name("forename"),
        middle_name=cells.name("middle_name"),
        surname=cells.name("surname"),
        postcodes=tuple(dict.fromkeys(home for home in homes if home is not None)),
        mother_nhs_number=mother,
        expected_on=cells.expected_date("expected_date_of_birth", today=today) if unborn else None,
        multiple_birth=cells.yes("multiple_birth"),
    )
