"""`signpost admin account list`, `suspend` and `admin handle own`, as an administrator who is signed in."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.protocol.messages import Nothing, OwnAccount
from signpost.protocol.own_organisation import AccountList, HandleFault, OwnHandle, OwnHandleList
from signpost.protocol.purposes import Kind, Role
from signpost_cli.exit_codes import ExitCode
from signpost_cli.main import run
from tests.support.pretend_services import Fault, Pretence, StillClock, free_port_run

ACCOUNTS = AccountList(
    accounts=[
        OwnAccount(
            account="ae-desk-1", role=Role.URGENT, state="awaiting-approval", vetting_until=dt.date(2028, 3, 31),
            training_until=dt.date(2027, 3, 31),
        )
    ]
)  # fmt: skip


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretence]:
    """Services that listen, and a desk that an administrator is signed in at."""
    first = free_port_run(4)
    pretence = Pretence(
        role=Role.ADMINISTRATOR, kind=Kind.HOSPITAL, port=first, index_port=first + 3,
        clock=StillClock(int(time.time())),
    )  # fmt: skip
    monkeypatch.setenv("SIGNPOST_HOME", str(pretence.make_desk(tmp_path / "desk")))
    with pretence.on_loopback():
        yield pretence


def handle(**changed: object) -> OwnHandle:
    """A desk that is right."""
    return OwnHandle.model_validate(
        {
            "handle": "R5A0-2GTB", "title": "Duty desk", "telephone": "01632 960001", "email": None, "hours": None,
            "out_of_hours": None, "handed_over_to": None, "consent_only": False, "privacy_office": False,
            "confirmed_on": dt.date(2026, 3, 4), "faults": [], **changed,
        }
    )  # fmt: skip


def test_accounts_are_listed_without_the_organisations_key(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """The same lines, and the same document, as by the key."""
    index.says["/v1/accounts/list"] = ACCOUNTS

    assert run(["admin", "account", "list"]) == 0
    assert run(["admin", "account", "list", "--json"]) == 0

    told = capsys.readouterr().out.splitlines()
    assert told[0] == "ae-desk-1  urgent  awaiting approval  vetting until 2028-03-31, training until 2027-03-31"
    assert json.loads(told[1])["schema"] == "signpost.accounts/1"


def test_an_account_is_stopped_by_name(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    index.says["/v1/accounts/suspend"] = Nothing()

    assert run(["admin", "account", "suspend", "ae-desk-1"]) == 0

    assert [(path, json.loads(body)) for path, body in index.heard] == [
        ("/v1/accounts/suspend", {"account": "ae-desk-1"})
    ]
    assert capsys.readouterr().out == "ae-desk-1  suspended\n"


@pytest.mark.parametrize("half", [["--org-keys", "keys"], ["--index", "https://index.example"]])
@pytest.mark.parametrize("command", [["list"], ["suspend", "ae-desk-1"]])
def test_the_key_and_the_address_are_named_together_or_neither(
    index: Pretence, command: list[str], half: list[str]
) -> None:
    """Else somebody who meant the key would act as whoever is signed in."""
    assert run(["admin", "account", *command, *half]) == ExitCode.USAGE
    assert index.heard == []


def test_own_handles_are_shown_with_what_is_wrong(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    """And the exit code says that somebody has to do something."""
    index.says["/v1/handles/whole"] = OwnHandleList(handles=[handle()])
    assert run(["admin", "handle", "own"]) == 0
    assert capsys.readouterr().out == "R5A0-2GTB  Duty desk  01632 960001  confirmed on 4 March 2026\n"

    faulty = handle(title="Duty\x1b[2J", confirmed_on=None, faults=[HandleFault.UNCONFIRMED])
    index.says["/v1/handles/whole"] = OwnHandleList(handles=[faulty])
    assert run(["admin", "handle", "own"]) == ExitCode.NEEDS_A_PERSON

    told = capsys.readouterr().out
    assert "never confirmed" in told
    assert "may be wrong: nobody has confirmed it" in told
    assert "\x1b" not in told
    assert run(["admin", "handle", "own", "--json"]) == ExitCode.NEEDS_A_PERSON
    assert json.loads(capsys.readouterr().out)["handles"][0]["faults"] == ["unconfirmed"]


def test_whoever_is_no_administrator_is_told_whose_it_is(index: Pretence, capsys: pytest.CaptureFixture[str]) -> None:
    index.faults[0] = Fault.ROLE_REFUSED

    assert run(["admin", "account", "list"]) == ExitCode.REFUSED

    assert "no administrator's" in capsys.readouterr().err
