"""SSD: persons and involvements are joined, and what is wrong is reported in the file where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from signpost.edge.feeds.errors import FeedError, FileCode
from signpost.edge.feeds.handles import Handles
from signpost.edge.feeds.model import BadRow, PassedRow, Row
from signpost.edge.feeds.ssd_feed import open_ssd, ssd_children
from signpost.protocol.purposes import Basis
from signpost_cli.demo.families import generate_ssd
from tests.unit.edge.feeds.support import JOIN_KEY, KNOWN, TODAY, errors_of, good, read, write

PERSON = {
    "pers_person_id": "P1",
    "pers_common_child_id": "9990000042",
    "pers_forename": "Ada",
    "pers_dob": "2015-04-03 00:00:00.000",
    "pers_expected_dob": "NULL",
}
INVOLVEMENT = {
    "invo_involvements_id": "I1",
    "invo_professional_id": "W1",
    "invo_professional_team": "Front Door",
    "invo_involvement_start_date": "2025-01-02 00:00:00.000",
    "invo_involvement_end_date": "NULL",
    "invo_person_id": "P1",
}
LINK = {
    "link_table_id": "1",
    "link_person_id": "P1",
    "link_identifier_type": "Unique Pupil Number",
    "link_identifier_value": "A950000178301",
    "link_valid_from_date": "2020-09-01",
    "link_valid_to_date": "",
}

ADDRESS = {
    "addr_table_id": "1",
    "addr_address_json": "",
    "addr_person_id": "P1",
    "addr_address_type": "Home",
    "addr_address_start_date": "2018-01-01",
    "addr_address_end_date": "",
    "addr_address_postcode": "LS1 4DY",
}


def ssd(
    folder: Path,
    persons: Sequence[Mapping[str, str]],
    involvements: Sequence[Mapping[str, str]],
    links: Sequence[Mapping[str, str]] | None = None,
) -> list[Row]:
    """What a folder with these rows is read as."""
    write(folder / "ssd_person.csv", *persons)
    write(folder / "ssd_involvements.csv", *involvements)
    if links is not None:
        write(folder / "ssd_linked_identifiers.csv", *links)
    return read(open_ssd(folder, today=TODAY, handles=KNOWN, join_key=JOIN_KEY))


def upns_of(rows: list[Row]) -> list[str]:
    """The UPNs of the one good row."""
    (row,) = good(rows)
    return [upn.reveal() for upn in row.involvement.child.upns]


def test_an_involvement_is_joined_to_its_person(tmp_path: Path) -> None:
    """Identity from one file, the period and team from the other, UPNs from a third."""
    (row,) = good(ssd(tmp_path, [PERSON], [INVOLVEMENT], [LINK]))
    found = row.involvement

    assert (found.ids.local_id, found.ids.involvement_id) == ("P1", "I1")
    assert found.child.date_of_birth == date(2015, 4, 3)
    assert found.child.nhs_number is not None
    assert found.child.nhs_number.reveal() == "9990000042"
    assert [upn.reveal() for upn in found.child.upns] == ["A950000178301"]
    assert (found.started_on, found.ended_on) == (date(2025, 1, 2), None)
    assert (found.handle, found.basis, found.remove_after) == ("front-door", Basis.STATUTORY, "2033-09")


def test_a_generated_folder_is_read_without_an_error(tmp_path: Path) -> None:
    """Every child and involvement of it comes in."""
    written = generate_ssd(tmp_path, 7, 500, today=TODAY)
    rows = read(open_ssd(tmp_path, today=TODAY, handles=KNOWN, join_key=JOIN_KEY))

    assert len(good(rows)) == len(rows) == written.involvements
    assert len({row.involvement.ids.local_id for row in good(rows)}) == written.children == 500


def test_a_joined_file_is_read_like_a_folder(tmp_path: Path) -> None:
    """The columns of persons and involvements in one row, the person repeated."""
    path = write(
        tmp_path / "joined.csv",
        {**PERSON, **INVOLVEMENT, "pers_upn": "A950000178301"},
        {**PERSON, **INVOLVEMENT, "pers_upn": "", "invo_involvements_id": "I2", "pers_common_child_id": "9990000043"},
        {**PERSON, **INVOLVEMENT, "pers_upn": "H801200001001", "invo_involvements_id": "I3"},
    )
    rows = read(open_ssd(path, today=TODAY, handles=KNOWN, join_key=JOIN_KEY))

    assert upns_of(rows) == ["A950000178301"]
    assert errors_of(rows) == [
        (3, "ssd_person.pers_common_child_id", "NHS_CHECK_DIGIT"),
        (4, "ssd_involvements.invo_involvements_id", "IDENTITY_DIFFERS"),
    ]


def test_the_upn_in_use_comes_first_then_the_latest(tmp_path: Path) -> None:
    """A child can have had several; only a profile's worth is sent."""
    rows = ssd(
        tmp_path,
        [PERSON],
        [INVOLVEMENT],
        [
            LINK | {"link_identifier_type": "Former UPN", "link_identifier_value": "H801200001001"},
            LINK | {"link_identifier_value": "B999000000000", "link_identifier_type": "NHS Number"},
            LINK | {"link_identifier_value": "N999000000000", "link_valid_to_date": "2021-01-01"},
            LINK | {"link_identifier_value": "A950000178301", "link_valid_from_date": "2022-09-01"},
            LINK | {"link_identifier_value": "C999000000001", "link_valid_from_date": "who knows"},
        ],
    )

    assert upns_of(rows) == ["A950000178301", "C999000000001", "H801200001001", "N999000000000"]


def test_a_persons_own_upn_comes_before_linked_ones(tmp_path: Path) -> None:
    """And stands once when it is in both."""
    rows = ssd(
        tmp_path,
        [PERSON | {"pers_upn": "H801200001001"}],
        [INVOLVEMENT],
        [LINK, LINK | {"link_identifier_value": "H801200001001"}],
    )

    assert upns_of(rows) == ["H801200001001", "A950000178301"]


def test_a_bad_linked_upn_is_reported_and_the_involvement_goes_in(tmp_path: Path) -> None:
    """Once, in its own file, however many involvements there are."""
    rows = ssd(
        tmp_path,
        [PERSON],
        [INVOLVEMENT, INVOLVEMENT | {"invo_involvements_id": "I2"}],
        [LINK, LINK | {"link_identifier_value": "A950000178302"}],
    )

    assert len(good(rows)) == 2
    assert errors_of(rows) == [(3, "ssd_linked_identifiers.link_identifier_value", "UPN_CHECK_LETTER")]


def test_names_are_read_as_they_are_written(tmp_path: Path) -> None:
    """The surname, and a middle name where a council adds one."""
    person = PERSON | {"pers_forename": "Zoë", "pers_surname": "O'Brien", "pers_middle_name": "NULL"}

    (row,) = good(ssd(tmp_path, [person], [INVOLVEMENT]))

    child = row.involvement.child
    assert (child.forename, child.middle_name, child.surname) == ("Zoë", "", "O'Brien")


def test_names_and_a_birth_date_are_enough(tmp_path: Path) -> None:
    """Of whom there is no number, but a name that few have."""
    person = PERSON | {"pers_common_child_id": "", "pers_forename": "Xanthe", "pers_surname": "Featherstonehaugh"}

    assert len(good(ssd(tmp_path, [person], [INVOLVEMENT]))) == 1


def homes_of(folder: Path, *addresses: dict[str, str]) -> tuple[list[str], list[tuple[int, str, str]]]:
    """The postcodes of the one good row with these addresses, and every error."""
    write(folder / "ssd_address.csv", *(ADDRESS | address for address in addresses))
    rows = ssd(folder, [PERSON], [INVOLVEMENT])
    (row,) = good(rows)
    return [home.reveal() for home in row.involvement.child.postcodes], errors_of(rows)


def test_the_home_now_comes_first_then_the_latest_before_it(tmp_path: Path) -> None:
    """However the rows stand; no more than two are used."""
    homes, errors = homes_of(
        tmp_path,
        {"addr_address_postcode": "M1 1AE", "addr_address_end_date": "2019-01-01"},
        {"addr_address_postcode": "S1 2HE", "addr_address_end_date": "2023-01-01"},
        {"addr_address_postcode": "LS14DY", "addr_address_start_date": "2023-01-01"},
        {"addr_address_postcode": "NE1 1EE", "addr_address_end_date": "2021-01-01 00:00:00.000"},
    )

    assert (homes, errors) == (["LS14DY", "S12HE"], [])


@pytest.mark.parametrize("kind", ["Placement", "Foster home", "Children's home", "Primary", "Secondary", "School", ""])
def test_only_what_is_called_a_home_is_read(kind: str, tmp_path: Path) -> None:
    """A placement is secret, and other words may mean one."""
    homes, errors = homes_of(
        tmp_path,
        {"addr_address_type": kind, "addr_address_postcode": "M1 1AE"},
        {"addr_address_type": kind, "addr_address_postcode": "no postcode"},
        {"addr_address_type": "HOME ADDRESS"},
    )

    assert (homes, errors) == (["LS14DY"], [])


def test_a_bad_home_is_reported_and_the_involvement_goes_in(tmp_path: Path) -> None:
    """Once, in its own file; neither is it a rejected row, nor a row of the file that is no row."""
    write(tmp_path / "ssd_address.csv", ADDRESS, ADDRESS | {"addr_address_postcode": "12345"},
          ADDRESS | {"addr_address_json": "a,b"})  # fmt: skip
    rows = ssd(tmp_path, [PERSON], [INVOLVEMENT, INVOLVEMENT | {"invo_involvements_id": "I2"}])

    assert len(good(rows)) == 2
    assert errors_of(rows) == [
        (4, "ssd_address.row", "ROW_SHIFTED"),
        (3, "ssd_address.addr_address_postcode", "POSTCODE_SHAPE"),
    ]
    assert all(row.left_out for row in rows if isinstance(row, BadRow))


def test_a_persons_error_is_reported_once_in_its_own_file(tmp_path: Path) -> None:
    """Every involvement of it is refused; the later ones say that it was reported."""
    rows = ssd(
        tmp_path,
        [PERSON | {"pers_person_id": "P0"}, PERSON | {"pers_common_child_id": "9990000043"}],
        [INVOLVEMENT, INVOLVEMENT | {"invo_involvements_id": "I2", "invo_professional_team": "Nobody"}],
    )

    assert all(isinstance(row, BadRow) and row.ids is not None for row in rows)
    assert errors_of(rows) == [
        (3, "ssd_person.pers_common_child_id", "NHS_CHECK_DIGIT"),
        (3, "ssd_involvements.invo_person_id", "PERSON_REFUSED"),
        (3, "ssd_involvements.invo_professional_team", "HANDLE_UNKNOWN"),
    ]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"invo_involvements_id": ""}, "invo_involvements_id LOCAL_ID_MISSING"),
        ({"invo_person_id": ""}, "invo_person_id LOCAL_ID_MISSING"),
        ({"invo_person_id": "P9"}, "invo_person_id PERSON_MISSING"),
        ({"invo_person_id": "P2"}, "invo_person_id PERSON_TWICE"),
        ({"invo_professional_team": "NULL"}, "invo_professional_team HANDLE_MISSING"),
        ({"invo_professional_team": "Nobody"}, "invo_professional_team HANDLE_UNKNOWN"),
        ({"invo_involvement_start_date": ""}, "invo_involvement_start_date START_MISSING"),
        ({"invo_involvement_start_date": "2027-01-01"}, "invo_involvement_start_date START_FUTURE"),
        ({"invo_involvement_start_date": "2010-01-01"}, "invo_involvement_start_date START_BEFORE_BIRTH"),
        ({"invo_involvement_start_date": "42097"}, "invo_involvement_start_date DATE_SERIAL"),
        ({"invo_involvement_end_date": "2027-01-01"}, "invo_involvement_end_date END_FUTURE"),
        ({"invo_involvement_end_date": "2024-01-01"}, "invo_involvement_end_date END_BEFORE_START"),
        ({"invo_professional_id": "Smith, J"}, "row ROW_SHIFTED"),
        ({"invo_professional_id": '"W"1'}, "row ROW_MALFORMED"),
    ],
)
def test_every_error_of_an_involvement_is_reported(changed: dict[str, str], error: str, tmp_path: Path) -> None:
    """By row, field and code, in ssd_involvements."""
    field, code = error.split()
    persons = [PERSON, PERSON | {"pers_person_id": "P2"}, PERSON | {"pers_person_id": "P2"}]

    rows = ssd(tmp_path, persons, [INVOLVEMENT | {"invo_involvements_id": "I0"}, INVOLVEMENT | changed])

    assert errors_of(rows) == [(3, f"ssd_involvements.{field}", code)]
    assert len(good(rows)) == 1


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"pers_common_child_id": "", "pers_forename": ""}, "pers_common_child_id NOTHING_TO_MATCH"),
        ({"pers_common_child_id": "SSD_PH"}, "pers_common_child_id NOTHING_TO_MATCH"),
        ({"pers_common_child_id": "1.2E+09"}, "pers_common_child_id NHS_SCIENTIFIC"),
        ({"pers_dob": ""}, "pers_dob DOB_MISSING"),
        ({"pers_dob": "", "pers_expected_dob": "2025-12-01"}, "pers_common_child_id NOTHING_TO_MATCH"),
        ({"pers_dob": "", "pers_expected_dob": "2016-09-01"}, "pers_expected_dob EXPECTED_FAR"),
        ({"pers_dob": "2026-09-01"}, "pers_dob DOB_FUTURE"),
        ({"pers_forename": "Ada, Mary"}, "row ROW_SHIFTED"),
    ],
)
def test_every_error_of_a_person_is_reported(changed: dict[str, str], error: str, tmp_path: Path) -> None:
    """By row, field and code, in ssd_person."""
    field, code = error.split()

    rows = ssd(tmp_path, [PERSON | {"pers_person_id": "P0"}, PERSON | changed], [INVOLVEMENT])

    assert errors_of(rows) == [(3, f"ssd_person.{field}", code)]


def test_rows_that_are_no_rows_are_reported_though_they_are_nobodys(tmp_path: Path) -> None:
    """Of a person, of a linked identifier; the involvements of others go in."""
    rows = ssd(
        tmp_path,
        [PERSON | {"pers_person_id": '"P"2'}, PERSON],
        [INVOLVEMENT],
        [LINK | {"link_table_id": '"1"2'}, LINK | {"link_identifier_value": "A950000178301,x,y,z"}],
    )

    assert len(good(rows)) == 1
    assert errors_of(rows) == [
        (2, "ssd_person.row", "ROW_MALFORMED"),
        (2, "ssd_linked_identifiers.row", "ROW_MALFORMED"),
        (3, "ssd_linked_identifiers.row", "ROW_SHIFTED"),
    ]


def test_a_twice_sent_involvement_is_refused(tmp_path: Path) -> None:
    """The first row counts."""
    rows = ssd(tmp_path, [PERSON], [INVOLVEMENT, INVOLVEMENT])

    assert errors_of(rows) == [(3, "ssd_involvements.invo_involvements_id", "DUPLICATE_ROW")]


def test_zeros_lost_in_one_file_still_join(tmp_path: Path) -> None:
    """One of the files was opened in a spreadsheet, the other was not."""
    rows = ssd(
        tmp_path, [PERSON | {"pers_person_id": "0042"}], [INVOLVEMENT | {"invo_person_id": "42"}],
        [LINK | {"link_person_id": "42.0"}],
    )  # fmt: skip

    assert upns_of(rows) == ["A950000178301"]


def test_whoever_has_grown_out_of_it_is_passed_over(tmp_path: Path) -> None:
    """With nothing reported of their linked identifiers either."""
    rows = ssd(
        tmp_path,
        [PERSON | {"pers_dob": "1999-01-01"}],
        [INVOLVEMENT],
        [LINK | {"link_identifier_value": "x"}],
    )

    assert [type(row) for row in rows] == [PassedRow]


@pytest.mark.parametrize("name", ["ssd_person.csv", "ssd_involvements.csv"])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    """The two that are needed; the case of a file's name does not matter."""
    ssd(tmp_path, [PERSON], [INVOLVEMENT])
    (tmp_path / name).rename(tmp_path / name.upper())
    assert len(read(open_ssd(tmp_path, today=TODAY, handles=KNOWN, join_key=JOIN_KEY))) == 1

    (tmp_path / name.upper()).unlink()

    with pytest.raises(FeedError) as refused:
        open_ssd(tmp_path, today=TODAY, handles=KNOWN, join_key=JOIN_KEY)
    assert (refused.value.code, refused.value.where) == (FileCode.FILE_MISSING, name)


@pytest.mark.parametrize("column", ["pers_dob", "invo_professional_team", "link_person_id"])
def test_a_missing_column_is_named_in_any_of_the_files(column: str, tmp_path: Path) -> None:
    """Its name says which file it belongs to."""

    def without(row: Mapping[str, str]) -> dict[str, str]:
        return {name: cell for name, cell in row.items() if name != column}

    with pytest.raises(FeedError) as refused:
        ssd(tmp_path, [without(PERSON)], [without(INVOLVEMENT)], [without(LINK)])

    assert (refused.value.code, refused.value.where) == (FileCode.COLUMN_MISSING, column)


def test_teams_without_a_handles_file_are_told_before_anything_is_read(tmp_path: Path) -> None:
    """Every row would be refused for the same reason."""
    with pytest.raises(FeedError) as refused:
        open_ssd(tmp_path, today=TODAY, handles=Handles(own=["front-door"]), join_key=JOIN_KEY)

    assert (refused.value.code, refused.value.where) == (FileCode.HANDLES_MISSING, "invo_professional_team")


def test_rows_are_read_again_by_their_place(tmp_path: Path) -> None:
    """In any order, person and all."""
    generate_ssd(tmp_path, 7, 60, today=TODAY)
    feed = open_ssd(tmp_path, today=TODAY, handles=KNOWN, join_key=JOIN_KEY)

    rows = good(feed.rows())

    assert [feed.involvement(row.place) for row in reversed(rows)] == [row.involvement for row in reversed(rows)]
    feed.close()


def test_explain_shows_each_person_of_a_folder(tmp_path: Path) -> None:
    """Whether or not there is an involvement."""
    ssd(tmp_path, [PERSON, PERSON | {"pers_person_id": "P2", "pers_dob": "x"}], [INVOLVEMENT], [LINK])

    known, wrong = ssd_children(tmp_path, today=TODAY, join_key=JOIN_KEY)

    assert (known.local_id, known.errors, len(known.child.upns)) == ("P1", (), 1)
    assert (wrong.local_id, [error.code.value for error in wrong.errors]) == ("P2", ["DATE_FORMAT"])
    assert wrong.child.nhs_number is None


def test_explain_shows_each_row_of_a_joined_file(tmp_path: Path) -> None:
    """The person's columns are enough."""
    path = write(tmp_path / "persons.csv", PERSON)

    (row,) = ssd_children(path, today=TODAY, join_key=JOIN_KEY)

    assert (row.local_id, row.errors) == ("P1", ())
    assert row.child.nhs_number is not None
