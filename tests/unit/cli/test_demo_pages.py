"""What `signpost demo --keep` says of its pages: where they are, who signs in there, and by which codes."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.purposes import Role
from signpost.protocol.secret import Secret
from signpost_cli.demo import pages as module
from signpost_cli.demo.families import person
from signpost_cli.demo.gateways import PASSWORD
from signpost_cli.demo.pages import PEOPLE, Pages
from signpost_cli.demo.people import Person
from signpost_cli.demo.world import World

NOON = 1_800_000_000
CODES = Secret(bytes(range(20)))


class PretendedGateway:
    """A gateway that keeps no process: what it was set up for, and who is enrolled at it."""

    made: dict[str, PretendedGateway]

    def __init__(self, world: World, organisation: str) -> None:
        self.url = f"http://127.0.0.1:{8000 + len(self.made)}"
        self.roles: list[str] = []
        self.settings = ""
        self.made[organisation] = self

    def set_up(self, roles: Sequence[str], *, settings: str = "") -> None:
        self.roles, self.settings = list(roles), settings

    def enrol(self, account: str, role: str) -> Person:
        assert role in self.roles, "the gateway is not certified for that role"
        return Person(account, PASSWORD, CODES, telephone=lambda: NOON)


@pytest.fixture
def gateways(monkeypatch: pytest.MonkeyPatch) -> dict[str, PretendedGateway]:
    """Those that were made, by their organisation."""
    made: dict[str, PretendedGateway] = {}
    monkeypatch.setattr(PretendedGateway, "made", made, raising=False)
    monkeypatch.setattr(module, "PretendGateway", PretendedGateway)
    return made


@pytest.fixture
def pages(tmp_path: Path, gateways: dict[str, PretendedGateway]) -> Pages:
    """The demo's, with everybody enrolled."""
    pages = Pages(World(tmp_path))
    pages.set_up()
    return pages


def test_everybody_of_the_tutorials_can_sign_in_and_a_feed_can_be_uploaded(
    pages: Pages, gateways: dict[str, PretendedGateway]
) -> None:
    """Each role that a page of the gateway's is for, but maternity care and the record, which is read at a terminal."""
    roles = {role for gateway in gateways.values() for role in gateway.roles}

    assert roles == {
        Role.PRACTITIONER, Role.URGENT, Role.SHIELDING_OFFICER, Role.RIGHTS_OFFICER, Role.ADMINISTRATOR,
        Role.DATA_OFFICER,
    }  # fmt: skip
    assert "program_desk" in gateways["north-council"].settings


def test_it_says_where_they_are_who_signs_in_and_whom_to_ask_about(pages: Pages, tmp_path: Path) -> None:
    """Each by another name of this machine: a browser would keep one session for all."""
    told: list[str] = []
    child = person(1, 7, today=dt.date(2026, 1, 5))

    pages.describe(told.append, [("CURRENT", child)], tmp_path / "upload")

    said = "\n".join(told)
    assert "http://127.0.0.1:8000 " in said
    assert "http://localhost:8001 " in said
    assert "http://desk.localhost:8002 " in said
    for people in PEOPLE.values():
        assert ", ".join(account for account, _ in people) in said
    number = child.nhs_number
    assert f"{number[:3]} {number[3:6]} {number[6:]}" in said
    assert PASSWORD in said
    assert str(tmp_path / "upload") in said


def test_secrets_of_code_generators_are_in_a_file_that_nobody_else_reads(pages: Pages, tmp_path: Path) -> None:
    codes = tmp_path / "codes.txt"

    assert codes.stat().st_mode & 0o777 == 0o600
    assert len(codes.read_text().splitlines()) == sum(len(people) for people in PEOPLE.values())


def test_everybodys_code_is_told_each_time_return_is_pressed(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the terminal is closed."""
    told: list[str] = []
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n"))

    pages.give_codes(told.append)

    of_data_officer = [line for line in told if "data-1 " in line]
    assert len(of_data_officer) == 2
    assert all(code_of(CODES, NOON // STEP_SECONDS) in line for line in of_data_officer)
