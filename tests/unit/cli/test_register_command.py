"""`signpost register` with pretend services: what it says, how it ends, and what it never overwrites."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from signpost.edge.organisation_keys import Organisation
from signpost.protocol.messages import BULK_CHILDREN
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.sealing import OpeningKey
from signpost.protocol.secret import Secret
from signpost_cli import register_command
from signpost_cli.demo.families import CSV_COLUMNS, HANDLES, generate_csv, generate_ssd, write_handles
from signpost_cli.main import run
from tests.support.pretend_services import HANDLE, Fault, Pretence, StillClock, free_port_run
from tests.unit.cli.test_on_a_terminal import Terminal

TODAY = dt.date.today()  # noqa: DTZ011 - the feeds' own day
CHILDREN = 15


@dataclass
class Council:
    """A feed machine, its services, and the folder it is used in."""

    pretence: Pretence
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "caseload.csv"

    @property
    def home(self) -> Path:
        return self.folder / "desk"

    @property
    def errors(self) -> Path:
        return self.folder / "errors.csv"

    def lines(self) -> list[str]:
        return self.file.read_text().splitlines()

    def keep(self, lines: list[str]) -> None:
        self.file.write_text("\n".join(lines) + "\n")

    def spoil(self, rows: int) -> None:
        """Make the NHS number of the first rows wrong."""
        header, *lines = self.lines()
        self.keep([header, *(line.replace(",999", ",998", 1) for line in lines[:rows]), *lines[rows:]])

    def arguments(self, *more: str) -> list[str]:
        return ["register", str(self.file), "--format", "csv", "--handles", str(self.folder / "handles.csv"), *more]

    def register(self, *more: str) -> int:
        with self.pretence.on_loopback():
            return run(self.arguments(*more))


@pytest.fixture
def council(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Council:
    return made_council(tmp_path, monkeypatch)


def made_council(folder: Path, monkeypatch: pytest.MonkeyPatch, *, kind: Kind = Kind.HOSPITAL) -> Council:
    """A feed machine in that folder, with its extract; where its kind is no matter, of whatever kind."""
    first = free_port_run(4)
    clock = StillClock(int(time.time()))
    pretence = Pretence(role=Role.FEED, kind=kind, port=first, index_port=first + 3, clock=clock, page=1000)
    made = Council(pretence, folder)
    pretence.make_desk(made.home)
    own = pretence.organisation
    sealing = OpeningKey(Secret(os.urandom(32))).seal_key
    document = Organisation(own.name, own.kind, own.signing_key.verify_key, sealing).document()
    (made.home / "organisation.json").write_bytes(document)
    reference = made.home / "reference.key"
    reference.touch(mode=0o600)
    reference.write_bytes(os.urandom(32))
    monkeypatch.setenv("SIGNPOST_HOME", str(made.home))
    generate_csv(made.file, 7, CHILDREN, today=TODAY)
    write_handles(folder / "handles.csv", dict.fromkeys([*HANDLES, *HANDLES.values()], HANDLE))
    return made


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def test_a_small_file_is_registered_without_a_word_of_progress(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = len(council.lines()) - 1

    assert council.register() == 0
    first = capsys.readouterr()
    assert council.register() == 0

    assert first.out == f"Added {rows} · unchanged 0 · rejected 0 (0.00 %, limit 2 %)\n"
    assert first.err.startswith("Of 15 children:\n  100.0 % can be confirmed by what is known of them")
    assert "Reading" not in first.err
    assert "Registering" not in first.err
    assert capsys.readouterr().out == f"Added 0 · unchanged {rows} · rejected 0 (0.00 %, limit 2 %)\n"


def test_the_report_says_how_good_the_extract_is_and_names_nobody(council: Council, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    assert council.register("--report", str(report), "--dry-run") == 0

    told = json.loads(report.read_text())
    assert (told["schema"], told["children"], told["with_t1_input"]) == ("signpost.quality/1", 15, 15)
    assert report.stat().st_mode & 0o777 == 0o600


def test_the_report_does_not_take_the_place_of_the_extract(
    council: Council, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert council.register("--report", str(council.file)) == 2
    assert "The file that --report names is one of the files to be read" in capsys.readouterr().err
    assert council.register("--report", str(tmp_path / "nowhere" / "report.json")) == 2
    assert "cannot be written" in capsys.readouterr().err


# -- limits -----------------------------------------------------------------------------------------------------------


def test_a_dry_run_that_would_stop_ends_with_5_and_tells_every_limit(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    council.register()
    rows = len(council.lines()) - 1
    council.keep(council.lines()[: rows // 2 + 1])
    council.spoil(1)
    capsys.readouterr()
    sent = len(council.pretence.arrived[1])

    assert council.register("--dry-run") == 5

    shown = capsys.readouterr()
    gone = rows - rows // 2
    assert shown.out.startswith(f"Would add 0 · withdraw {gone} · ")
    assert "signpost: It would stop here.\n" in shown.err
    assert f"1 of {rows // 2} rows were rejected, more than the limit of 2 %." in shown.err
    assert f"{gone} of the " in shown.err
    assert "involvements that are open or gone from the extract would end or be withdrawn" in shown.err
    assert f"a higher --reject-limit and --accept-ends {gone}" in shown.err
    assert len(council.pretence.arrived[1]) == sent
    assert council.pretence.changed == []


def test_too_many_ends_stop_a_feed_that_nobody_is_asked_about(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    council.register()
    council.keep(council.lines()[:5])

    assert council.register() == 5

    assert "The feed stops here. Nothing was sent." in capsys.readouterr().err
    assert council.pretence.changed == []


@pytest.mark.parametrize("accepted", [True, False])
def test_a_person_at_a_terminal_sees_the_question_and_answers_it(
    council: Council, terminals: list[Terminal], accepted: bool
) -> None:
    council.register()
    gone = len(council.lines()) - 5
    council.keep(council.lines()[:5])

    with council.pretence.on_loopback():
        terminals.append(terminal := Terminal(*council.arguments(), home=council.home))
        terminal.expect(f"Type {gone} to accept that: ")
        time.sleep(0.3)  # whatever was still drawn would be drawn by now
        assert terminal.screen()[-1] == f"Type {gone} to accept that: "
        terminal.type(f"{gone}\n" if accepted else "no\n")
        assert terminal.end() == (0 if accepted else 5)

    assert len(council.pretence.changed) == (gone if accepted else 0)


def test_an_interruption_at_the_question_says_that_nothing_was_sent(
    council: Council, terminals: list[Terminal]
) -> None:
    council.register()
    council.keep(council.lines()[:5])

    with council.pretence.on_loopback():
        terminals.append(terminal := Terminal(*council.arguments(), home=council.home))
        terminal.expect("to accept that: ")
        terminal.interrupt()
        assert terminal.end() == 130

    assert "Interrupted. Nothing was sent." in "\n".join(terminal.screen())


def test_no_bar_is_on_the_screen_when_the_question_is_asked(council: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the reading took: a live bar would draw over the question."""
    council.register()
    council.keep(council.lines()[:5])
    shown: list[str] = []

    class Bar:
        def __init__(self, what: str, **_: object) -> None:
            self._what = what

        def __enter__(self) -> None:
            shown.append(self._what)

        def __exit__(self, *_: object) -> None:
            shown.remove(self._what)

        def advance(self, count: int) -> None:
            assert shown == [self._what]

    def asked(question: str, **_: object) -> str:
        assert shown == []
        return question.split()[1]

    monkeypatch.setattr(register_command, "Progress", Bar)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(typer, "prompt", asked)

    assert council.register() == 0
    assert council.pretence.changed


# -- the list of rejected rows ----------------------------------------------------------------------------------------


def test_rejected_rows_are_listed_for_their_owner_alone(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    council.spoil(1)
    council.errors.write_text("an earlier list\n")

    assert council.register("--errors", str(council.errors), "--reject-limit", "50") == 5

    header, error = council.errors.read_text().splitlines()
    assert (header, error[:14]) == ("row,field,code,meaning"[:23], "2,nhs_number,N")
    assert stat.S_IMODE(council.errors.stat().st_mode) == 0o600
    assert "1 error is listed in" in capsys.readouterr().err
    assert [path.name for path in council.folder.glob(".*")] == []


def test_the_list_is_there_when_a_limit_stops_the_feed(council: Council) -> None:
    council.spoil(5)

    assert council.register("--errors", str(council.errors)) == 5

    assert len(council.errors.read_text().splitlines()) == 6


def test_a_run_that_fails_early_leaves_an_earlier_list(council: Council) -> None:
    council.errors.write_text("an earlier list\n")
    council.keep(["local_id,end", *council.lines()[1:]])

    assert council.register("--errors", str(council.errors)) == 2

    assert council.errors.read_text() == "an earlier list\n"
    assert [path.name for path in council.folder.glob(".*")] == []


@pytest.mark.parametrize("name", ["caseload.csv", "handles.csv", "link.csv", "hard.csv"])
def test_the_list_is_never_one_of_the_feeds_own_files(
    council: Council, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (council.folder / "link.csv").symlink_to(council.file)
    os.link(council.file, council.folder / "hard.csv")
    before = council.file.read_bytes(), (council.folder / "handles.csv").read_bytes()

    assert council.register("--errors", str(council.folder / name)) == 2

    assert (council.file.read_bytes(), (council.folder / "handles.csv").read_bytes()) == before
    assert "one of the files to be read" in capsys.readouterr().err
    assert not any(council.pretence.arrived.values())


@pytest.mark.parametrize("name", ["ssd_person.csv", "ssd_address.csv", "new.csv"])
def test_the_list_is_never_in_the_folder_of_an_extract(council: Council, name: str) -> None:
    extract = council.folder / "ssd"
    generate_ssd(extract, 7, 3, today=TODAY)
    (extract / "ssd_address.csv").write_text("not read, and not ours\n")
    before = {path.name: path.read_bytes() for path in extract.iterdir()}

    assert run(["register", str(extract), "--format", "ssd", "--errors", str(extract / name)]) == 2

    assert {path.name: path.read_bytes() for path in extract.iterdir()} == before


def test_a_link_is_replaced_and_not_followed(council: Council) -> None:
    elsewhere = council.folder / "diary.txt"
    elsewhere.write_text("mine\n")
    council.errors.symlink_to(elsewhere)

    assert council.register("--errors", str(council.errors)) == 0

    assert elsewhere.read_text() == "mine\n"
    assert council.errors.read_text() == "row,field,code,meaning\n"
    assert not council.errors.is_symlink()


@pytest.mark.parametrize("name", ["no-such-folder/errors.csv", "desk"])
def test_a_list_that_cannot_be_written_is_a_usage_error(
    council: Council, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert council.register("--errors", str(council.folder / name)) == 2

    assert "--errors" in capsys.readouterr().err


@pytest.mark.parametrize(("rows", "hinted"), [(2, False), (40, True)])
def test_a_list_is_offered_only_where_the_screen_was_cut(
    council: Council, capsys: pytest.CaptureFixture[str], rows: int, hinted: bool
) -> None:
    generate_csv(council.file, 7, 60, today=TODAY)
    council.spoil(rows)

    assert council.register("--reject-limit", "100", "--dry-run") == 5

    assert ("Add --errors errors.csv" in capsys.readouterr().err) is hinted


# -- failures ---------------------------------------------------------------------------------------------------------


def test_an_index_that_is_not_there_is_told_in_a_feeds_words(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    council.pretence.faults = {0: Fault.SILENT}

    assert council.register("--dry-run") == 6

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "signpost: The feed could not be compared with the index. Nothing was sent."
    assert lines[1].startswith("  Why: The index gave no answer: ")
    assert lines[2] == "  Next: signpost doctor"


def test_holders_that_are_not_there_are_told_in_a_feeds_words(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    council.pretence.faults = {1: Fault.SILENT, 2: Fault.SILENT}

    assert council.register() == 6

    first, *_ = capsys.readouterr().err.splitlines()
    assert first == (
        "signpost: The feed could not be sent to its end. What was acknowledged stands; run the same command again."
    )


def test_a_refusal_says_what_it_is(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    council.pretence.faults = {0: Fault.CREDENTIAL_EXPIRED}

    assert council.register() == 4

    assert "  Why: This device's enrolment or credential is not accepted. " in capsys.readouterr().err


def test_an_interruption_while_sending_says_what_stands(council: Council, terminals: list[Terminal]) -> None:
    generate_csv(council.file, 7, 20 * BULK_CHILDREN, today=TODAY)

    with council.pretence.on_loopback():
        terminals.append(terminal := Terminal(*council.arguments(), home=council.home))
        deadline = time.monotonic() + 20
        while not council.pretence.registered and time.monotonic() < deadline:
            time.sleep(0.02)
        terminal._process.send_signal(signal.SIGINT)
        assert terminal.end() == 130

    shown = "".join(terminal.screen())
    assert "Interrupted. What was acknowledged stands; run the same command again." in shown


def test_a_file_of_another_format_is_named_by_its_code(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    at = CSV_COLUMNS.index("end") + 1
    header, *rows = council.lines()
    council.keep([header.replace(",end,", ",End Date,"), *rows])

    assert council.register() == 2

    shown = capsys.readouterr().err
    assert "signpost: The extract cannot be read. Nothing was sent." in shown
    assert f"end (column {at}): " in shown
    assert "(COLUMN_MISSPELT)" in shown


def test_teams_without_a_handles_file_are_told_once(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    extract = council.folder / "ssd"
    generate_ssd(extract, 7, 30, today=TODAY)

    with council.pretence.on_loopback():
        assert run(["register", str(extract), "--format", "ssd"]) == 2

    shown = capsys.readouterr().err
    assert shown.count("no handles file was named: --handles FILE") == 1
    assert "HANDLE_UNKNOWN" not in shown


def test_the_help_shows_the_example_as_it_is_typed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["register", "--help"]) == 0

    assert "\n    signpost register extract/ --format ssd" in capsys.readouterr().out


def test_what_was_changed_at_the_gateway_is_told_and_sent_again_by_an_option(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a dry run, too; the summary on stdout stays one line."""
    assert council.register() == 0
    rows = len(council.pretence.registered)
    council.pretence.changed_here = {council.pretence.registered[0].reference}
    capsys.readouterr()

    assert council.register("--dry-run") == 0
    told = capsys.readouterr()
    assert "1 piece of work was ended or handed over at the gateway, and the extract has it as it was: row " in told.err
    assert "--send-again" in told.err
    assert told.out == f"Would add 0 · unchanged {rows} · rejected 0 (0.00 %, limit 2 %)\n"
    assert council.register("--json", "--dry-run") == 0
    assert json.loads(capsys.readouterr().out)["changed_here"] == 1

    assert council.register("--send-again") == 0
    told = capsys.readouterr()
    assert told.out == f"Added 0 · changed 1 · unchanged {rows - 1} · rejected 0 (0.00 %, limit 2 %)\n"
    assert "gateway" not in told.err


def test_a_program_gets_the_figures_alone(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    assert council.register("--json", "--dry-run") == 0

    shown = json.loads(capsys.readouterr().out)
    assert (shown["schema"], shown["dry_run"], shown["add"]) == ("signpost.register/1", True, len(council.lines()) - 1)
