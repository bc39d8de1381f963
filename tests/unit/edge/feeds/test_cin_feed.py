"""The CIN census: however untidy its XML, each stretch of work becomes an involvement or is reported, and no more."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from signpost.edge.feeds.cin_feed import CINFeed, cin_children
from signpost.edge.feeds.errors import FeedError, FileCode
from signpost.edge.feeds.model import BadRow, PassedRow, Row
from signpost.protocol.purposes import Basis
from tests.unit.edge.feeds.support import JOIN_KEY, TODAY, errors_of, good, read, write

BORN = "<PersonBirthDate>2015-04-03</PersonBirthDate>"
UPN = "<UPN>A950000178301</UPN>"
WORK = "<CINdetails><CINreferralDate>2025-01-02</CINreferralDate></CINdetails>"


def child(local_id: str = "C1", identifiers: str = UPN + BORN, work: str = WORK) -> str:
    """One Child element."""
    return (
        f"<Child><ChildIdentifiers><LAchildID>{local_id}</LAchildID>{identifiers}</ChildIdentifiers>"
        f"<ChildCharacteristics><Ethnicity>WBRI</Ethnicity></ChildCharacteristics>{work}</Child>"
    )


def census(path: Path, *children: str, before: str = '<?xml version="1.0"?>', encoding: str = "utf-8") -> Path:
    """A census with these children."""
    text = f"{before}<Message><Header><Year>2026</Year></Header><Children>{''.join(children)}</Children></Message>"
    path.write_bytes(text.encode(encoding))
    return path


def open_cin(path: Path, identity: Path | None = None) -> CINFeed:
    """The feed over a file."""
    return CINFeed(path, today=TODAY, handle="front-door", identity=identity, join_key=JOIN_KEY)


def rows_of(path: Path, *children: str, identity: Path | None = None) -> list[Row]:
    """What a census with these children is read as."""
    return read(open_cin(census(path, *children), identity))


def test_each_stretch_of_work_is_an_involvement(tmp_path: Path) -> None:
    """One closed, one open, of one child; the row is the child's number."""
    closed = (
        "<CINdetails><CINclosureDate>2026-03-01</CINclosureDate><PrimaryNeedCode>N1</PrimaryNeedCode>"
        "<CINreferralDate>2024-01-02</CINreferralDate></CINdetails>"
    )
    first, second = good(rows_of(tmp_path / "c.xml", child(work=closed + WORK)))
    found = first.involvement

    assert (first.row, second.row) == (1, 1)
    assert (found.ids.local_id, found.ids.involvement_id) == ("C1", "2024-01-02")
    assert found.child.date_of_birth == date(2015, 4, 3)
    assert [upn.reveal() for upn in found.child.upns] == ["A950000178301"]
    assert (found.started_on, found.ended_on) == (date(2024, 1, 2), date(2026, 3, 1))
    assert (found.handle, found.basis, found.remove_after) == ("front-door", Basis.STATUTORY, "2033-09")
    assert (second.involvement.started_on, second.involvement.ended_on) == (date(2025, 1, 2), None)


def test_order_stray_text_comments_and_namespaces_do_not_matter(tmp_path: Path) -> None:
    """As real files have them."""
    untidy = (
        '<cin:Child xmlns:cin="urn:x">stray<CINdetails>\n 2020-01-01 <CINreferralDate><!-- c --> 2025-01-02'
        "</CINreferralDate>UPN</CINdetails><ChildIdentifiers><PersonBirthDate>2015-04-03</PersonBirthDate>H80120"
        "<FormerUPN>H801200001001</FormerUPN><UPNunknown>UN3</UPNunknown>PersonBirthDate"
        "<UPN><![CDATA[A950000178301]]></UPN><LAchildID>C1</LAchildID></ChildIdentifiers></cin:Child>"
    )
    feed = open_cin(census(tmp_path / "c.xml", untidy))
    (row,) = good(feed.rows())

    assert [upn.reveal() for upn in row.involvement.child.upns] == ["A950000178301", "H801200001001"]
    assert row.involvement.started_on == date(2025, 1, 2)
    assert feed.involvement(row.place) == row.involvement
    feed.close()


@pytest.mark.parametrize(
    ("flag", "assessed", "rows"),
    [("true", False, 0), ("1", False, 0), ("true", True, 1), ("false", False, 1), ("0", False, 1), ("", False, 1)],
)
def test_a_referral_that_came_to_nothing_is_no_involvement(
    flag: str, assessed: bool, rows: int, tmp_path: Path
) -> None:
    """No further action, and no assessment."""
    assessment = "<AssessmentActualStartDate>2025-01-05</AssessmentActualStartDate>" if assessed else ""
    work = (
        f"<CINdetails><Assessments>{assessment}</Assessments><ReferralNFA>{flag}</ReferralNFA>"
        "<CINreferralDate>2025-01-02</CINreferralDate></CINdetails>"
    )

    assert len(rows_of(tmp_path / "c.xml", child(work=work))) == rows


def test_what_is_wrong_is_reported_by_child_element_and_code(tmp_path: Path) -> None:
    """Of a child once, with its first stretch of work; the good ones beside it go in."""
    late = "<CINdetails><CINreferralDate>2027-01-02</CINreferralDate></CINdetails>"
    twice = UPN + BORN + "<UPN>H801200001001</UPN>"
    other = "<CINdetails><CINreferralDate>2025-03-02</CINreferralDate></CINdetails>"
    rows = rows_of(
        tmp_path / "c.xml",
        child(),
        child("C2", "<UPN>A950000178302</UPN>" + BORN, WORK + other),
        child("C3", "<UPN>UN3</UPN>" + BORN),
        child("C4", UPN),
        child("C5", UPN + BORN, late),
        child("C6", twice),
        child("", UPN + BORN),
        child("C8", UPN + BORN, WORK + WORK),
    )

    assert len(good(rows)) == 2
    assert errors_of(rows) == [
        (2, "UPN", "UPN_CHECK_LETTER"),
        (2, "LAchildID", "PERSON_REFUSED"),
        (3, "UPN", "NOTHING_TO_MATCH"),
        (4, "PersonBirthDate", "DOB_MISSING"),
        (5, "CINreferralDate", "START_FUTURE"),
        (6, "UPN", "ELEMENT_TWICE"),
        (7, "LAchildID", "LOCAL_ID_MISSING"),
        (8, "LAchildID", "DUPLICATE_ROW"),
    ]


def test_a_former_upn_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    """Reported, and the child goes in with the others."""
    formers = "<FormerUPN>X98765432123B</FormerUPN><FormerUPN>H801200001001</FormerUPN>"
    rows = rows_of(tmp_path / "c.xml", child(identifiers=UPN + BORN + formers))

    assert errors_of(rows) == [(1, "FormerUPN", "UPN_CHECK_LETTER")]
    assert all(row.left_out for row in rows if isinstance(row, BadRow))
    assert len(good(rows)[0].involvement.child.upns) == 2


def test_whoever_has_grown_out_of_it_is_passed_over(tmp_path: Path) -> None:
    """Whatever else is wrong."""
    grown = child(identifiers="<UPN>x</UPN><PersonBirthDate>2000-01-01</PersonBirthDate>")

    assert [type(row) for row in rows_of(tmp_path / "c.xml", grown)] == [PassedRow]


def test_an_identity_file_adds_numbers_and_names(tmp_path: Path) -> None:
    """Joined on the council's id; whoever is not in it is registered from the UPN."""
    ids = write(
        tmp_path / "ids.csv",
        {"local_id": "001", "nhs_number": "9990000042", "forename": "Zoë", "surname": "O'Brien",
         "date_of_birth": "03/04/2015", "postcode": "LS1 4DY", "sex": "F"},
    )  # fmt: skip
    known, unknown = good(rows_of(tmp_path / "c.xml", child("1"), child("C2"), identity=ids))

    details = known.involvement.child
    assert details.nhs_number is not None
    assert (details.forename, details.surname, len(details.upns), len(details.postcodes)) == ("Zoë", "O'Brien", 1, 1)
    assert unknown.involvement.child.nhs_number is None


def test_an_unborn_child_is_known_by_the_mother_of_the_identity_file(tmp_path: Path) -> None:
    """The census has the month, the identity file the mother."""
    unborn = "<ExpectedPersonBirthDate>2026-08-14</ExpectedPersonBirthDate>"
    work = "<CINdetails><CINreferralDate>2026-03-02</CINreferralDate></CINdetails>"
    ids = write(tmp_path / "ids.csv", {"local_id": "C1", "nhs_number": "", "mother_nhs_number": "9990000131"})

    (row,) = good(rows_of(tmp_path / "c.xml", child(identifiers=unborn, work=work), identity=ids))
    without = rows_of(tmp_path / "d.xml", child(identifiers=unborn, work=work))

    assert row.involvement.child.expected_on == date(2026, 8, 14)
    assert errors_of(without) == [(1, "UPN", "NOTHING_TO_MATCH")]


def test_errors_of_the_identity_file_carry_its_name(tmp_path: Path) -> None:
    """A number refuses the child, a postcode is left out; a row that is nobody's, or twice, is told."""
    row = {"local_id": "C1", "nhs_number": "", "date_of_birth": "", "postcode": ""}
    ids = write(
        tmp_path / "ids.csv",
        row | {"nhs_number": "9990000043"},
        row | {"local_id": "C2", "postcode": "12345"},
        row | {"local_id": "C3", "date_of_birth": "2015-04-04"},
        row | {"local_id": "C4", "nhs_number": "9990000042"},
        row | {"local_id": "C4", "nhs_number": "9990000131"},
        row | {"local_id": "", "nhs_number": "9990000131"},
        row | {"local_id": "C9", "nhs_number": "x"},
    )
    rows = rows_of(tmp_path / "c.xml", *(child(f"C{n}") for n in range(1, 6)), identity=ids)

    assert [each.involvement.ids.local_id for each in good(rows)] == ["C2", "C4", "C5"]
    assert good(rows)[1].involvement.child.nhs_number is None
    assert errors_of(rows) == [
        (7, "identity.local_id", "LOCAL_ID_MISSING"),
        (2, "identity.nhs_number", "NHS_CHECK_DIGIT"),
        (3, "identity.postcode", "POSTCODE_SHAPE"),
        (4, "identity.date_of_birth", "IDENTITY_DISAGREES"),
        (5, "identity.local_id", "IDENTITY_TWICE"),
    ]
    assert sum(isinstance(each, BadRow) and not each.left_out for each in rows) == 2


BOMB = '<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "before",
    [
        BOMB,
        '<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE b SYSTEM "http://192.0.2.1/b.dtd">',
        "<!DOCTYPE Message>",
    ],
)
def test_a_document_type_or_an_entity_is_refused_unread(before: str, tmp_path: Path) -> None:
    """Bombs, files and addresses alike: a census has none."""
    feed = open_cin(census(tmp_path / "c.xml", child("&b;"), before=before))

    with pytest.raises(FeedError) as refused:
        read(feed)

    assert refused.value.code is FileCode.FILE_XML_UNSAFE


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", FileCode.FILE_EMPTY),
        (b"LAchildID,UPN\n1,2\n", FileCode.FILE_XML),
        (b"<Message><Children><Child></Children></Message>", FileCode.FILE_XML),
        (b"<Message><Children><Child/>", FileCode.FILE_XML),
        (b"<Message><Children><Child><Child/></Child></Children></Message>", FileCode.FILE_XML),
        (b"<Message><Children><Child><LAchildID>&nobody;</LAchildID></Child></Children></Message>", FileCode.FILE_XML),
        (b'<?xml version="1.0" encoding="of my own"?><Message><Children/></Message>', FileCode.FILE_XML),
        (b"<Other/>", FileCode.FILE_XML),
        pytest.param(
            b'<Message><Children><Child a="' + b"x" * 2_000_000 + b'"/></Children></Message>',
            FileCode.FILE_XML,
            id="two megabytes of attribute",
        ),
        (b"<Message><Children><Child>\xff</Child></Children></Message>", FileCode.FILE_XML),
    ],
)
def test_what_is_no_census_is_refused_as_a_whole(content: bytes, code: FileCode, tmp_path: Path) -> None:
    """Before anything of it is sent."""
    path = tmp_path / "c.xml"
    path.write_bytes(content)

    with pytest.raises(FeedError) as refused:
        read(open_cin(path))

    assert refused.value.code is code


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError) as refused:
        open_cin(tmp_path / "c.xml")

    assert refused.value.code is FileCode.FILE_MISSING


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", '<?xml version="1.0"?>'),
        ("utf-8-sig", '<?xml version="1.0" encoding="utf-8"?>'),
        ("utf-16", '<?xml version="1.0" encoding="utf-16"?>'),
        ("cp1252", '<?xml version="1.0" encoding="windows-1252"?>'),
        ("latin-1", '<?xml version="1.0" encoding="iso-8859-1"?>'),
    ],
)
def test_a_child_is_read_again_by_its_place_whatever_the_encoding(encoding: str, declared: str, tmp_path: Path) -> None:
    """In any order, after the pass."""
    again = "<CINdetails><CINreferralDate>2025-03-02</CINreferralDate></CINdetails>"
    children = (child(f"Zoë-{n}", UPN + BORN, WORK + again) for n in range(300))
    feed = open_cin(census(tmp_path / "c.xml", *children, before=declared, encoding=encoding))

    rows = good(feed.rows())

    assert len(rows) == 600
    assert [feed.involvement(row.place) for row in reversed(rows)] == [row.involvement for row in reversed(rows)]
    assert 0 < rows[0].place < rows[-1].place < feed.size
    feed.close()


def test_prefixes_of_several_namespaces_are_known_when_a_child_is_read_again(tmp_path: Path) -> None:
    """Each keeps its own name, and `xml` is never bound anew: attributes of two of them are two."""
    path = tmp_path / "census.xml"
    path.write_text(
        '<Message xmlns:xml="http://www.w3.org/XML/1998/namespace" xmlns:p="urn:one" xmlns:q="urn:two"><Children>'
        + child(identifiers=f'<A p:z="1" q:z="2"/>{UPN}{BORN}')
        + "</Children></Message>"
    )

    (row,) = good(read(open_cin(path)))

    assert row.involvement.ids.local_id == "C1"
    feed = open_cin(path)
    places = [row.place for row in good(feed.rows())]
    assert [feed.involvement(place).ids.local_id for place in places] == ["C1"]
    feed.close()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_read_again_too(encoding: str, tmp_path: Path) -> None:
    """By its first two bytes."""
    declared = '<?xml version="1.0" encoding="utf-16"?>'
    feed = open_cin(census(tmp_path / "census.xml", child(), before=declared, encoding=encoding))

    places = [row.place for row in good(feed.rows())]

    assert [feed.involvement(place).ids.local_id for place in places] == ["C1"]
    feed.close()


def test_a_census_that_was_changed_is_not_made_up(tmp_path: Path) -> None:
    """Between the pass and the sending."""
    feed = open_cin(census(tmp_path / "c.xml", child()))
    (row,) = good(feed.rows())

    census(tmp_path / "c.xml", child(), child("C2"))

    with pytest.raises(FeedError) as refused:
        feed.involvement(row.place)
    assert refused.value.code is FileCode.FILE_CHANGED
    feed.close()


def test_memory_does_not_grow_with_the_census(tmp_path: Path) -> None:
    """Python's own, at its highest, for 200 and 2,000 children."""

    def peak(count: int) -> int:
        feed = open_cin(census(tmp_path / f"{count}.xml", *(child(f"C{n}") for n in range(count))))
        tracemalloc.start()
        try:
            for row in feed.rows():
                feed.involvement(row.place)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            feed.close()

    assert peak(2_000) < 1.5 * peak(200)


def test_explain_shows_each_child_whether_or_not_there_is_work(tmp_path: Path) -> None:
    path = census(tmp_path / "c.xml", child(work=""), child("C2", "<UPN>x</UPN>" + BORN), child("C3", ""))
    ids = write(tmp_path / "ids.csv", {"local_id": "C1", "nhs_number": "9990000042"})

    known, wrong, nobody = cin_children(path, today=TODAY, identity=ids, join_key=JOIN_KEY)

    assert (known.local_id, known.errors) == ("C1", ())
    assert known.child.nhs_number is not None
    assert [error.code.value for error in wrong.errors] == ["UPN_LENGTH"]
    assert (wrong.child.upns, nobody.errors) == ((), ())


@pytest.mark.parametrize("reading", [rows_of])
def test_nothing_but_identity_and_period_is_kept(reading: Callable[..., list[Row]], tmp_path: Path) -> None:
    """Needs, categories and plans are in no involvement, whatever they hold."""
    telling = WORK.replace(
        "</CINdetails>",
        "<PrimaryNeedCode>N1</PrimaryNeedCode><ChildProtectionPlans><CPPstartDate>not a date</CPPstartDate>"
        "<InitialCategoryOfAbuse>PHY</InitialCategoryOfAbuse></ChildProtectionPlans></CINdetails>",
    )

    (with_them,) = good(reading(tmp_path / "a.xml", child(work=telling)))
    (without,) = good(reading(tmp_path / "b.xml", child()))

    assert with_them.involvement == without.involvement
