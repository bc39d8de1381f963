"""On a real terminal: what is asked, what stays on the screen, and what is gone from it when the answer has come."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.protocol.purposes import Kind, Role
from tests.support.pretend_services import Fault, Pretence, StillClock, free_port_run

SECONDS = 20


class Terminal:
    """A command on a pseudo-terminal, and a picture of what its screen shows."""

    def __init__(self, *arguments: str, home: Path, stdout: bool = True, then: str = "", columns: int = 0) -> None:
        command = [sys.executable, "-m", "signpost_cli", *arguments]
        if then:
            command = ["sh", "-c", f"{shlex.join(command)}; {then}"]
        self._master, slave = pty.openpty()
        if columns:
            termios.tcsetwinsize(slave, (24, columns))
        self.raw = ""
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave if stdout else subprocess.PIPE,
            stderr=slave,
            env={**os.environ, "SIGNPOST_HOME": str(home), "TERM": "xterm", "COLUMNS": str(columns or 120)},
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(slave)

    def expect(self, text: str) -> None:
        """Wait until something is shown."""
        deadline = time.monotonic() + SECONDS
        while text not in self.raw:
            if time.monotonic() > deadline or not self._read():
                raise AssertionError(f"never showed {text!r}: {self.raw!r}")

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """Ctrl-C, as a person types it: a moment after the question. In the instant between showing a question and
        reading the answer, a signal would only be seen with the next key.
        """
        time.sleep(0.5)
        self.type("\x03")

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self._process.wait(SECONDS)

    def stdout(self) -> str:
        """What went to stdout, where it is not the terminal."""
        assert self._process.stdout is not None
        return self._process.stdout.read().decode()

    def screen(self) -> list[str]:
        """The lines that stand on the screen now."""
        return picture(self.raw)

    def close(self) -> None:
        os.close(self._master)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], SECONDS)
        if not ready:
            return False
        try:
            chunk = os.read(self._master, 65536)
        except OSError:  # Linux's way of saying that the other end is closed
            return False
        self.raw += chunk.decode()
        return bool(chunk)


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def picture(raw: str) -> list[str]:
    """What a terminal shows after these bytes: text, line ends, `up`, `erase from here` and bold; no more is used."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[\d*[A-Za-z]|\r|\n|[^\x1b\r\n]+", raw):
        match token[-1], token:
            case "A", _ if token.startswith("\x1b"):
                row = max(0, row - int(token[2:-1] or 1))
            case "J", _ if token.startswith("\x1b"):
                lines[row] = lines[row][:column]
                del lines[row + 1 :]
            case "m", _ if token.startswith("\x1b"):
                pass
            case _, "\r":
                column = 0
            case _, "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            case _:
                lines[row] = lines[row][:column].ljust(column) + token + lines[row][column + len(token) :]
                column += len(token)
    return [line for line in lines if line]


@pytest.fixture
def pretence() -> Pretence:
    first = free_port_run(4)
    return Pretence(port=first, index_port=first + 3, clock=StillClock(int(time.time())))


@pytest.fixture
def home(pretence: Pretence, tmp_path: Path) -> Path:
    return pretence.make_desk(tmp_path / "desk")


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def test_the_details_are_asked_for_shown_and_cleared(pretence: Pretence, home: Path, terminals: list[Terminal]) -> None:
    """They can be checked while the answer is awaited, and are gone when it is there."""
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("lookup", home=home))
        terminal.expect("NHS number: ")
        terminal.type("999 000 0042\n")
        terminal.expect("Date of birth: ")
        assert terminal.screen() == ["NHS number: 999 000 0042", "Date of birth: "]
        terminal.type("3 April 2015\n")
        assert terminal.end() == 0

    first, whom, *rest = terminal.screen()
    assert first == "CURRENT  A colleague elsewhere is working with this child."
    assert whom == "  (for the NHS number ending 0042)"
    assert rest[0].startswith("  Receipt K7Q2-94KD")
    assert "999 000 0042" not in "\n".join([first, *rest])
    assert "April" not in "\n".join([first, *rest])


def test_the_answer_goes_to_stdout_and_the_questions_do_not(
    pretence: Pretence, home: Path, terminals: list[Terminal]
) -> None:
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("lookup", "--json", home=home, stdout=False))
        terminal.expect("NHS number: ")
        terminal.type("9990000042\n")
        terminal.expect("Date of birth: ")
        terminal.type("2015-04-03\n")
        assert terminal.end() == 0

    assert terminal.stdout().startswith('{"schema":"signpost.lookup/1","answer":"current"')
    assert terminal.screen() == []


def test_a_upn_is_asked_for_where_there_is_no_nhs_number(
    pretence: Pretence, home: Path, terminals: list[Terminal]
) -> None:
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("lookup", home=home))
        terminal.expect("NHS number: ")
        terminal.type("\n")
        terminal.expect("UPN: ")
        terminal.type("A950000178301\n")
        terminal.expect("Date of birth: ")
        terminal.type("03/04/2015\n")
        assert terminal.end() == 0

    assert "  (for the UPN ending 8301)" in terminal.screen()
    assert "A950000178301" not in "\n".join(terminal.screen())


def test_a_child_is_asked_about_by_name_and_any_question_may_be_skipped(
    pretence: Pretence, home: Path, terminals: list[Terminal]
) -> None:
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("lookup", "--name", home=home))
        for question, typed in (
            ("Forename: ", "Beatrice"),
            ("Middle name: ", ""),
            ("Surname: ", "Okonkwo"),
            ("Date of birth, or the year alone: ", "3 April 2015"),
            ("Postcode: ", "LS1 4AB"),
            ("Previous postcode: ", ""),
            ("One of twins or more (y or n): ", ""),
            ("NHS number: ", ""),
            ("UPN: ", ""),
        ):
            terminal.expect(question)
            terminal.type(f"{typed}\n")
        assert terminal.end() == 0

    shown = "\n".join(terminal.screen())
    assert "  (for the child B.O. born 2015)" in shown
    assert not any(value in shown for value in ("Beatrice", "Okonkwo", "April", "LS1"))


def test_hidden_details_are_never_shown(pretence: Pretence, home: Path, terminals: list[Terminal]) -> None:
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("lookup", "--hidden", home=home))
        terminal.expect("NHS number: ")
        time.sleep(0.2)  # until the echo is off
        terminal.type("9990000042\n")
        terminal.expect("Date of birth: ")
        time.sleep(0.2)
        terminal.type("2015-04-03\n")
        assert terminal.end() == 0

    assert "9990000042" not in terminal.raw
    assert "2015-04-03" not in terminal.raw
    assert "0042" in terminal.raw


def test_what_somebody_signs_in_with_is_typed_unseen(pretence: Pretence, home: Path, terminals: list[Terminal]) -> None:
    """ASVS 6.2.6: password and PIN; the username may be seen, and a code that is good once."""
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("logout", home=home))
        assert terminal.end() == 0
        terminals.append(terminal := Terminal("login", home=home))
        terminal.expect("Username: ")
        terminal.type("nurse-1\n")
        for prompt, typed in [("Password: ", "quiet harbour violin"), ("One-time code: ", "271828"), ("PIN", "314159")]:
            terminal.expect(prompt)
            time.sleep(0.2)  # until the echo is off
            terminal.type(typed + "\n")
        terminal.end()

    assert "nurse-1" in terminal.raw
    for typed in ("quiet", "violin", "314159"):
        assert typed not in terminal.raw


def test_passwords_old_and_new_are_typed_unseen(pretence: Pretence, home: Path, terminals: list[Terminal]) -> None:
    """ASVS 6.2.6. One that is too short, or that is not typed the same twice, is asked for again."""
    old, short, new = "quiet harbour violin", "too short", "copper meadow lantern"
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("password", home=home))
        for prompt, typed in [
            ("Present password: ", old), ("One-time code: ", "271828"), ("New password: ", short),
            ("That is shorter than 12 characters.", new), ("The same again: ", new + "s"), ("The two differ.", new),
        ]:  # fmt: skip
            terminal.expect(prompt)
            time.sleep(0.2)  # until the echo is off
            terminal.type(typed + "\n")
        time.sleep(0.5)  # until it asks for the same again
        terminal.type(new + "\n")
        terminal.end()

    for typed in ("quiet", "violin", "too short", "copper", "lantern"):
        assert typed not in terminal.raw


def test_what_could_not_be_checked_is_said_after_the_details_are_gone(
    pretence: Pretence, home: Path, terminals: list[Terminal]
) -> None:
    pretence.faults = {1: Fault.SILENT, 2: Fault.SILENT}
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("lookup", home=home))
        terminal.expect("NHS number: ")
        terminal.type("9990000042\n")
        terminal.expect("Date of birth: ")
        terminal.type("2015-04-03\n")
        assert terminal.end() == 6

    first, *_ = terminal.screen()
    assert first == "COULD NOT CHECK  We could not check. This is not a no. Ring 0113 496 0000."
    assert "9990000042" not in "\n".join(terminal.screen())


def test_a_mistyped_field_is_asked_for_again_with_the_reason(
    pretence: Pretence, home: Path, terminals: list[Terminal]
) -> None:
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("lookup", home=home))
        terminal.expect("NHS number: ")
        terminal.type("9990000043\n")
        terminal.expect("  The NHS number is not valid: the check digit does not match.\r\nNHS number: ")
        terminal.type("9990000042\n")
        terminal.expect("Date of birth: ")
        terminal.type("3 Smarch 2015\n")
        terminal.expect("03/04/2015 (day first) or 2015-04-03.\r\nDate of birth: ")
        terminal.type("\n")
        terminal.expect("A date of birth is needed")
        terminal.expect("2015-04-03.\r\nDate of birth: ")
        terminal.type("2015\n")
        terminal.expect("The whole date of birth is needed")
        terminal.expect("The whole date of birth is needed: 3 April 2015, 03/04/2015 (day first) or 2015-04-03.\r\nD")
        terminal.type("3 April 2015\n")
        assert terminal.end() == 0

    assert terminal.screen()[0].startswith("CURRENT")
    assert "Smarch" not in "\n".join(terminal.screen())


def test_without_a_number_the_date_is_not_asked_for(home: Path, terminals: list[Terminal]) -> None:
    terminals.append(terminal := Terminal("lookup", home=home))
    terminal.expect("NHS number: ")
    terminal.type("\n")
    terminal.expect("UPN: ")
    terminal.type("\n")

    assert terminal.end() == 2
    assert "Date of birth: " not in terminal.raw
    assert "It needs an NHS number or a UPN" in "\n".join(terminal.screen())


def test_what_is_typed_ahead_does_not_reach_the_shell(
    pretence: Pretence, home: Path, terminals: list[Terminal]
) -> None:
    """Who takes an interruption for a wrong number types the next one: it would be run as a command, and kept."""
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("lookup", home=home, then='echo over; read -r line; echo "left: $line"'))
        terminal.expect("NHS number: ")
        terminal.type("9990000042\n")
        terminal.expect("Date of birth: ")
        terminal.type("2015-04-03\n9990000042\n")
        terminal.expect("over")
        terminal.type("whoami\n")
        assert terminal.end() == 0

    assert terminal.screen()[-1] == "left: whoami"


def test_an_interruption_clears_what_was_typed(pretence: Pretence, home: Path, terminals: list[Terminal]) -> None:
    terminals.append(terminal := Terminal("lookup", home=home))
    terminal.expect("NHS number: ")
    terminal.type("9990000042\n")
    terminal.expect("Date of birth: ")
    terminal.type("2015-")
    terminal.interrupt()

    assert terminal.end() == 130
    assert "signpost: Interrupted. Nothing was sent." in terminal.screen()
    assert "9990000042" not in "\n".join(terminal.screen())
    assert "2015" not in "\n".join(terminal.screen())


def test_the_end_of_input_is_an_interruption(pretence: Pretence, home: Path, terminals: list[Terminal]) -> None:
    terminals.append(terminal := Terminal("lookup", home=home))
    terminal.expect("NHS number: ")
    terminal.type("\x04")

    assert terminal.end() == 130


def test_a_process_list_never_shows_the_details(pretence: Pretence, home: Path, terminals: list[Terminal]) -> None:
    terminals.append(terminal := Terminal("lookup", home=home))
    terminal.expect("NHS number: ")
    terminal.type("9990000042\n")
    terminal.expect("Date of birth: ")

    process = Path(f"/proc/{terminal._process.pid}")
    assert b"9990000042" not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    terminal._process.send_signal(signal.SIGINT)
    terminal.end()


@pytest.fixture
def council(tmp_path: Path) -> tuple[Pretence, Path]:
    """Services, and a shielding officer's desk."""
    first = free_port_run(4)
    pretence = Pretence(
        role=Role.SHIELDING_OFFICER, kind=Kind.COUNCIL, port=first, index_port=first + 3,
        clock=StillClock(int(time.time())),
    )  # fmt: skip
    return pretence, pretence.make_desk(tmp_path / "desk")


def test_of_addresses_a_shield_asks_for_the_known_ones_alone_and_says_why(
    council: tuple[Pretence, Path], terminals: list[Terminal]
) -> None:
    """And all that was typed is gone when the shield stands."""
    pretence, home = council
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("shield", "add", "--reason", "fleeing-abuse", home=home))
        for question, typed in (
            ("Forename: ", "Beatrice"), ("Middle name: ", ""), ("Surname: ", "Okonkwo"),
            ("Date of birth, or the year alone: ", "3 April 2015"), ("One of twins or more (y or n): ", "n"),
            ("NHS number: ", "9990000042"), ("UPN: ", ""),
            ("Press Enter for none.\r\nA postcode that the danger already knows: ", "LS1 4AB"),
            ("Another that they already know: ", ""),
        ):  # fmt: skip
            terminal.expect(question)
            terminal.type(f"{typed}\n")
        assert terminal.end() == 0

    assert "Never the new address: a shield must not become a way to test guesses of it." in terminal.raw
    shown = "\n".join(terminal.screen())
    assert shown.startswith("SHIELDED  Shield 5H1E-0000")
    assert not any(value in shown for value in ("Beatrice", "Okonkwo", "April", "LS1", "Never the new address"))


def test_what_is_said_between_questions_breaks_between_words_and_goes_too(
    council: tuple[Pretence, Path], terminals: list[Terminal]
) -> None:
    """At eighty columns; each line that was broken is counted, so that clearing reaches the first."""
    pretence, home = council
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("shield", "add", "--reason", "adoption", home=home, columns=80))
        terminal.expect("Forename: ")
        assert all(len(line) < 80 for line in terminal.raw.split("\r\n"))
        for typed in ("Beatrice", "", "Okonkwo", "03.04.2015 or so", "3 April 2015", "", "9990000042", "", "", ""):
            terminal.type(f"{typed}\n")
        assert terminal.end() == 0

    assert "type all that the danger\r\nknows.\r\n" in terminal.raw
    assert terminal.screen()[0].startswith("SHIELDED  Shield 5H1E-0000")


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_whoever_does_not_confirm_is_told_that_nothing_was_sent(
    council: tuple[Pretence, Path], terminals: list[Terminal], key: str
) -> None:
    """Ctrl-C or Ctrl-D at the question: an officer must not wonder whether a shield has ended."""
    pretence, home = council
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("shield", "approve", "5H1E-0000", "--end", home=home))
        terminal.expect("Type the reference again to go on: ")
        time.sleep(0.5)
        terminal.type(key)
        assert terminal.end() == 130

    assert "signpost: Interrupted. Nothing was sent." in terminal.screen()
    assert pretence.arrived[3] == []


def test_why_it_was_refused_breaks_between_words_and_the_next_command_stays_whole(
    council: tuple[Pretence, Path], terminals: list[Terminal]
) -> None:
    """A command is copied from the screen."""
    pretence, home = council
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("shield", "queue", home=home, columns=80))
        assert terminal.end() == 3

    *why, command_line = terminal.screen()[1:4]
    assert why == [
        "  Why: What waits about shielded children is for the independent shielding desk",
        "  alone.",
    ]
    assert command_line == "  Next: A council's officer sees their own shields: signpost shield status"


def test_an_old_identity_is_asked_for_without_an_address_once_the_reference_is_typed_again(
    council: tuple[Pretence, Path], terminals: list[Terminal]
) -> None:
    """It says before what it deletes; another reference sends nothing."""
    pretence, home = council
    with pretence.on_loopback():
        terminals.append(terminal := Terminal("shield", "end", "5H1E-0000", "--identity-ended", home=home))
        terminal.expect("This deletes your own organisation's registrations of the old identity")
        terminal.expect("Type the reference again to go on: ")
        terminal.type("5H1E-0001\n")
        assert terminal.end() == 2
        assert "signpost: That is another reference. Nothing was sent." in terminal.screen()

        terminals.append(terminal := Terminal("shield", "end", "5H1E-0000", "--identity-ended", home=home))
        for question, typed in (
            ("Type the reference again to go on: ", "5hieoooo"), ("Old NHS number: ", "9990000042"),
            ("Old forename: ", "Beatrice"), ("Old middle name: ", ""), ("Old surname: ", "Okonkwo"),
            ("Date of birth: ", "3 April 2015"), ("One of twins or more (y or n): ", ""),
        ):  # fmt: skip
            terminal.expect(question)
            terminal.type(f"{typed}\n")
        assert terminal.end() == 2  # the pretence has no such shield

    assert not any(word in terminal.raw for word in ("ostcode", "UPN"))
    assert not any(value in "\n".join(terminal.screen()) for value in ("Beatrice", "Okonkwo", "April"))


def test_an_interrupted_shield_says_that_nothing_was_sent(
    council: tuple[Pretence, Path], terminals: list[Terminal]
) -> None:
    """While it is being typed."""
    _, home = council
    terminals.append(terminal := Terminal("shield", "add", "--reason", "fleeing-abuse", home=home))
    terminal.expect("Forename: ")
    terminal.type("Beatrice\n")
    terminal.expect("Middle name: ")
    terminal.interrupt()

    assert terminal.end() == 130
    assert "signpost: Interrupted. Nothing was sent." in terminal.screen()
    assert "Beatrice" not in "\n".join(terminal.screen())
