"""`signpost register --ask-elsewhere` with pretend services: who is asked about, by whom, and how it ends."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Role, Urgency
from signpost_cli.demo.families import CSV_COLUMNS
from signpost_cli.main import run
from tests.support.pretend_services import Fault
from tests.unit.cli.test_on_a_terminal import Terminal
from tests.unit.cli.test_register_command import TODAY, Council, made_council

_LETTERS = "BCDFGHJKMNPQRSTVW"
RECEIPTS = [f"M2XF-7RT{letter}" for letter in _LETTERS]


@pytest.fixture
def council(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Council:
    """A council whose practitioner is signed in, on a desk beside the feed's."""
    made = made_council(tmp_path, monkeypatch, kind=Kind.COUNCIL)
    made.pretence.make_desk(tmp_path / "duty", made.pretence.another_device("duty.7", Role.PRACTITIONER))
    made.pretence.receipts = list(RECEIPTS)
    return made


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def asking(council: Council, *more: str) -> list[str]:
    """The options of asking elsewhere."""
    return [
        "--ask-elsewhere", "s17", "--ask-as", str(council.folder / "duty"), "--asked", str(asked_file(council)), *more,
    ]  # fmt: skip


def asked_file(council: Council) -> Path:
    return council.folder / "asked.csv"


def asked_rows(council: Council) -> dict[int, str]:
    """What the file says: each row with its receipt."""
    with asked_file(council).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(list(row) == ["row", "receipt"] for row in rows)
    assert len({row["row"] for row in rows}) == len(rows)
    return {int(row["row"]): row["receipt"] for row in rows}


def first_open_rows(council: Council) -> list[int]:
    """The number of the first row with open work of each child that has any."""
    with council.file.open(newline="") as file:
        rows = [(number, row) for number, row in enumerate(csv.DictReader(file), start=2) if not row["end"]]
    first: dict[str, int] = {}
    for number, row in rows:
        first.setdefault(row["local_id"], number)
    return list(first.values())


def sent_to(council: Council, path: str) -> int:
    return sum(request.path == path for request in council.pretence.arrived[0])


def on_the(turn: int, path: str, act: Callable[[], None]) -> Callable[[str], None]:
    """Acts on so many-th request of a path, and on each that follows."""
    seen = 0

    def before(arrived: str) -> None:
        nonlocal seen
        seen += arrived == path
        if arrived == path and seen >= turn:
            act()

    return before


def refuse(code: ProblemCode) -> Callable[[], None]:
    def act() -> None:
        raise Problem(code)

    return act


# -- who is asked about -----------------------------------------------------------------------------------------------


def test_each_newly_added_child_is_asked_about_once_by_the_person_and_nothing_by_the_feed(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    children = first_open_rows(council)
    assert len(children) > 5

    assert council.register(*asking(council)) == 0

    asked = council.pretence.call_backs
    assert {account for account, _ in asked} == {"duty.7"}
    assert {(left.purpose.value, left.urgency) for _, left in asked} == {("s17", Urgency.WEEK)}
    assert [left.receipt for _, left in asked] == RECEIPTS[: len(children)]
    assert sent_to(council, "/v1/lookups") == len(children)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Added ")
    assert second == f"Asked elsewhere about {len(children)} newly added children: call-backs are left."


def test_the_file_holds_rows_and_receipts_for_its_owner_alone(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    """No identifier, and not what was answered; the order is not the extract's."""
    council.pretence.word = "previous"

    assert council.register(*asking(council)) == 0

    rows = asked_rows(council)
    assert sorted(rows) == first_open_rows(council)
    assert list(rows) != sorted(rows)
    assert list(rows.values()) == RECEIPTS[: len(rows)]
    assert stat.S_IMODE(asked_file(council).stat().st_mode) == 0o600
    assert re.fullmatch(r"row,receipt\n(\d+,[A-Z0-9]{4}-[A-Z0-9]{4}\n)+", asked_file(council).read_text())
    shown = capsys.readouterr()
    assert "previous" not in (shown.out + shown.err).lower()
    assert not any(receipt in shown.out + shown.err for receipt in rows.values())


def test_the_same_again_asks_about_nobody_and_makes_no_file(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    assert council.register() == 0
    capsys.readouterr()

    assert council.register(*asking(council)) == 0

    assert capsys.readouterr().out.splitlines()[1] == "No child is newly added: nobody was asked about."
    assert council.pretence.call_backs == []
    assert not asked_file(council).exists()


def test_a_child_with_another_piece_of_work_is_not_newly_added(council: Council) -> None:
    """And a changed row is not, nor work that has ended: one child alone is."""
    header, first, *others = council.lines()
    assert council.register() == 0
    local_id, end = CSV_COLUMNS.index("local_id"), CSV_COLUMNS.index("end")
    more, ended, changed, new = (first.split(",") for _ in range(4))
    more[CSV_COLUMNS.index("start")] = ended[CSV_COLUMNS.index("start")] = "2026-01-05"
    ended[local_id], ended[end], new[local_id] = "L-ENDED", "2026-02-05", "L-NEW"
    changed[CSV_COLUMNS.index("basis")] = "significant_harm"
    council.keep([header, ",".join(changed), *others, *map(",".join, (more, ended, new, new[:1] + more[1:]))])

    assert council.register(*asking(council), "--accept-ends", "2") == 0

    assert list(asked_rows(council)) == [len(council.lines()) - 1]


def test_a_child_nobody_can_look_up_by_what_is_known_is_told_and_not_sent(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unborn child is known by its mother's number, which is for urgent roles."""
    header, first, *_ = council.lines()
    columns = header.split(",")
    known = dict(zip(columns, first.split(","), strict=True))
    unborn = dict.fromkeys([*columns, "expected_date_of_birth"], "") | {
        "local_id": "L-UNBORN",
        "mother_nhs_number": "9990000042",
        "expected_date_of_birth": (TODAY + dt.timedelta(days=60)).isoformat(),
        "handle": known["handle"],
        "start": (TODAY - dt.timedelta(days=14)).isoformat(),
    }
    council.keep([",".join(unborn), f"{first},", ",".join(unborn.values())])

    assert council.register(*asking(council)) == 0

    assert asked_rows(council) == {2: RECEIPTS[0], 3: ""}
    shown = capsys.readouterr()
    assert "Asked elsewhere about 1 newly added child: a call-back is left." in shown.out
    assert "Of 1 newly added child too little is known to ask about." in shown.err


def test_a_dry_run_says_how_many_and_asks_about_nobody(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    children = len(first_open_rows(council))

    assert council.register("--dry-run", *asking(council)) == 0
    assert capsys.readouterr().out.splitlines()[1] == f"Would ask elsewhere about {children} newly added children."
    assert council.register("--dry-run", "--json", *asking(council)) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["ask_elsewhere"] == {"newly_added": children, "asked": 0, "not_askable": 0}
    assert sent_to(council, "/v1/lookups") == sent_to(council, "/v1/contact/asks") == 0
    assert not asked_file(council).exists()


def test_a_program_gets_the_numbers_of_asking_too(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    children = len(first_open_rows(council))

    assert council.register("--json", *asking(council)) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["ask_elsewhere"] == {"newly_added": children, "asked": children, "not_askable": 0}


# -- who may not ------------------------------------------------------------------------------------------------------


def test_without_a_person_to_ask_as_nothing_is_sent(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    assert council.register("--ask-elsewhere", "s17", "--asked", str(asked_file(council))) == 2

    assert "--ask-elsewhere needs --ask-as FOLDER: a feed looks nobody up." in capsys.readouterr().err
    assert not any(council.pretence.arrived.values())


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"--ask-elsewhere": None}, 2, "--ask-as goes with --ask-elsewhere PURPOSE."),
        ({"--ask-elsewhere": None, "--ask-as": None}, 2, "--asked goes with --ask-elsewhere PURPOSE."),
        ({"--asked": None}, 2, "--ask-elsewhere needs --asked FILE"),
        ({"--asked": "caseload.csv"}, 2, "one of the files to be read"),
        ({"--asked": "handles.csv"}, 2, "one of the files to be read"),
        ({"--asked": "earlier.csv"}, 2, "is there already, and may hold receipts"),
        ({"--asked": "duty"}, 2, "What --asked names is not a file."),
        ({"--asked": "nowhere/asked.csv"}, 2, "cannot be made"),
        ({"--asked": "asked.csv", "--errors": "asked.csv"}, 2, "something else is written to"),
        ({"--ask-as": "desk"}, 3, "An account of this role looks nobody up."),
        ({"--ask-as": "nowhere"}, 4, "There is no desk.toml"),
        ({"--ask-as": "elsewhere"}, 2, "is of another organisation, or of another index"),
        ({"--ask-as": "rehearsal"}, 2, "is of another organisation, or of another index"),
        ({"--ask-elsewhere": "vital-interests"}, 3, "This role may not ask for that purpose."),
        ({"--ask-as": "left"}, 4, "Nobody is signed in on this device."),
    ],
)  # fmt: skip
def test_what_will_not_do_is_refused_before_anything_is_registered(
    council: Council, capsys: pytest.CaptureFixture[str], changed: dict[str, str | None], code: int, said: str
) -> None:
    (council.folder / "earlier.csv").write_text("row,receipt\n2,M2XF-7RTA\n")
    desk = (council.folder / "duty" / "desk.toml").read_text()
    for name, old, new in (
        ("left", "", ""),
        ("elsewhere", council.pretence.organisation.name, "east-council"),
        ("rehearsal", council.pretence.index_url, "http://127.0.0.1:9"),
    ):
        (council.folder / name).mkdir(mode=0o700)
        (council.folder / name / "desk.toml").write_text(desk.replace(old, new) if old else desk)
        (council.folder / name / "manifest.json").write_bytes(council.pretence.holders.signed.encoding())
    typed: dict[str, str | None] = dict(zip(asking(council)[::2], asking(council)[1::2], strict=True))
    for option, value in changed.items():
        relative = value is None or option == "--ask-elsewhere"
        typed[option] = value if relative else str(council.folder / str(value))
    options = [word for option, value in typed.items() if value is not None for word in (option, value)]

    assert council.register(*options) == code

    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""
    assert council.pretence.registered == []
    assert council.pretence.call_backs == []
    assert not asked_file(council).exists()
    assert (council.folder / "earlier.csv").read_text() == "row,receipt\n2,M2XF-7RTA\n"


# -- not to its end ---------------------------------------------------------------------------------------------------


def cut_after(council: Council, asked: int) -> None:
    """The file lists every child, and so many with a receipt."""
    rows = asked_rows(council)
    assert sorted(rows) == first_open_rows(council)
    assert [receipt for receipt in rows.values() if receipt] == RECEIPTS[:asked]


def test_a_budget_used_up_says_how_many_were_not_asked_about(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    children = len(first_open_rows(council))
    council.pretence.before = on_the(4, "/v1/lookups", refuse(ProblemCode.BUDGET_USED))

    assert council.register(*asking(council)) == 7

    cut_after(council, 3)
    assert len(council.pretence.call_backs) == 3
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1] == "Asked elsewhere about 3 newly added children: call-backs are left."
    assert (
        f"Asking elsewhere stopped. Of {children} newly added children 3 were asked about, {children - 3} were not. "
        "All are registered." in shown.err
    )
    assert "Whoever has no receipt in the file that --asked names is looked up by hand (signpost lookup)" in shown.err


def test_a_lost_line_is_told_as_what_could_not_be_done(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    def lose() -> None:
        council.pretence.drop_replies = 1

    council.pretence.before = on_the(3, "/v1/lookups", lose)

    assert council.register(*asking(council)) == 6

    cut_after(council, 2)
    shown = capsys.readouterr().err
    assert "  Why: The index gave no answer: " in shown
    assert "2 were asked about" in shown


def test_a_call_back_that_was_not_left_leaves_its_receipt(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    """The lookup was charged by then, so whoever it was charged to can still leave it."""
    council.pretence.before = on_the(2, "/v1/contact/asks", refuse(ProblemCode.CREDENTIAL_EXPIRED))

    assert council.register(*asking(council)) == 4

    cut_after(council, 2)
    shown = capsys.readouterr().err
    assert "1 were asked about" in shown
    assert "Leave the last receipt's call-back yourself (signpost contact ask RECEIPT --urgency week)" in shown


def test_an_interruption_keeps_the_receipts_so_far(council: Council, terminals: list[Terminal]) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        reached.set()
        go_on.wait(20)

    council.pretence.before = on_the(3, "/v1/lookups", wait)
    with council.pretence.on_loopback():
        terminals.append(terminal := Terminal(*council.arguments(*asking(council)), home=council.home))
        assert reached.wait(20)
        assert list(asked_rows(council).values()) == RECEIPTS[:2]  # written as it goes
        terminal._process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
        go_on.set()

    cut_after(council, 2)
    shown = "".join(terminal.screen())
    assert "Added " in shown
    assert "2 were asked about" in shown
    assert len(council.pretence.registered) == len(council.lines()) - 1


def test_an_extract_that_changes_meanwhile_is_not_asked_from(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    council.pretence.before = on_the(1, "/v1/feeds/finished", lambda: council.spoil(len(council.lines())))

    assert council.register(*asking(council)) == 1

    assert "the file was changed while it was being read" in capsys.readouterr().err
    assert council.pretence.call_backs == []
    assert set(asked_rows(council).values()) == {""}


def test_a_registration_that_fails_lists_whom_nobody_was_asked_about(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it had added would not be newly added to the next run."""
    council.pretence.faults = {1: Fault.SILENT, 2: Fault.SILENT}

    assert council.register(*asking(council)) == 6

    cut_after(council, 0)
    shown = capsys.readouterr().err
    assert "Nobody was asked about elsewhere: " in shown
    assert "Running again, with another --asked, asks only about those that it adds then." in shown


def test_a_feed_that_its_limits_stop_leaves_no_file(council: Council) -> None:
    council.spoil(5)

    assert council.register(*asking(council)) == 5

    assert not asked_file(council).exists()
    assert council.pretence.call_backs == []


def test_rejected_rows_still_end_with_5_once_everybody_is_asked_about(council: Council) -> None:
    council.spoil(1)

    assert council.register(*asking(council), "--reject-limit", "50") == 5

    assert council.pretence.call_backs


def test_the_help_names_all_three_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["register", "--help"]) == 0

    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--ask-elsewhere", "--ask-as", "--asked"))
