"""The generator: the same seed gives the same children, who do not exist."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from signpost.edge.identifiers import UPN, NHSNumber
from signpost_cli.demo.families import (
    HANDLES,
    POPULATION,
    caseload,
    generate_csv,
    generate_ssd,
    person,
)

TODAY = date(2026, 5, 1)


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    """Byte for byte; another seed gives others."""
    written = [generate_ssd(tmp_path / name, seed, 50, today=TODAY) for name, seed in (("a", 1), ("b", 1), ("c", 2))]

    def content(name: str) -> list[bytes]:
        return [path.read_bytes() for path in sorted((tmp_path / name).iterdir())]

    assert content("a") == content("b") != content("c")
    assert written[0] == written[1]


def test_identifiers_are_valid_of_nobody_and_unique() -> None:
    """The 999 range is issued to nobody, and there is no authority 999."""
    people = [person(3, number, today=TODAY) for number in [*range(3000), *range(POPULATION - 3000, POPULATION)]]
    numbers = [one.nhs_number for one in people if one.nhs_number]
    pupils = [one.upn for one in people if one.upn]

    assert all(NHSNumber.parse(number).reveal().startswith("999") for number in numbers)
    assert all(UPN.parse(upn).reveal()[1:4] == "999" and not UPN.parse(upn).temporary for upn in pupils)
    assert len(set(numbers)) == len(numbers) > 5000
    assert len(set(pupils)) == len(pupils) > 3000
    assert all(one.nhs_number or one.upn for one in people)


def test_involvements_are_plausible() -> None:
    """Begun after birth and before today, ended after they began, each with a team that has a handle."""
    for child, works in caseload(3, 500, council="NORTH", today=TODAY):
        assert works
        for work in works:
            assert child.date_of_birth <= work.started_on < TODAY
            assert work.ended_on is None or work.started_on <= work.ended_on <= TODAY
            assert work.team in HANDLES
        assert len({(work.started_on, work.team) for work in works}) == len(works)


def test_two_councils_overlap_where_their_ranges_do(tmp_path: Path) -> None:
    """The same child at both, under ids of their own."""
    north = {child.number: works for child, works in caseload(3, 100, council="NORTH", today=TODAY)}
    south = {child.number: works for child, works in caseload(3, 100, council="SOUTH", today=TODAY, first=90)}

    both = north.keys() & south.keys()

    assert both == set(range(90, 100))
    assert all(north[n][0].local_id != south[n][0].local_id for n in both)


def test_the_known_children_are_what_they_are_said_to_be(tmp_path: Path) -> None:
    """With an NHS number, and with or without open work in the file."""
    written = generate_csv(tmp_path / "f.csv", 3, 200, today=TODAY)
    works = {child.nhs_number: works for child, works in caseload(3, 200, council="SOUTH", today=TODAY)}

    assert len(written.current) == len(written.previous) == 10
    assert all(any(work.ended_on is None for work in works[child.nhs_number]) for child in written.current)
    for child in written.previous:
        ends = [work.ended_on for work in works[child.nhs_number] if work.ended_on is not None]
        assert len(ends) == len(works[child.nhs_number])
        assert (TODAY - max(ends)).days <= 300


def test_a_population_has_an_end() -> None:
    """Beyond it NHS numbers would repeat."""
    with pytest.raises(ValueError, match="900,000"):
        person(3, POPULATION, today=TODAY)
