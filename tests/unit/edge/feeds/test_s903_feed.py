"""SSDA903: episodes that meet are one involvement, adoption ends it, and where a child lives is never read."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from signpost.edge.feeds.errors import FeedError, FileCode
from signpost.edge.feeds.model import PassedRow, Row
from signpost.edge.feeds.s903_feed import S903Feed, s903_children
from tests.unit.edge.feeds.support import JOIN_KEY, TODAY, errors_of, good, read, write

HEADER = {"CHILD": "1", "SEX": "2", "DOB": "03/04/2015", "ETHNIC": "WBRI", "UPN": "A950000178301", "MOTHER": "",
          "MC_DOB": ""}  # fmt: skip
EPISODE = {"CHILD": "1", "DECOM": "02/01/2025", "RNE": "S", "LS": "C2", "CIN": "N1", "PLACE": "U1", "DEC": "",
           "REC": "", "REASON_PLACE_CHANGE": "", "HOME_POST": "LS1 4DY", "PL_POST": "M1 1AE", "URN": "1"}  # fmt: skip


def episode(started: str, ended: str = "", why: str = "", **more: str) -> dict[str, str]:
    """A row of episodes.csv."""
    return EPISODE | {"DECOM": started, "DEC": ended, "REC": why} | more


def open_903(
    folder: Path,
    headers: Sequence[Mapping[str, str]],
    episodes: Sequence[Mapping[str, str]],
    *,
    identity: Path | None = None,
    encoding: str = "utf-8-sig",
) -> S903Feed:
    """The feed over a folder with these rows."""
    folder.mkdir(exist_ok=True)
    write(folder / "header.csv", *headers, encoding=encoding, newline="\r\n")
    write(folder / "episodes.csv", *episodes, encoding=encoding, newline="\r\n")
    return S903Feed(folder, today=TODAY, handle="children-in-care", identity=identity, join_key=JOIN_KEY)


def rows_of(folder: Path, *episodes: Mapping[str, str]) -> list[Row]:
    """What these episodes of one child are read as."""
    return read(open_903(folder, [HEADER], episodes))


def periods(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """When each involvement started and ended."""
    found = (row.involvement for row in good(rows))
    return [(str(each.started_on), str(each.ended_on or "")) for each in found]


def test_an_episode_becomes_an_involvement(tmp_path: Path) -> None:
    """Dates with the day first, a byte-order mark, CR LF."""
    (row,) = good(rows_of(tmp_path, episode("02/01/2025", "31/03/2026", "E4A")))
    found = row.involvement

    assert row.row == 2
    assert (found.ids.local_id, found.ids.involvement_id) == ("1", "2025-01-02")
    assert found.child.date_of_birth == date(2015, 4, 3)
    assert [upn.reveal() for upn in found.child.upns] == ["A950000178301"]
    assert found.child.postcodes == ()
    assert (found.started_on, found.ended_on) == (date(2025, 1, 2), date(2026, 3, 31))
    assert (found.handle, found.remove_after) == ("children-in-care", "2033-09")


def test_episodes_that_meet_are_one_involvement(tmp_path: Path) -> None:
    """A change of placement or of legal status is none of anybody's business."""
    rows = rows_of(
        tmp_path,
        episode("02/01/2025", "05/06/2025", "X1"),
        episode("05/06/2025", "01/02/2026", "X1"),
        episode("01/02/2026", "01/03/2026", "E4A"),
        episode("02/03/2026", "01/05/2026", "X1"),
        episode("01/05/2026"),
    )

    assert periods(rows) == [("2025-01-02", "2026-03-01"), ("2026-03-02", "")]


@pytest.mark.parametrize("why", ["E11", "E12", "e12"])
def test_adoption_ends_the_involvement_and_links_nothing_forward(why: str, tmp_path: Path) -> None:
    """Even where the next episode starts on the very day."""
    rows = rows_of(
        tmp_path,
        episode("02/01/2025", "05/06/2025", "X1"),
        episode("05/06/2025", "01/02/2026", why),
        episode("01/02/2026", "01/03/2026", "X1"),
        episode("01/03/2026"),
    )

    assert periods(rows) == [("2025-01-02", "2026-02-01"), ("2026-02-01", "")]


def test_an_adoption_without_its_day_is_refused(tmp_path: Path) -> None:
    """It must not stay a current involvement."""
    rows = rows_of(tmp_path, episode("02/01/2025", "", "E11"))

    assert errors_of(rows) == [(2, "episodes.DEC", "ADOPTION_UNDATED")]


def test_an_open_episode_that_another_overlaps_is_current(tmp_path: Path) -> None:
    """Somebody may still be working with the child."""
    rows = rows_of(tmp_path, episode("02/01/2025"), episode("05/02/2025", "01/03/2025", "X1"))

    assert periods(rows) == [("2025-01-02", "")]


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_file_does_not_matter(seed: int, tmp_path: Path) -> None:
    """Whatever chains, gaps, overlaps and adoptions there are."""
    chance = random.Random(seed)
    days = sorted(chance.sample(range(1, 29), 8))
    episodes = [
        episode(
            f"{days[n] if chance.random() < 0.7 else days[n] - 1:02}/01/2025" if days[n] > 1 else "01/01/2025",
            f"{days[n + 1]:02}/01/2025" if chance.random() < 0.9 else "",
        )
        for n in range(7)
    ]
    adopted = chance.randrange(7)
    if episodes[adopted]["DEC"]:
        episodes[adopted]["REC"] = "E12"
    children = [each | {"CHILD": "2"} for each in episodes[:3]]
    headers = [HEADER, HEADER | {"CHILD": "2", "UPN": "H801200001001"}]

    def read_in(name: str, order: list[dict[str, str]]) -> set[tuple[str, str, str]]:
        rows = good(read(open_903(tmp_path / name, headers, order)))
        found = (row.involvement for row in rows)
        return {(each.ids.local_id, str(each.started_on), str(each.ended_on)) for each in found}

    straight = read_in("a", episodes + children)
    shuffled = episodes + children
    chance.shuffle(shuffled)

    assert read_in("b", shuffled) == straight


def test_where_an_episode_cannot_be_read_none_of_the_childs_is_used(tmp_path: Path) -> None:
    """It may join two others. What was registered of them stays; other children go in."""
    feed = open_903(
        tmp_path,
        [HEADER, HEADER | {"CHILD": "2", "UPN": "H801200001001"}],
        [
            episode("02/01/2025", "05/06/2025", "X1"),
            episode("05/06/2025", "2026", "X1"),
            episode("01/02/2026"),
            episode("01/02/2026", CHILD="2"),
            episode("", CHILD=""),
        ],
    )
    rows = read(feed)

    assert [row.involvement.ids.local_id for row in good(rows)] == ["2"]
    assert errors_of(rows) == [
        (3, "episodes.DEC", "DATE_FORMAT"),
        (2, "episodes.CHILD", "EPISODE_REFUSED"),
        (4, "episodes.CHILD", "EPISODE_REFUSED"),
        (6, "episodes.CHILD", "LOCAL_ID_MISSING"),
    ]


def test_what_is_wrong_with_a_child_is_reported_once(tmp_path: Path) -> None:
    """In the header where it stands there; in the episodes where the header has no such child."""
    two = [episode("02/01/2025", "05/06/2025", "E4A"), episode("02/01/2026")]
    feed = open_903(
        tmp_path,
        [HEADER | {"UPN": "A950000178302"}, HEADER | {"CHILD": "2"}, HEADER | {"CHILD": "2"}, HEADER | {"CHILD": ""},
         HEADER | {"CHILD": "4", "UPN": ""}],
        [*two, episode("02/01/2026", CHILD="2"), episode("02/01/2026", CHILD="3"), episode("02/01/2026", CHILD="4")],
    )  # fmt: skip

    assert errors_of(read(feed)) == [
        (5, "header.CHILD", "LOCAL_ID_MISSING"),
        (2, "header.UPN", "UPN_CHECK_LETTER"),
        (3, "episodes.CHILD", "PERSON_REFUSED"),
        (4, "episodes.CHILD", "PERSON_TWICE"),
        (5, "episodes.CHILD", "PERSON_MISSING"),
        (6, "header.UPN", "NOTHING_TO_MATCH"),
    ]


def test_an_identity_file_adds_numbers_and_names(tmp_path: Path) -> None:
    """Zeros that a spreadsheet took do not part a child from itself."""
    ids = write(tmp_path / "ids.csv", {"local_id": "001", "nhs_number": "9990000042", "forename": "Zoe"})
    feed = open_903(tmp_path, [HEADER | {"UPN": ""}], [episode("02/01/2025")], identity=ids)

    (row,) = good(read(feed))

    assert row.involvement.child.nhs_number is not None
    assert row.involvement.child.forename == "Zoe"


def test_whoever_has_grown_out_of_it_is_passed_over(tmp_path: Path) -> None:
    feed = open_903(tmp_path, [HEADER | {"DOB": "01/01/2000", "UPN": "x"}], [episode("02/01/2016")])

    assert [type(row) for row in read(feed)] == [PassedRow]


def test_rows_are_read_again_by_their_place(tmp_path: Path) -> None:
    """In any order, with every episode that belongs to them."""
    rows = [
        each
        for n in range(50)
        for each in (episode("05/06/2020", CHILD=str(n)), episode("02/01/2020", "05/06/2020", "X1", CHILD=str(n)))
    ]
    feed = open_903(tmp_path, [HEADER | {"CHILD": str(n)} for n in range(50)], rows)

    found = good(feed.rows())

    assert len(found) == 50
    assert [feed.involvement(row.place) for row in reversed(found)] == [row.involvement for row in reversed(found)]
    feed.close()


@pytest.mark.parametrize("column", ["HOME_POST", "PL_POST", "LS", "CIN", "PLACE", "URN", "RNE"])
def test_a_column_that_is_never_read_may_be_missing_or_hold_anything(column: str, tmp_path: Path) -> None:
    """Where a child lives and why changes nothing."""
    usual = good(rows_of(tmp_path / "a", episode("02/01/2025")))
    odd = good(rows_of(tmp_path / "b", episode("02/01/2025", **{column: "9990000131"})))
    bare = good(rows_of(tmp_path / "c", {k: v for k, v in episode("02/01/2025").items() if k != column}))

    assert usual[0].involvement == odd[0].involvement == bare[0].involvement


@pytest.mark.parametrize(
    ("header", "episodes"),
    [
        ("Header.CSV", "Episodes.csv"),
        ("SSDA903_Header_2025-26.csv", "SSDA903 Episodes 2025-26.csv"),
        ("903header.csv", "903_episode.csv"),
        ("2026 header.csv", "2026 episodes.csv"),
    ],
)
def test_the_files_are_found_under_usual_names(header: str, episodes: str, tmp_path: Path) -> None:
    """And what is another file of the return is not taken for one of them."""
    open_903(tmp_path, [HEADER], [episode("02/01/2025")]).close()
    (tmp_path / "header.csv").rename(tmp_path / header)
    (tmp_path / "episodes.csv").rename(tmp_path / episodes)
    write(tmp_path / "sw_episodes.csv", {"CHILD": "1"})

    feed = S903Feed(tmp_path, today=TODAY, handle="children-in-care", identity=None, join_key=JOIN_KEY)

    assert len(good(read(feed))) == 1


def test_a_file_that_is_missing_or_there_twice_is_named(tmp_path: Path) -> None:
    """Which of two would count is not guessed."""

    def refused() -> tuple[FileCode, str]:
        with pytest.raises(FeedError) as error:
            S903Feed(tmp_path, today=TODAY, handle="x", identity=None, join_key=JOIN_KEY)
        return error.value.code, error.value.where

    assert refused() == (FileCode.FILE_MISSING, "episodes.csv")
    open_903(tmp_path, [HEADER], [episode("02/01/2025")]).close()
    write(tmp_path / "header 2025.csv", HEADER)
    assert refused() == (FileCode.FILE_TWICE, "header.csv")


def test_explain_shows_each_child_of_the_header(tmp_path: Path) -> None:
    """Whether or not there is an episode."""
    open_903(tmp_path, [HEADER, HEADER | {"CHILD": "2", "UPN": "x"}], [episode("02/01/2025", CHILD="9")]).close()

    known, wrong = s903_children(tmp_path, today=TODAY, identity=None, join_key=JOIN_KEY)

    assert (known.local_id, known.errors, len(known.child.upns)) == ("1", (), 1)
    assert [error.code.value for error in wrong.errors] == ["UPN_LENGTH"]


def test_memory_does_not_grow_with_the_return(tmp_path: Path) -> None:
    """Python's own, at its highest, for 200 and 2,000 children of two episodes each."""

    def peak(count: int) -> int:
        headers = [HEADER | {"CHILD": str(child), "UPN": ""} for child in range(count)]
        episodes = [
            episode(*when, CHILD=str(child))
            for child in range(count)
            for when in (("02/01/2020", "05/06/2020", "E4A"), ("02/01/2025",))
        ]
        feed = open_903(tmp_path / str(count), headers, episodes)
        tracemalloc.start()
        try:
            assert sum(isinstance(row, Row) for row in feed.rows()) == 2 * count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            feed.close()

    assert peak(2_000) < 1.5 * peak(200)
