"""How good a feed is for finding children by: counts of the children in it, and never a child.

* A child counts once, however many involvements stand in the feed: with the first of its good rows.
* A *likely duplicate* is a child whose NHS number, or whose names, birth date and postcode, stand under another of the
  council's ids as well. A *likely twin* shares surname, birth date and postcode with one, and has another forename.
* What must be remembered is keyed hashes, in a private database: memory does not grow with the feed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, assert_never, final

from signpost.edge.dates import birth_key
from signpost.edge.feeds.cells import canonical_id
from signpost.edge.feeds.errors import RowCode, RowErrorCode
from signpost.edge.feeds.model import BadRow, GoodRow, PassedRow, Row
from signpost.edge.feeds.spill import private_database, row_key
from signpost.edge.identifiers import IdentifierCode
from signpost.edge.match_inputs import ChildDetails, match_inputs
from signpost.edge.name_tables import words
from signpost.edge.names import Family, Given, canonical, fold
from signpost.protocol.classes import Tier, Use
from signpost.protocol.secret import Secret

__all__ = ["SCHEMA", "Quality", "QualityReport"]

SCHEMA: Final = "signpost.quality/1"

_CHECK_FAILURES: Final[Mapping[RowErrorCode, str]] = {
    IdentifierCode.NHS_CHECK_DIGIT: "nhs_number",
    IdentifierCode.UPN_CHECK_LETTER: "upn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """Counts of rows, then of the children of its good rows."""

    rows: int
    good_rows: int
    rejected_rows: int
    passed_over_rows: int
    check_failures: dict[str, int]
    """Rows whose check digit or letter does not match: `nhs_number`, `upn`."""
    duplicate_rows: int
    errors: dict[str, int]
    """Errors by their code."""
    children: int
    with_detail: dict[str, int]
    """Children of whom each detail is known: `nhs_number`, `upn`, `forename`, …"""
    temporary_upns: int
    default_birthdays: int
    unnamed: int
    unborn: int
    likely_duplicates: int
    likely_twins: int
    with_t1_input: int
    """Children who can be confirmed by what is known of them, and not only found."""
    without_t1_input: int

    def as_json(self) -> dict[str, object]:
        """With its schema, and the shares that a person looks for."""
        shares = (
            {name: round(count / self.children, 4) for name, count in self.with_detail.items()} if self.children else {}
        )
        t1 = round(self.with_t1_input / self.children, 4) if self.children else None
        return {"schema": SCHEMA, **asdict(self), "shares": {**shares, "t1_input": t1}}


@final
class Quality:
    """Takes every row as it is read."""

    def __init__(self, join_key: Secret) -> None:
        """`join_key`: 32 random bytes for this pass, kept nowhere."""
        self._join_key = join_key
        self._rows: Counter[str] = Counter()
        self._errors: Counter[RowErrorCode] = Counter()
        self._found: Counter[str] = Counter()
        self._details: Counter[str] = Counter(dict.fromkeys(_DETAILS, 0))
        # child: HMAC of the council's id.
        # shared: HMACs of what two children should not share, or only twins do, each with who was met with it first.
        self._database = private_database(
            "CREATE TABLE child (key BLOB PRIMARY KEY) WITHOUT ROWID",
            "CREATE TABLE shared (key BLOB PRIMARY KEY, who BLOB) WITHOUT ROWID",
        )

    def take(self, row: Row) -> None:
        """Count one row."""
        match row:
            case GoodRow(involvement=involvement):
                self._rows["good"] += 1
                local_id = canonical_id(involvement.ids.local_id)
                if self._new("child", local_id):
                    self._count(involvement.child, local_id)
            case BadRow(errors=errors, left_out=left_out):
                # what was left out of a row is reported beside it: it is no row of its own
                self._rows["rejected"] += not left_out
                self._errors.update(error.code for error in errors)
            case PassedRow():
                self._rows["passed over"] += 1
            case _:
                assert_never(row)

    def report(self) -> QualityReport:
        """What all rows come to."""
        children, confirmed = self._found["children"], self._found["t1"]
        return QualityReport(
            rows=self._rows.total(),
            good_rows=self._rows["good"],
            rejected_rows=self._rows["rejected"],
            passed_over_rows=self._rows["passed over"],
            check_failures={field: self._errors[code] for code, field in _CHECK_FAILURES.items()},
            duplicate_rows=self._errors[RowCode.DUPLICATE_ROW],
            errors={code.value: count for code, count in sorted(self._errors.items())},
            children=children,
            with_detail=dict(self._details),
            temporary_upns=self._found["temporary"],
            default_birthdays=self._found["default"],
            unnamed=self._found["unnamed"],
            unborn=self._found["unborn"],
            likely_duplicates=self._found["duplicate"],
            likely_twins=self._found["twin"],
            with_t1_input=confirmed,
            without_t1_input=children - confirmed,
        )

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def _count(self, child: ChildDetails, local_id: str) -> None:
        given, family = Given.read(child.forename, child.middle_name), Family.read(child.surname)
        born = "" if child.date_of_birth is None else birth_key(child.date_of_birth)
        known = {
            "nhs_number": child.nhs_number is not None,
            "upn": any(not upn.temporary for upn in child.upns),
            "forename": bool(given.call),
            "middle_name": bool(given.middle),
            "surname": bool(family.joined),
            "postcode": bool(child.postcodes),
            "previous_postcode": len(child.postcodes) > 1,
            "mother_nhs_number": child.mother_nhs_number is not None,
        }
        self._details.update(name for name, is_known in known.items() if is_known)
        self._found["children"] += 1
        self._found["temporary"] += any(upn.temporary for upn in child.upns)
        self._found["default"] += born[5:] in words().default_birthdays
        self._found["unnamed"] += not given.call
        self._found["unborn"] += not born
        self._found["t1"] += any(found.tier is Tier.T1 for found in match_inputs(child, Use.REGISTER))
        home = child.postcodes[0].reveal() if child.postcodes else ""
        name = canonical(given.call)
        twice = child.nhs_number is not None and self._met(local_id, "nhs", child.nhs_number.reveal())
        if born and home and family.joined:
            at_home = (fold(family.joined), born, home)
            twice |= bool(name) and self._met(local_id, "name", name, *at_home)
            self._found["twin"] += not twice and self._met(local_id, "home", *at_home)
        self._found["duplicate"] += twice

    def _new(self, *ids: str) -> bool:
        key = row_key(self._join_key, *ids)
        return bool(self._database.execute("INSERT OR IGNORE INTO child VALUES (?)", (key,)).rowcount == 1)

    def _met(self, local_id: str, *content: str) -> bool:
        """Whether another child was met with this content."""
        key, who = row_key(self._join_key, *content), row_key(self._join_key, "child", local_id)
        if self._database.execute("INSERT OR IGNORE INTO shared VALUES (?, ?)", (key, who)).rowcount == 1:
            return False
        (first,) = self._database.execute("SELECT who FROM shared WHERE key = ?", (key,)).fetchone()
        return bool(first != who)


_DETAILS: Final = (
    "nhs_number", "upn", "forename", "middle_name", "surname", "postcode", "previous_postcode", "mother_nhs_number",
)  # fmt: skip
