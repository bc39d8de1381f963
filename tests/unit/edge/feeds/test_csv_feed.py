"""Our own CSV format: what a spreadsheet does to it is mended or refused, row by row, and never guessed."""

from __future__ import annotations

import csv
import io
import os
from datetime import date
from pathlib import Path

import pytest

from signpost.edge.feeds.csv_feed import CSVFeed, csv_children
from signpost.edge.feeds.errors import ROW_MEANINGS, ErrorFile, FeedError, FileCode, RowCode, RowErrorCode
from signpost.edge.feeds.handles import Handles
from signpost.edge.feeds.model import BadRow, GoodRow, PassedRow
from signpost.edge.feeds.reconcile import Reconciliation
from signpost.edge.identifiers import IdentifierCode
from signpost.protocol.purposes import Basis
from signpost.protocol.secret import Secret
from signpost_cli.demo.dirty import DIRTY_FIELDS, dirty_rows
from signpost_cli.demo.families import generate_csv
from tests.unit.edge.feeds.support import GOOD, JOIN_KEY, TODAY, errors_of, good, open_csv, read, rows_of, write


def test_a_good_row_becomes_an_involvement(tmp_path: Path) -> None:
    """Identity, period, handle, basis and the month of removal; nothing else is taken."""
    (row,) = good(rows_of(tmp_path / "f.csv", GOOD | {"end": "31/03/2026", "basis": "Significant Harm"}))
    found = row.involvement

    assert row.row == 2
    assert (found.ids.local_id, found.ids.involvement_id) == ("L1", "2025-01-02/front-door")
    assert found.child.date_of_birth == date(2015, 4, 3)
    assert found.child.nhs_number is not None
    assert found.child.nhs_number.reveal() == "9990000042"
    assert [upn.reveal() for upn in found.child.upns] == ["A950000178301"]
    assert (found.started_on, found.ended_on) == (date(2025, 1, 2), date(2026, 3, 31))
    assert (found.handle, found.basis, found.remove_after) == ("front-door", Basis.SIGNIFICANT_HARM, "2033-09")


def test_by_consent_it_is_kept_until_25(tmp_path: Path) -> None:
    """The basis decides the month of removal; an empty one is statutory."""
    consent, statutory = good(
        rows_of(tmp_path / "f.csv", GOOD | {"basis": "consent"}, GOOD | {"basis": "", "local_id": "L2"})
    )

    assert (consent.involvement.basis, consent.involvement.remove_after) == (Basis.CONSENT, "2040-09")
    assert (statutory.involvement.basis, statutory.involvement.remove_after) == (Basis.STATUTORY, "2033-09")


def test_a_generated_file_is_read_without_an_error(tmp_path: Path) -> None:
    """Every child and involvement of it comes in."""
    written = generate_csv(tmp_path / "f.csv", 7, 300, today=TODAY)
    rows = read(open_csv(tmp_path / "f.csv"))

    assert len(good(rows)) == len(rows) == written.involvements
    assert len({row.involvement.ids.local_id for row in good(rows)}) == written.children == 300


@pytest.mark.parametrize("code", DIRTY_FIELDS)
def test_every_error_is_reported_by_row_field_and_code(code: RowErrorCode, tmp_path: Path) -> None:
    """One row wrong in one way: one error, and the good rows beside it go in."""
    generate_csv(tmp_path / "f.csv", 7, 1, today=TODAY, extra=dirty_rows(code, seed=7, today=TODAY))

    rows = read(open_csv(tmp_path / "f.csv"))

    assert errors_of(rows) == [(len(rows) + 1, DIRTY_FIELDS[code], code.value)]
    assert isinstance(rows[-1], BadRow)
    assert all(isinstance(row, GoodRow) for row in rows[:-1])


def test_there_is_a_dirty_row_for_every_code_of_the_format() -> None:
    """But for those of other formats, of handles, of rows that are no rows, and of what is left out of a row that goes
    in, which have tests of their own.
    """
    of_ssd = {RowCode.PERSON_MISSING, RowCode.PERSON_TWICE, RowCode.PERSON_REFUSED}
    of_handles = {RowCode.HANDLE_NOT_YOURS, RowCode.BASIS_REFUSED}
    of_no_row = {RowCode.ROW_MALFORMED, RowCode.ROW_SHIFTED}
    of_returns = {
        RowCode.IDENTITY_TWICE, RowCode.IDENTITY_DISAGREES, RowCode.ELEMENT_TWICE, RowCode.ADOPTION_UNDATED,
        RowCode.EPISODE_REFUSED,
    }  # fmt: skip
    of_unborn = {RowCode.EXPECTED_FAR}
    left_out = {IdentifierCode.POSTCODE_SHAPE, RowCode.YES_OR_NO, RowCode.NAME_CHARACTERS}

    others = of_ssd | of_handles | of_no_row | of_returns | of_unborn | left_out
    assert set(DIRTY_FIELDS) == set(ROW_MEANINGS) - others


def test_names_homes_and_the_mother_are_read(tmp_path: Path) -> None:
    """All that a match input can use, as it is written; the home now before the one before."""
    more = {"forename": "Zoë ", "middle_name": "Anne-Marie", "surname": "O'Brien", "postcode": "ls1 4dy",
            "previous_postcode": "M1 1AE", "mother_nhs_number": "999 000 0131", "multiple_birth": "Yes"}  # fmt: skip
    (row,) = good(rows_of(tmp_path / "f.csv", GOOD | more))
    child = row.involvement.child

    assert (child.forename, child.middle_name, child.surname) == ("Zoë", "Anne-Marie", "O'Brien")
    assert [home.reveal() for home in child.postcodes] == ["LS14DY", "M11AE"]
    assert child.mother_nhs_number is not None
    assert child.mother_nhs_number.reveal() == "9990000131"
    assert child.multiple_birth


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("postcode", "12345", "POSTCODE_SHAPE"),
        ("previous_postcode", "LS1", "POSTCODE_SHAPE"),
        ("mother_nhs_number", "9990000043", "NHS_CHECK_DIGIT"),
        ("mother_nhs_number", "9.99E+09", "NHS_SCIENTIFIC"),
        ("mother_nhs_number", "990000042", "NHS_LEADING_ZERO"),
        ("multiple_birth", "perhaps", "YES_OR_NO"),
        ("forename", "#REF!", "NAME_CHARACTERS"),
        ("surname", "Na\ufffdma", "NAME_CHARACTERS"),
        ("middle_name", "Jo\x1b[Dhn", "NAME_CHARACTERS"),
    ],
)
def test_what_only_helps_to_find_a_child_is_left_out_and_its_row_goes_in(
    field: str, cell: str, code: str, tmp_path: Path
) -> None:
    """It is reported, and is no rejected row."""
    rows = rows_of(tmp_path / "f.csv", GOOD | {field: cell})
    plan = Reconciliation(Secret(b"reference key of one council 32b"))
    for row in rows:
        plan.take(row)
    counts = plan.counts()
    plan.close()

    assert errors_of(rows) == [(2, field, code)]
    assert len(good(rows)) == 1
    assert (counts.rows, counts.rejected, counts.add) == (1, 0, 1)


def test_a_refused_row_does_not_hide_what_else_is_wrong_with_it(tmp_path: Path) -> None:
    """Both are told; one row is refused."""
    rows = rows_of(tmp_path / "f.csv", GOOD | {"postcode": "12345", "nhs_number": "9990000043"})

    assert errors_of(rows) == [(2, "postcode", "POSTCODE_SHAPE"), (2, "nhs_number", "NHS_CHECK_DIGIT")]
    assert good(rows) == []


def test_no_fixed_abode_is_no_postcode_and_no_error(tmp_path: Path) -> None:
    """ZZ99 says nothing of a home."""
    rows = rows_of(tmp_path / "f.csv", GOOD | {"postcode": "ZZ99 3VZ"})

    assert errors_of(rows) == []
    assert good(rows)[0].involvement.child.postcodes == ()


@pytest.mark.parametrize(
    ("changed", "enough"),
    [
        ({"forename": "Xanthe", "surname": "Featherstonehaugh"}, True),
        ({"forename": "Xanthe", "postcode": "LS1 4DY"}, True),
        ({"surname": "Featherstonehaugh"}, False),
        ({"upn": "A95000017830A"}, False),
        ({}, False),
    ],
)
def test_names_with_a_birth_date_are_enough(changed: dict[str, str], enough: bool, tmp_path: Path) -> None:
    """A row is refused where its details give no match input."""
    bare = GOOD | {"nhs_number": "", "upn": "", "forename": "", "surname": "", "postcode": ""}

    rows = rows_of(tmp_path / "f.csv", bare | changed)

    if enough:
        assert len(good(rows)) == 1
    else:
        assert [code for _, _, code in errors_of(rows)][-1:] != []
        assert good(rows) == []


def test_an_unborn_child_is_known_by_its_mother(tmp_path: Path) -> None:
    """With the month it is expected in. It has no birth date, and is removed after the year it would come of age."""
    unborn = GOOD | {"nhs_number": "", "upn": "", "date_of_birth": "", "expected_date_of_birth": "2026-07-14"}
    rows = rows_of(
        tmp_path / "f.csv",
        unborn | {"mother_nhs_number": "9990000131", "start": "2026-03-02"},
        unborn | {"mother_nhs_number": "", "start": "2026-03-02", "local_id": "L2"},
        unborn | {"mother_nhs_number": "9990000131", "expected_date_of_birth": "2029-07-14", "local_id": "L3"},
    )
    (row,) = good(rows)

    assert row.involvement.child.date_of_birth is None
    assert row.involvement.child.expected_on == date(2026, 7, 14)
    assert row.involvement.remove_after == "2044-09"
    assert errors_of(rows) == [
        (3, "nhs_number", "NOTHING_TO_MATCH"),
        (4, "expected_date_of_birth", "EXPECTED_FAR"),
    ]


def test_a_name_spelled_otherwise_is_the_same_child(tmp_path: Path) -> None:
    """Only another birth date, NHS number or UPN makes it somebody else."""
    named = GOOD | {"forename": "Zoe", "surname": "Obrien"}

    rows = rows_of(tmp_path / "f.csv", named, named | {"forename": "Zoë", "surname": "O'Brien", "start": "2025-02-03"})

    assert len(good(rows)) == 2


def test_an_error_file_never_repeats_what_was_in_the_row(tmp_path: Path) -> None:
    """Row, field, code and meaning: the values stay where they are."""
    bad = {"local_id": "L-7741", "nhs_number": "9990000043", "upn": "A950000178302", "date_of_birth": "31/02/2015",
           "start": "7741", "end": "soon", "handle": "Mrs Smith", "basis": "she asked"}  # fmt: skip
    rows = rows_of(tmp_path / "f.csv", bad)
    stream = io.StringIO()

    file = ErrorFile(stream)
    for row in rows:
        assert isinstance(row, BadRow)
        for error in row.errors:
            file.write(error)

    lines = list(csv.reader(io.StringIO(stream.getvalue())))
    assert lines[0] == ["row", "field", "code", "meaning"]
    assert ["2", "nhs_number", "NHS_CHECK_DIGIT", "the check digit does not match"] in lines
    assert {line[1] for line in lines[1:]} == set(bad) - {"local_id"}
    assert not [value for value in bad.values() if value in stream.getvalue()]


def test_every_code_has_its_words() -> None:
    """A person never sees a code alone."""
    assert all(meaning and not meaning.endswith(".") for meaning in ROW_MEANINGS.values())


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("nhs_number", "999 000 0042"),
        ("nhs_number", '"=""9990000042"""'),
        ("nhs_number", '="9990000042"'),
        ("nhs_number", "'9990000042"),
        ("nhs_number", "9990000042.0"),
        ("nhs_number", "\u00a0999\u00a0000\u00a00042\u200b"),
        ("upn", " a950000178301 "),
        ("date_of_birth", "03/04/2015"),
        ("date_of_birth", "3/4/2015"),
        ("date_of_birth", "2015-04-03 00:00:00"),
        ("date_of_birth", "2015-04-03T00:00:00.000"),
        ("date_of_birth", "03/04/2015 00:00"),
        ("start", "02/01/2025"),
        ("handle", " Front  DOOR "),
        ("handle", "front-door"),
        ("basis", " STATUTORY "),
        ("end", "31/12/9999"),
    ],
)
def test_what_a_spreadsheet_did_is_mended_where_there_is_no_doubt(field: str, cell: str, tmp_path: Path) -> None:
    """The row is read as if nothing had happened."""
    plain = good(rows_of(tmp_path / "a.csv", GOOD | {"basis": ""}))[0].involvement
    mended = good(rows_of(tmp_path / "b.csv", GOOD | {"basis": "", field: cell}))[0].involvement

    assert mended.child == plain.child
    assert (mended.started_on, mended.ended_on) == (plain.started_on, plain.ended_on)
    assert (mended.handle, mended.basis) == (plain.handle, plain.basis)


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("nhs_number", "9.99E+09", "NHS_SCIENTIFIC"),
        ("nhs_number", "9.990000042E9", "NHS_SCIENTIFIC"),
        ("nhs_number", "990000042", "NHS_LEADING_ZERO"),
        ("nhs_number", "9990000042.5", "NHS_NOT_DIGITS"),
        ("nhs_number", "#REF!", "NHS_NOT_DIGITS"),
        ("date_of_birth", "42097", "DATE_SERIAL"),
        ("date_of_birth", "42097.0", "DATE_SERIAL"),
        ("date_of_birth", "########", "DATE_FORMAT"),
        ("date_of_birth", "03/04/15", "DATE_TWO_DIGIT_YEAR"),
        ("date_of_birth", "04/13/2015", "DATE_IMPOSSIBLE"),
        ("date_of_birth", "2015-04-03 01:00:00", "DATE_FORMAT"),
        ("local_id", "1.2E+11", "LOCAL_ID_SCIENTIFIC"),
    ],
)
def test_what_a_spreadsheet_destroyed_is_refused_by_name(field: str, cell: str, code: str, tmp_path: Path) -> None:
    """Where something is lost, nothing is guessed."""
    assert errors_of(rows_of(tmp_path / "f.csv", GOOD | {field: cell})) == [(2, field, code)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_line_ends_marks_and_encodings_do_not_matter(newline: str, encoding: str, tmp_path: Path) -> None:
    """LF and CR LF, with and without a byte-order mark, UTF-8 and what Excel calls CSV."""
    path = write(tmp_path / "f.csv", GOOD | {"surname": "Zoë"}, encoding=encoding, newline=newline)

    assert len(good(read(open_csv(path)))) == 1


def test_the_header_is_read_without_regard_to_case_spacing_or_order(tmp_path: Path) -> None:
    """As people and spreadsheets write headers."""
    named = {"End": "", "START": "2025-01-02", "NHS Number": "9990000042", " date-of-birth ": "2015-04-03",
             "Local ID": "L1", "Handle": "front-door"}  # fmt: skip

    assert len(good(rows_of(tmp_path / "f.csv", named))) == 1


def test_trailing_empty_columns_and_short_rows_are_taken(tmp_path: Path) -> None:
    """A spreadsheet adds columns of nothing, and leaves off cells of nothing."""
    path = tmp_path / "f.csv"
    path.write_text(
        "local_id,nhs_number,date_of_birth,start,handle,end,upn,,,\n"
        "L1,9990000042,2015-04-03,2025-01-02,front-door,,,,,\n"
        "L2,9990000131,2015-04-03,2025-01-02,front-door\n"
    )

    assert errors_of(read(open_csv(path))) == []


def test_blank_lines_keep_their_row_number(tmp_path: Path) -> None:
    """A row is reported under the number that the spreadsheet shows beside it."""
    path = tmp_path / "f.csv"
    path.write_text(
        "local_id,nhs_number,date_of_birth,start,handle,end,surname\n"
        "\n"
        ",,,,,,\n"
        'L1,9990000042,2015-04-03,2025-01-02,front-door,,"a name\nof\n\nfour lines"\n'
        "L2,9990000043,2015-04-03,2025-01-02,front-door,,\n"
    )
    rows = read(open_csv(path))

    assert [row.row for row in rows] == [4, 5]
    assert errors_of(rows) == [(5, "nhs_number", "NHS_CHECK_DIGIT")]


def test_a_row_shifted_by_a_bare_comma_is_refused(tmp_path: Path) -> None:
    """Its cells stand under other columns' names, so none of them is believed."""
    rows = rows_of(tmp_path / "f.csv", GOOD, GOOD | {"local_id": "Smith, J"})

    assert errors_of(rows) == [(3, "row", "ROW_SHIFTED")]


def test_a_row_whose_quotation_marks_do_not_pair_is_refused_alone(tmp_path: Path) -> None:
    """The rows before and after it go in."""
    rows = rows_of(tmp_path / "f.csv", GOOD, GOOD | {"local_id": '"L"2'}, GOOD | {"local_id": "L3"})

    assert errors_of(rows) == [(3, "row", "ROW_MALFORMED")]
    assert [row.row for row in good(rows)] == [2, 4]


@pytest.mark.parametrize("more", ["", "x" * 300_000])
def test_a_quotation_mark_that_is_never_closed_refuses_the_file(more: str, tmp_path: Path) -> None:
    """Everything behind it would be swallowed, and taken for gone from the council's system."""
    path = write(tmp_path / "f.csv", GOOD, GOOD | {"local_id": '"L2'}, GOOD | {"local_id": "L3" + more})

    with pytest.raises(FeedError) as refused:
        read(open_csv(path))

    assert (refused.value.code, refused.value.where) == (FileCode.QUOTE_UNCLOSED, "csv, row 3")


@pytest.mark.parametrize("column", ["local_id", "date_of_birth", "start", "end"])
def test_a_missing_column_is_named(column: str, tmp_path: Path) -> None:
    """Not its rows, one by one, but the column."""
    path = write(tmp_path / "f.csv", {name: cell for name, cell in GOOD.items() if name != column})

    with pytest.raises(FeedError, match=rf"{column}: missing from the header \(COLUMN_MISSING\)") as refused:
        open_csv(path)

    assert (refused.value.code, refused.value.where) == (FileCode.COLUMN_MISSING, column)


def test_every_missing_column_is_named_at_once(tmp_path: Path) -> None:
    """An export is mended once, not once for each column."""
    path = write(tmp_path / "f.csv", {"local_id": "L1", "end": ""})

    with pytest.raises(FeedError) as refused:
        open_csv(path)

    numbers = "nhs_number or upn or forename or mother_nhs_number"
    assert refused.value.where == f"date_of_birth, start, {numbers}, handle or team"


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("date_of_birth", "date_of_brith"),
        ("end", "ende"),
        ("end", "End Date"),
        ("start", "start_date"),
        ("date_of_birth", "Child's date of birth"),
        ("handle", "team name"),
    ],
)
def test_a_needed_column_under_nearly_its_name_is_told_with_its_position(
    column: str, written: str, tmp_path: Path
) -> None:
    """It is not missing, so saying so would send somebody looking for it."""
    path = write(tmp_path / "f.csv", {(written if name == column else name): GOOD[name] for name in GOOD})

    with pytest.raises(FeedError) as refused:
        open_csv(path)

    named = "team" if column == "handle" else column
    assert refused.value.code is FileCode.COLUMN_MISSPELT
    assert refused.value.where == f"{named} (column {list(GOOD).index(column) + 1})"


@pytest.mark.parametrize(("dropped", "named"), [({"nhs_number", "upn"}, "nhs_number"), ({"handle"}, "handle")])
def test_one_of_two_columns_is_enough_but_needed(dropped: set[str], named: str, tmp_path: Path) -> None:
    """An NHS number or a UPN; a handle or a team."""
    path = write(tmp_path / "f.csv", {name: cell for name, cell in GOOD.items() if name not in dropped})

    with pytest.raises(FeedError, match=named) as refused:
        open_csv(path)

    assert refused.value.code is FileCode.COLUMN_MISSING


def test_a_misspelt_column_is_named_rather_than_left_unread(tmp_path: Path) -> None:
    """Left unread, half of the identifiers would silently be missing."""
    path = write(tmp_path / "f.csv", {("nhs_nubmer" if name == "nhs_number" else name): GOOD[name] for name in GOOD})

    with pytest.raises(FeedError, match="nhs_number") as refused:
        open_csv(path)

    assert refused.value.code is FileCode.COLUMN_MISSPELT


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    """Which of them counts would be a guess."""
    path = write(tmp_path / "f.csv", GOOD | {"NHS NUMBER": "9990000131"})

    with pytest.raises(FeedError, match="nhs_number") as refused:
        open_csv(path)

    assert refused.value.code is FileCode.COLUMN_TWICE


def test_columns_of_other_names_are_told_by_position_and_never_read(tmp_path: Path) -> None:
    """Their names may themselves tell something, so they are not repeated."""
    feed = open_csv(write(tmp_path / "f.csv", {"risk level": "high", **GOOD, "notes": "9990000131"}))

    assert feed.unread_columns == (1, 9)
    assert len(good(read(feed))) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", FileCode.FILE_EMPTY),
        (b"\xef\xbb\xbf", FileCode.FILE_EMPTY),
        (b",,,\nL1,1,2,3\n", FileCode.FILE_EMPTY),
        (b"PK\x03\x04workbook", FileCode.FILE_WORKBOOK),
        (b"\xd0\xcf\x11\xe0workbook", FileCode.FILE_WORKBOOK),
        ("local_id\tend\n".encode("utf-16"), FileCode.FILE_ENCODING),
        (b"local_id,end\n\x81\n", FileCode.FILE_ENCODING),
        (b"local_id,nhs_number\rL1,9990000042\r", FileCode.FILE_LINE_ENDS),
        (b"local_id;nhs_number\nL1;9990000042\n", FileCode.FILE_DELIMITER),
        (b"local_id\tnhs_number\tstart,,\nL1\t9990000042\n", FileCode.FILE_DELIMITER),
        (b"local_id|nhs_number\nL1|9990000042\n", FileCode.FILE_DELIMITER),
        (b"local_id;nhs_number;date_of_birth;start;end;handle\n", FileCode.FILE_DELIMITER),
    ],
)
def test_what_is_no_csv_is_refused_as_a_whole(content: bytes, code: FileCode, tmp_path: Path) -> None:
    """Workbooks, other encodings, other line ends and separators, each by name."""
    path = tmp_path / "f.csv"
    path.write_bytes(content)

    with pytest.raises(FeedError) as refused:
        open_csv(path)

    assert refused.value.code is code


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Without its path, which may hold a name."""
    with pytest.raises(FeedError) as refused:
        open_csv(tmp_path / "mrs smith.csv")

    assert refused.value.code is FileCode.FILE_MISSING
    assert "smith" not in str(refused.value)


def test_whoever_is_past_the_month_of_removal_is_passed_over(tmp_path: Path) -> None:
    """Whatever else is wrong with the row: nothing of it would be held."""
    grown = GOOD | {"date_of_birth": "2000-01-01", "nhs_number": "x", "handle": "", "local_id": "L2"}

    rows = rows_of(tmp_path / "f.csv", GOOD, grown)

    assert isinstance(rows[1], PassedRow)
    assert len(good(rows)) == 1


@pytest.mark.parametrize(("one", "other"), [("0042", "42"), ("42", "42.0"), ("L1", "L1")])
def test_the_same_involvement_twice_is_refused(one: str, other: str, tmp_path: Path) -> None:
    """An id that a spreadsheet has robbed of its zeros is the same id."""
    rows = rows_of(tmp_path / "f.csv", GOOD | {"local_id": one}, GOOD | {"local_id": other})

    assert errors_of(rows) == [(3, "local_id", "DUPLICATE_ROW")]


def test_a_child_may_have_several_involvements(tmp_path: Path) -> None:
    """With another start, or with another team."""
    rows = rows_of(tmp_path / "f.csv", GOOD, GOOD | {"start": "2025-02-03"}, GOOD | {"handle": "early-help"})

    assert len({row.involvement.ids.involvement_id for row in good(rows)}) == 3


def test_a_bad_row_keeps_the_ids_that_could_be_read(tmp_path: Path) -> None:
    """So that what was registered of it before is not taken for gone."""
    (row,) = rows_of(tmp_path / "f.csv", GOOD | {"nhs_number": "9990000043"})

    assert isinstance(row, BadRow)
    assert row.ids is not None
    assert (row.ids.local_id, row.ids.involvement_id) == ("L1", "2025-01-02/front-door")


def test_a_row_is_read_again_by_its_place(tmp_path: Path) -> None:
    """In any order, after the pass."""
    generate_csv(tmp_path / "f.csv", 7, 50, today=TODAY)
    feed = open_csv(tmp_path / "f.csv")

    rows = good(feed.rows())

    assert [feed.involvement(row.place) for row in reversed(rows)] == [row.involvement for row in reversed(rows)]
    assert 0 < rows[0].place < rows[-1].place < feed.size
    feed.close()


def test_a_row_that_is_no_longer_there_is_not_made_up(tmp_path: Path) -> None:
    """The file was changed between the pass and the sending."""
    feed = open_csv(write(tmp_path / "f.csv", GOOD))
    (row,) = good(feed.rows())

    (tmp_path / "f.csv").write_bytes(b"x" * 400)

    with pytest.raises(FeedError) as refused:
        feed.involvement(row.place)
    assert refused.value.code is FileCode.FILE_CHANGED
    feed.close()


def test_handles_are_only_those_of_the_organisation(tmp_path: Path) -> None:
    """Where its own are known, a handles file cannot name another's."""
    path = write(tmp_path / "f.csv", {("team" if name == "handle" else name): GOOD[name] for name in GOOD})
    by_team = {"FRONT-DOOR": "front-door"}

    assert len(good(read(open_csv(path, Handles(by_team))))) == 1
    assert len(good(read(open_csv(path, Handles(by_team, own=["front-door"]))))) == 1
    for handles, code in ((Handles({}), "HANDLE_UNKNOWN"), (Handles(by_team, own=["elsewhere"]), "HANDLE_NOT_YOURS")):
        assert errors_of(read(open_csv(path, handles))) == [(2, "team", code)]


def test_teams_without_a_handles_file_are_told_once(tmp_path: Path) -> None:
    """Not in every row; and where handles are written too, the rows that have them go in."""
    teams = write(tmp_path / "t.csv", {("team" if name == "handle" else name): GOOD[name] for name in GOOD})
    both = write(tmp_path / "b.csv", GOOD | {"team": ""}, GOOD | {"handle": "", "team": "North", "local_id": "L2"})

    with pytest.raises(FeedError, match="no handles file was named: --handles FILE") as refused:
        open_csv(teams, Handles(own=["front-door"]))
    rows = read(open_csv(both, Handles(own=["front-door"])))

    assert (refused.value.code, refused.value.where) == (FileCode.HANDLES_MISSING, "team")
    assert len(good(rows)) == 1
    assert errors_of(rows) == [(3, "team", "HANDLE_UNKNOWN")]


def test_explain_needs_no_involvement_and_refuses_no_child(tmp_path: Path) -> None:
    """Any file of children with an id will do, and one of whom nothing is known is shown as such."""
    path = write(
        tmp_path / "f.csv",
        {"local_id": "L1", "nhs_number": "9990000042", "date_of_birth": "03/04/2015", "surname": "Smith"},
        {"local_id": "L2", "nhs_number": "", "date_of_birth": "", "surname": "Smith"},
        {"local_id": "L3", "nhs_number": "9990000043", "date_of_birth": "03/04/2015", "surname": "Smith"},
    )

    known, nobody, mistyped = csv_children(path, today=TODAY)

    assert (known.local_id, known.errors) == ("L1", ())
    assert known.child.nhs_number is not None
    assert (nobody.child.nhs_number, nobody.child.date_of_birth, nobody.errors) == (None, None, ())
    assert [error.code.value for error in mistyped.errors] == ["NHS_CHECK_DIGIT"]
    assert mistyped.child.date_of_birth is None


def test_a_file_that_is_utf8_but_for_one_cell_is_refused(tmp_path: Path) -> None:
    """Read as cp1252, every other accented name in it would be two letters that nobody wrote."""
    rows = [GOOD | {"local_id": f"L{n}", "surname": "Müller", "forename": "Zoë"} for n in range(3)]
    raw = write(tmp_path / "f.csv", *rows).read_bytes()
    (tmp_path / "f.csv").write_bytes(raw + "L9,9990000042,,2015-04-03,2025-01-02,,front-door,Zoë,M".encode("cp1252"))

    with pytest.raises(FeedError) as refused:
        open_csv(tmp_path / "f.csv")

    assert refused.value.code is FileCode.FILE_ENCODING


def test_a_file_all_in_cp1252_is_read(tmp_path: Path) -> None:
    """As spreadsheets of some years ago write it."""
    path = write(tmp_path / "f.csv", GOOD | {"surname": "Müller", "forename": "Zoë"}, encoding="cp1252")

    (row,) = good(read(open_csv(path)))

    assert (row.involvement.child.forename, row.involvement.child.surname) == ("Zoë", "Müller")


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    """Rows are read again by their place, which a pipe has not."""
    os.mkfifo(tmp_path / "pipe")
    writing = os.open(tmp_path / "pipe", os.O_RDWR)
    try:
        with pytest.raises(FeedError) as refused:
            open_csv(tmp_path / "pipe")
    finally:
        os.close(writing)

    assert refused.value.code is FileCode.FILE_MISSING


@pytest.mark.parametrize(
    "text", ["03/04/2015 0:00:00", "03/04/2015 00:00", "03/04/2015 12:00:00 AM", "2015-04-03T00:00:00Z", "03-Apr-2015"]
)
def test_dates_as_databases_export_them_are_read(text: str, tmp_path: Path) -> None:
    """Midnight in its several forms, and a month by its name."""
    (row,) = good(rows_of(tmp_path / "f.csv", GOOD | {"date_of_birth": text}))

    assert row.involvement.child.date_of_birth == date(2015, 4, 3)


@pytest.mark.parametrize(
    ("basis", "codes"),
    [("", ["BASIS_REFUSED"]), ("statutory", ["BASIS_REFUSED"]), ("consent", []), ("significant_harm", [])],
)
def test_a_sensitive_services_row_needs_consent_or_a_ground(basis: str, codes: list[str], tmp_path: Path) -> None:
    """Said of the row, before anything is sent."""
    write(tmp_path / "f.csv", GOOD | {"basis": basis})
    handles = Handles({"front door": "front-door"}, own={"front-door"}, consent_only={"front-door"})
    feed = CSVFeed(tmp_path / "f.csv", today=TODAY, handles=handles, join_key=JOIN_KEY)

    assert [code for _, _, code in errors_of(read(feed))] == codes
