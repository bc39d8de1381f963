"""Signing in by the commands, through real services: what a stolen folder opens, who is stopped, what is recorded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from sqlite_utils.utils import sqlite3

from signpost.edge.case_reference import seal_case_reference
from signpost.edge.failures import SignIn
from signpost.edge.organisation_keys import load_organisation, load_sealing_key
from signpost.edge.shift import open_references
from signpost_cli.demo.world import Completed, Organisation, World
from tests.support.quick_world import QuickWorld

HOSPITAL = Organisation("aldate-hospital", "hospital", "triage-07", "urgent")
AUDIT = Organisation("national-audit", "oversight", "auditor-1", "auditor")
CHILD = json.dumps({"nhs_number": "999 000 0042", "date_of_birth": "2015-04-03"})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three holders, the index, a hospital whose nurse is signed in, and an auditor."""
    with QuickWorld(tmp_path_factory.mktemp("world")) as world:
        world.set_up_services()
        world.enrol_all((HOSPITAL, AUDIT))
        yield world


def look_up(world: World, *options: str) -> Completed:
    """A lookup by the nurse."""
    return world.command(HOSPITAL.name, "lookup", "--stdin", "--json", *options, stdin=CHILD)


def administer(world: World, act: str, *more: str) -> Completed:
    """An act of the hospital's administrator on the nurse's account."""
    return world.command(
        HOSPITAL.name, "admin", "account", act, HOSPITAL.account, "--org-keys", "keys", "--index", world.url("index"),
        "--passphrase-file", "passphrase", *more,
    )  # fmt: skip


def test_a_stolen_folder_opens_nothing(world: World) -> None:
    """Every file of the desk, copied while its owner's shift is open: no shift, and none without password and code."""
    stolen = world.root / HOSPITAL.name / "stolen"
    shutil.copytree(world.root / HOSPITAL.name / "desk", stolen)
    stolen.chmod(0o700)

    asked = world.command(HOSPITAL.name, "lookup", "--stdin", "--home", "stolen", stdin=CHILD)
    assert (asked.code, asked.stdout) == (4, "")
    assert "Nobody is signed in on this device." in asked.stderr
    guess = {"username": HOSPITAL.account, "password": "a guess at a password", "code": "000000", "pin": "482913"}
    guessed = world.command(HOSPITAL.name, "login", "--stdin", "--home", "stolen", stdin=json.dumps(guess))
    assert guessed.code == 4
    assert "do not belong together" in guessed.stderr
    assert look_up(world).code == 0


def test_a_locked_shift_asks_for_nothing_without_a_terminal(world: World) -> None:
    """It says how to go on; signing in anew opens another."""
    assert world.command(HOSPITAL.name, "lock").code == 0
    locked = look_up(world)

    assert (locked.code, locked.stdout) == (4, "")
    assert "The shift on this device is locked." in locked.stderr
    world.sign_in(HOSPITAL.name)
    assert look_up(world).code == 0


def test_the_hospitals_case_references_open_on_its_nurses_device_alone(world: World) -> None:
    """By the key that its administrator's own command sealed to it; not on an auditor's, nor while it is locked."""
    public = load_organisation(world.root / HOSPITAL.name / "keys")
    sealed = [seal_case_reference("case 17", to=public.sealing_key, organisation=HOSPITAL.name)]
    desk, audit = world.root / HOSPITAL.name / "desk", world.root / AUDIT.name / "desk"

    signed_in = world.command(HOSPITAL.name, "login", "--stdin", stdin=world.what_is_typed(HOSPITAL.name))
    assert signed_in.code == 0
    assert "cannot open" not in signed_in.stderr
    assert open_references(desk, sealed, organisation=HOSPITAL.name) == ["case 17"]
    assert open_references(audit, sealed, organisation=AUDIT.name) == [None]
    key = load_sealing_key(world.root / HOSPITAL.name / "keys").seed.reveal()
    assert not any(key in path.read_bytes() for path in desk.rglob("*") if path.is_file())
    assert world.command(HOSPITAL.name, "lock").code == 0
    with pytest.raises(SignIn, match="locked"):
        open_references(desk, sealed, organisation=HOSPITAL.name)
    world.sign_in(HOSPITAL.name)


def test_the_same_again_is_free_and_takes_no_details(world: World) -> None:
    """By the receipt, as it is said on the telephone."""
    receipt = json.loads(look_up(world).stdout)["receipt"]

    again = world.command(HOSPITAL.name, "lookup", "--again", receipt.lower().replace("-", ""), "--json")
    assert again.code == 0
    assert json.loads(again.stdout)["receipt"] == receipt
    assert json.loads(again.stdout)["answer"] == "none"
    unknown = world.command(HOSPITAL.name, "lookup", "--again", "0000-0000")
    assert (unknown.code, unknown.stdout) == (2, "")
    both = world.command(HOSPITAL.name, "lookup", "--again", receipt, "--stdin", stdin=CHILD)
    assert both.code == 2


def test_a_suspended_account_is_stopped_at_its_next_request_and_may_come_back(world: World) -> None:
    """By the administrator's word alone."""
    assert administer(world, "suspend").code == 0
    stopped = look_up(world)

    assert (stopped.code, stopped.stdout) == (4, "")
    refused = world.command(HOSPITAL.name, "login", "--stdin", stdin=world.what_is_typed(HOSPITAL.name))
    assert refused.code == 3
    assert "suspended" in refused.stderr
    assert administer(world, "reinstate").code == 0
    world.sign_in(HOSPITAL.name)


def test_who_signs_out_is_out_at_the_index_too_and_a_locked_shift_says_that_it_is_not(world: World) -> None:
    """The command says which of the two it was."""
    out = world.command(HOSPITAL.name, "logout")
    assert (out.code, out.stderr) == (0, "The shift is over.\n")
    assert world.command(HOSPITAL.name, "logout").stderr == "Nobody was signed in on this device.\n"

    world.sign_in(HOSPITAL.name)
    assert world.command(HOSPITAL.name, "lock").code == 0
    locked = world.command(HOSPITAL.name, "logout")
    assert locked.code == 0
    assert "The index was not told: the shift is locked" in locked.stderr
    again = world.command(HOSPITAL.name, "login", "--stdin", stdin=world.what_is_typed(HOSPITAL.name))
    assert again.code == 0
    assert "was open still. It is over now." in again.stderr


def test_a_password_is_changed_without_an_administrator(world: World) -> None:
    """A weak one, or a wrong code, changes nothing; afterwards the shift is over, and the new one opens another."""
    typed = json.loads(world.what_is_typed(HOSPITAL.name))
    new = "copper meadow lantern thimble"

    def change(**given: str) -> Completed:
        asked = {"password": typed["password"], "code": typed["code"], "new_password": new, **given}
        return world.command(HOSPITAL.name, "password", "--stdin", stdin=json.dumps(asked))

    assert change(new_password="password1234").code == 2
    assert change(code="000000").code == 4
    assert look_up(world).code == 0
    changed = change()
    assert (changed.code, changed.stdout) == (0, "Your password is changed.\n")
    assert new not in changed.stderr
    assert look_up(world).code == 4
    signing_in = {**json.loads(world.what_is_typed(HOSPITAL.name)), "password": new}
    assert world.command(HOSPITAL.name, "login", "--stdin", stdin=json.dumps(signing_in)).code == 0
    assert look_up(world).code == 0


def test_an_auditor_reads_checks_and_exports_the_record_and_looks_nobody_up(world: World) -> None:
    """And notices when a leaf was changed behind the index's back."""
    looked = world.command(AUDIT.name, "lookup", "--stdin", stdin=CHILD)
    assert looked.code == 3
    verified = world.command(AUDIT.name, "audit", "verify", "--json")
    assert verified.code == 0
    told = json.loads(verified.stdout)
    assert told["leaves"] > 5
    listed = json.loads(world.command(AUDIT.name, "audit", "list", "--action", "looked-up", "--json").stdout)
    assert {leaf["account"] for leaf in listed["leaves"]} == {HOSPITAL.account}
    assert world.command(AUDIT.name, "audit", "export", "--out", "record.jsonl").code == 0
    lines = (world.root / AUDIT.name / "record.jsonl").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert world.command(AUDIT.name, "audit", "verify", "--last", told["last"]).code == 0
    assert world.command(AUDIT.name, "audit", "verify", "--last", "A" * 43).code == 9
    assert world.command(HOSPITAL.name, "audit", "list").code == 3

    world.kill("index")
    connection = sqlite3.connect(str(world.root / "index" / "data" / "index.sqlite"))
    with connection:
        connection.execute("DELETE FROM audit_leaves WHERE sequence = 3")
    connection.close()
    world.start("index")
    broken = world.command(AUDIT.name, "audit", "verify")
    assert (broken.code, broken.stdout) == (9, "")
