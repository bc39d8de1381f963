"""The custodian's commands, against holders that run: what they print, where, and the code they end with."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from signpost.edge.organisation_keys import Organisation
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.encoding import canonical_json, to_base64url
from signpost.protocol.group import Scalar, base_multiply
from signpost.protocol.keys import VerifyKey
from signpost.protocol.labels import Label
from signpost.protocol.manifest import SignedManifest
from signpost.protocol.messages import HolderIdentity
from signpost.protocol.problems import Problem
from signpost.protocol.purposes import Kind
from signpost.protocol.roster import Roster, RosterEntry
from signpost.protocol.sealing import OpeningKey, SealKey
from signpost.protocol.secret import Secret
from signpost.protocol.threshold import lagrange_at_zero
from signpost_cli.main import run
from signpost_keys.ceremony import Ceremony
from signpost_keys.custody import Custody, make_identity
from signpost_keys.folder import HolderFolder
from tests.support.askers import new_key
from tests.support.holder_process import HolderProcess, free_port
from tests.support.one_holder import CHEAP, PASSPHRASE
from tests.support.searching import found_in


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Desk:
    """Where commands are typed, with three holders beside it."""

    home: Path
    holders: list[HolderProcess]
    capture: pytest.CaptureFixture[str]

    def signpost(self, *arguments: object) -> Ended:
        self.capture.readouterr()
        code = run([str(argument) for argument in arguments])
        return Ended(code, *self.capture.readouterr())

    def at(self, number: int) -> list[object]:
        """The options that name a holder and its passphrase."""
        holder = self.holders[number - 1]
        file = holder.home / "passphrase"
        file.touch(mode=0o600)
        file.write_text(holder.passphrase + "\n")
        return ["--settings", holder.settings, "--passphrase-file", file]

    def settings(self, number: int) -> list[object]:
        return ["--settings", self.holders[number - 1].settings]

    def make_roster(self, *, threshold: int = 2) -> Ended:
        """The roster of the three, in roster.json."""
        files = []
        for number, holder in enumerate(self.holders, start=1):
            file = self.home / f"holder-{number}.identity.json"
            if not file.exists():
                file.write_text(holder.make_identity().model_dump_json())
            files.append(file)
        return self.signpost("keys", "roster", *files, "--threshold", threshold, "--out", self.roster)

    @property
    def roster(self) -> Path:
        return self.home / "roster.json"

    @property
    def manifest(self) -> Path:
        return self.home / "manifest.json"

    def ready(self) -> str:
        """All three started, opened, and their roster approved; its fingerprint."""
        fingerprint = self.make_roster().out.strip()
        for number, holder in enumerate(self.holders, start=1):
            holder.start()
            assert holder.unlock() == "no-key"
            approved = self.approve(number, fingerprint)
            assert (approved.code, approved.out) == (0, f"Approved, as holder {number} of 3.\n")
        return fingerprint

    def approve(self, number: int, typed: str) -> Ended:
        return self.signpost("keys", "approve", self.roster, *self.settings(number), f"--fingerprint={typed}")


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    index_key = new_key().verify_key.text
    with ExitStack() as stack:
        holders = [
            stack.enter_context(
                HolderProcess(tmp_path / str(n), index_key=index_key, passphrase=f"four words of custodian {n}")
            )
            for n in (1, 2, 3)
        ]
        yield Desk(tmp_path, holders, capsys)


# -- keys new ---------------------------------------------------------------------------------------------------------


def test_new_makes_a_sealed_identity_and_prints_its_public_half(desk: Desk) -> None:
    made = desk.signpost("keys", "new", *desk.at(1))

    assert made.code == 0
    holder = desk.holders[0]
    custody = Custody(holder.folder, url=holder.url)
    assert json.loads(made.out) == json.loads(custody.identity.at(holder.url).model_dump_json())
    assert custody.open_files(Secret(holder.passphrase.encode()))[1] is None
    assert holder.passphrase not in made.out + made.err


def test_new_never_makes_a_second_identity(desk: Desk) -> None:
    desk.holders[0].make_identity()
    before = desk.holders[0].files()

    again = desk.signpost("keys", "new", *desk.at(1))

    assert (again.code, again.out) == (1, "")
    assert "has an identity already" in again.err
    assert {name: raw for name, raw in desk.holders[0].files().items() if name != "passphrase"} == before


@pytest.mark.parametrize(
    ("passphrase", "mode", "code", "said"),
    [
        ("short", 0o600, 2, "at least 12 characters"),
        ("", 0o600, 2, "at least 12 characters"),
        ("four words of custodian 1", 0o644, 1, "chmod 600"),
    ],
)
def test_new_takes_a_long_passphrase_from_a_private_file(
    desk: Desk, passphrase: str, mode: int, code: int, said: str
) -> None:
    desk.holders[0].passphrase = passphrase
    options = desk.at(1)
    Path(str(options[-1])).chmod(mode)

    refused = desk.signpost("keys", "new", *options)

    assert (refused.code, refused.out) == (code, "")
    assert said in refused.err
    assert not desk.holders[0].folder.identity.exists()


def test_without_a_terminal_nothing_is_asked(desk: Desk) -> None:
    refused = desk.signpost("keys", "new", *desk.settings(1))

    assert refused.code == 5
    assert "--passphrase-file" in refused.err


# -- keys roster and approve ------------------------------------------------------------------------------------------


def test_roster_numbers_the_holders_in_order_and_prints_the_fingerprint(desk: Desk) -> None:
    made = desk.make_roster()

    roster = Roster.parse(desk.roster.read_bytes().strip())
    assert made.code == 0
    assert made.out == roster.fingerprint() + "\n"
    assert [entry.url for entry in roster.holders] == [holder.url for holder in desk.holders]
    assert roster.threshold == 2


@pytest.mark.parametrize("threshold", [0, 1, 4])
def test_a_threshold_that_does_not_fit_makes_no_roster(desk: Desk, threshold: int) -> None:
    refused = desk.make_roster(threshold=threshold)

    assert (refused.code, refused.out) == (2, "")
    assert not desk.roster.exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"url": "x"}', None])
def test_what_is_not_an_identity_makes_no_roster(desk: Desk, content: str | None) -> None:
    desk.make_roster()
    desk.roster.unlink()
    file = desk.home / "holder-2.identity.json"
    file.unlink() if content is None else file.write_text(content)
    files = [desk.home / f"holder-{n}.identity.json" for n in (1, 2, 3)]

    refused = desk.signpost("keys", "roster", *files, "--threshold", 2, "--out", desk.roster)

    assert (refused.code, refused.out) == (2, "")
    assert not desk.roster.exists()


def test_a_holder_that_is_reached_without_tls_makes_no_roster(desk: Desk) -> None:
    desk.make_roster()
    file = desk.home / "holder-2.identity.json"
    file.write_text(file.read_text().replace("http://127.0.0.1", "http://192.0.2.1"))
    files = [desk.home / f"holder-{n}.identity.json" for n in (1, 2, 3)]

    refused = desk.signpost("keys", "roster", *files, "--threshold", 2, "--out", desk.home / "other.json")

    assert refused.code == 2
    assert "not https" in refused.err


def test_a_roster_is_approved_by_the_fingerprint_that_was_read_out_and_no_other(desk: Desk) -> None:
    fingerprint = desk.make_roster().out.strip()
    holder = desk.holders[0]
    holder.start()
    holder.unlock()
    other = "A" * 16 if not fingerprint.startswith("A" * 16) else "B" * 16

    refusals = [
        desk.approve(1, other),
        desk.approve(1, fingerprint[:7]),
        desk.approve(1, fingerprint[:16] + "!"),
        desk.signpost("keys", "approve", desk.roster, *desk.settings(1)),
    ]

    assert [refused.code for refused in refusals] == [9, 2, 9, 5]
    assert all(refused.out == "" and fingerprint not in refused.err for refused in refusals)
    assert not holder.folder.ceremony.exists()
    assert desk.approve(1, fingerprint[:16]).code == 0
    assert holder.folder.ceremony.exists()


def test_a_locked_holder_approves_nothing(desk: Desk) -> None:
    fingerprint = desk.make_roster().out.strip()
    desk.holders[0].start()

    refused = desk.approve(1, fingerprint)

    assert refused.code == 1
    assert "signpost keys unlock" in refused.err


# -- keys ceremony ----------------------------------------------------------------------------------------------------


def test_the_ceremony_writes_the_manifest_and_prints_its_fingerprint(desk: Desk) -> None:
    desk.ready()

    held = desk.signpost("keys", "ceremony", "--roster", desk.roster, "--out", desk.manifest)

    assert held.code == 0
    manifest = SignedManifest.verify(desk.manifest.read_bytes()).manifest
    assert held.out == manifest.fingerprint() + "\n"
    assert "holder 3: round 5 of 5" in held.err
    status = desk.signpost("keys", "status", *desk.settings(1), "--holder", desk.holders[1].url, "--json")
    shown = json.loads(status.out)
    assert status.code == 0
    assert shown["schema"] == "signpost.keys-status/1"
    assert [each["state"] for each in shown["holders"]] == ["serving", "serving"]
    assert {each["manifest_fingerprint"] for each in shown["holders"]} == {manifest.fingerprint()}
    again = desk.signpost("keys", "ceremony", "--roster", desk.roster, "--out", desk.home / "again.json", "--json")
    assert json.loads(again.out) == {
        "schema": "signpost.ceremony/1", "finished": True, "manifest_fingerprint": manifest.fingerprint(),
    }  # fmt: skip
    assert (desk.home / "again.json").read_bytes() == desk.manifest.read_bytes()


def test_a_ceremony_that_stopped_for_one_holder_goes_on_when_it_is_back(desk: Desk) -> None:
    """The third holder is killed before it has said anything, then is there but locked, then open."""
    desk.ready()
    command = ("keys", "ceremony", "--roster", desk.roster, "--out", desk.manifest)
    desk.holders[2].kill()

    dead = desk.signpost(*command)
    desk.holders[2].start()
    locked = desk.signpost(*command)
    assert desk.holders[2].unlock() == "no-key"
    done = desk.signpost(*command)

    assert [dead.code, locked.code, done.code] == [1, 1, 0]
    assert "Holder 3 did not answer" in dead.err
    assert "holder 3 says so" in locked.err
    assert not re.search(r"Traceback|httpx", dead.err + locked.err)
    assert SignedManifest.verify(desk.manifest.read_bytes()).manifest.threshold == 2


def test_a_ceremony_with_a_holder_that_did_not_approve_waits_for_it(desk: Desk) -> None:
    fingerprint = desk.make_roster().out.strip()
    for number, holder in enumerate(desk.holders, start=1):
        holder.start()
        holder.unlock()
        if number < 3:
            desk.approve(number, fingerprint)

    waiting = desk.signpost("keys", "ceremony", "--roster", desk.roster, "--out", desk.manifest)

    assert waiting.code == 1
    assert "No ceremony open" in waiting.err
    assert "signpost keys approve" in waiting.err
    assert not desk.manifest.exists()


def test_a_dealer_that_cheats_is_named_and_the_command_ends_with_nine(desk: Desk) -> None:
    """Two real holders and a third that deals bad shares over real HTTP."""
    with _Liar(desk.home / "liar") as liar:
        roster = Roster(bytes(16), 2, (*(_entry(holder.make_identity()) for holder in desk.holders[:2]), liar.entry))
        desk.roster.write_bytes(roster.canonical())
        liar.ceremony.approve(roster.canonical())
        for number in (1, 2):
            desk.holders[number - 1].start()
            desk.holders[number - 1].unlock()
            assert desk.approve(number, roster.fingerprint()).code == 0

        stopped = desk.signpost("keys", "ceremony", "--roster", desk.roster, "--out", desk.manifest)

    assert (stopped.code, stopped.out) == (9, "")
    assert "names holder 3" in stopped.err
    assert "holder 1 says so" in stopped.err
    assert not desk.manifest.exists()
    assert desk.holders[0].get("/health").json() == {"state": "no-key"}
    assert '"event": "ceremony-stopped"' in desk.holders[0].log.read_text()
    assert '"dealer": 3' in desk.holders[0].log.read_text()


class _Liar:
    """A third holder whose sealed shares hold something else."""

    def __init__(self, home: Path) -> None:
        folder = HolderFolder(home)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Lying)
        self._server.liar = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        make_identity(folder, PASSPHRASE, os.urandom, cost=CHEAP)
        self._custody = Custody(folder, url=self.url)
        self._custody.unlock(*self._custody.open_files(PASSPHRASE))
        self.ceremony = Ceremony(self._custody, os.urandom)
        self.entry = _entry(self._custody.identity.at(self.url))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> _Liar:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def says(self, messages: Sequence[str]) -> tuple[int, dict[str, object]]:
        try:
            exchange = self.ceremony.exchange([message.encode() for message in messages])
        except Problem as problem:
            return problem.status, problem.document()
        return 200, {"messages": [self._lie(message) for message in exchange.messages], "finished": exchange.finished}

    def _lie(self, message: bytes) -> str:
        fields = json.loads(message)
        if fields["round"] != 4:
            return message.decode()
        opened = self._custody.opened
        assert opened is not None
        fields["payload"]["shares"] = {holder: to_base64url(bytes(80)) for holder in fields["payload"]["shares"]}
        about = bytes([fields["round"], fields["sender"]])
        payload = canonical_json(fields["payload"])
        signature = opened.signing_key.sign(Label.CEREMONY_MESSAGE, fields["roster"], about, payload)
        fields["signature"] = to_base64url(signature)
        return canonical_json(fields).decode()


class _Lying(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, document = self.server.liar.says(asked["messages"])  # type: ignore[attr-defined]
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002 - its name in the standard library
        pass


def _entry(identity: HolderIdentity) -> RosterEntry:
    return RosterEntry(identity.url, VerifyKey.parse(identity.signing_key), SealKey.parse(identity.sealing_key))


# -- keys ceremony --offline ------------------------------------------------------------------------------------------


def _turn(desk: Desk, number: int, fingerprint: str) -> Ended:
    return desk.signpost(
        "keys", "ceremony", "--offline", *desk.at(number), "--roster", desk.roster, "--folder", desk.home / "courier",
        f"--fingerprint={fingerprint}",
    )  # fmt: skip


def test_offline_each_custodian_takes_turns_until_all_have_finished(desk: Desk) -> None:
    """A folder is carried round; then the holders start, and serve the key they made."""
    fingerprint = desk.make_roster().out.strip()
    (desk.home / "courier").mkdir()
    finished: dict[int, str] = {}

    for turn in range(18):
        number = turn % 3 + 1
        ended = _turn(desk, number, fingerprint)
        assert ended.code in (0, 8), ended.err
        if ended.code == 0:
            finished[number] = ended.out.strip()
        else:
            assert ended.out == ""
            assert "Carry the folder" in ended.err
        if len(finished) == 3:
            break

    manifest = SignedManifest.verify((desk.home / "courier" / "manifest.json").read_bytes()).manifest
    assert finished == dict.fromkeys((1, 2, 3), manifest.fingerprint())
    assert len(list((desk.home / "courier").glob("round-*-holder-*.json"))) == 15
    for number, holder in enumerate(desk.holders, start=1):
        holder.start()
        unlocked = desk.signpost("keys", "unlock", *desk.at(number))
        assert (unlocked.code, unlocked.out) == (0, "serving\n")
        assert holder.get("/v1/status").json()["manifest_fingerprint"] == manifest.fingerprint()


def test_offline_what_is_carried_and_written_holds_no_share(desk: Desk) -> None:
    """Nor the key, which this test computes from the three shares: whoever finds the folder has found nothing."""
    fingerprint = desk.make_roster().out.strip()
    (desk.home / "courier").mkdir()
    places: dict[str, bytes] = {}
    for turn in range(15):
        _turn(desk, turn % 3 + 1, fingerprint)
        for path in desk.home.rglob("*"):
            if path.is_file():
                places[f"{path} after turn {turn}"] = path.read_bytes()

    shares = {}
    for number, holder in enumerate(desk.holders, start=1):
        _, key = Custody(holder.folder, url=holder.url).open_files(Secret(holder.passphrase.encode()))
        assert key is not None
        shares[number] = key.share
    whole = Scalar.from_int(0)
    for number, weight in lagrange_at_zero((1, 3)).items():
        whole = whole + weight * shares[number]
    manifest = SignedManifest.verify((desk.home / "courier" / "manifest.json").read_bytes()).manifest
    assert base_multiply(whole) == manifest.public_key
    assert found_in(manifest.public_key.encoding, places)
    for secret in (whole, *shares.values()):
        assert found_in(secret.encoding(), places) == []


def test_offline_nothing_is_approved_without_the_fingerprint_and_nothing_opened_without_the_passphrase(
    desk: Desk,
) -> None:
    fingerprint = desk.make_roster().out.strip()
    (desk.home / "courier").mkdir()
    right = desk.holders[0].passphrase

    misheard = _turn(desk, 1, "A" * 43)
    desk.holders[0].passphrase = "four words of another"
    mistyped = _turn(desk, 1, fingerprint)
    desk.holders[0].passphrase = right

    assert [misheard.code, mistyped.code] == [9, 1]
    assert "Wrong passphrase" in mistyped.err
    assert list((desk.home / "courier").iterdir()) == []
    assert not desk.holders[0].folder.ceremony.exists()


def test_offline_is_refused_while_the_holder_runs(desk: Desk) -> None:
    """Two processes must not take one holder's part at once."""
    fingerprint = desk.make_roster().out.strip()
    (desk.home / "courier").mkdir()
    desk.holders[0].start()

    refused = _turn(desk, 1, fingerprint)

    assert refused.code == 1
    assert "already-running" in refused.err


@pytest.mark.parametrize("content", [b"", b"{}", b"x" * 20_000, b'{"round":1,"sender":2}'])
def test_offline_a_file_that_is_not_a_message_stops_the_turn(desk: Desk, content: bytes) -> None:
    fingerprint = desk.make_roster().out.strip()
    (desk.home / "courier").mkdir()
    (desk.home / "courier" / "round-1-holder-2.json").write_bytes(content)

    refused = _turn(desk, 1, fingerprint)

    assert (refused.code, refused.out) == (9, "")


@pytest.mark.parametrize(
    "options",
    [["--out", "m.json", "--settings", "s"], [], ["--offline", "--settings", "s"], ["--offline", "--folder", "f"]],
)
def test_the_two_roads_do_not_mix(desk: Desk, options: list[str]) -> None:
    desk.make_roster()

    refused = desk.signpost("keys", "ceremony", "--roster", desk.roster, *options)

    assert (refused.code, refused.out) == (2, "")


# -- keys status, unlock, lock, admit ---------------------------------------------------------------------------------


def test_unlock_and_lock_say_the_state(desk: Desk) -> None:
    desk.holders[0].make_identity()
    desk.holders[0].start()

    opened = desk.signpost("keys", "unlock", *desk.at(1))
    locked = desk.signpost("keys", "lock", *desk.settings(1), "--json")

    assert (opened.code, opened.out) == (0, "no-key\n")
    assert json.loads(locked.out) == {"schema": "signpost.keys-state/1", "state": "locked"}


def test_a_wrong_passphrase_is_named(desk: Desk) -> None:
    desk.holders[0].make_identity()
    desk.holders[0].start()
    desk.holders[0].passphrase = "four words of another"

    refused = desk.signpost("keys", "unlock", *desk.at(1))

    assert (refused.code, refused.out) == (1, "")
    assert "Wrong passphrase" in refused.err


@pytest.mark.parametrize("command", ["unlock", "lock", "admitted"])
def test_a_holder_that_does_not_run_is_named_with_how_to_start_it(desk: Desk, command: str) -> None:
    desk.holders[0].make_identity()
    options = desk.at(1) if command == "unlock" else desk.settings(1)

    refused = desk.signpost("keys", command, *options)

    assert (refused.code, refused.out) == (1, "")
    assert "not running here" in refused.err
    assert "signpost serve holder --settings" in refused.err


def test_status_tells_of_every_holder_that_is_named_even_when_one_is_gone(desk: Desk) -> None:
    desk.holders[0].make_identity()
    desk.holders[0].start()
    gone = f"http://127.0.0.1:{free_port()}"

    told = desk.signpost("keys", "status", *desk.settings(1), *desk.settings(2), "--holder", gone)

    assert told.code == 1
    lines = told.out.splitlines()
    assert lines[0] == f"{desk.holders[0].url}  locked  no revocation list yet"
    assert lines[1:] == [
        f"{desk.holders[1].url}  no answer: it is not running",
        f"{gone}  no answer: it could not be reached",
    ]


def test_status_of_nobody_is_a_mistake(desk: Desk) -> None:
    assert desk.signpost("keys", "status").code == 2


def _organisation_file(home: Path) -> tuple[Path, VerifyKey]:
    signing, sealing = new_key(), OpeningKey(Secret(os.urandom(32)))
    public = Organisation(OrganisationId("wessex-council"), Kind.COUNCIL, signing.verify_key, sealing.seal_key)
    file = home / "organisation.json"
    file.write_bytes(public.document())
    return file, signing.verify_key


def test_an_organisation_is_admitted_only_by_the_fingerprint_that_it_read_out(desk: Desk) -> None:
    """Without one, without a terminal to ask on, or with another one, nobody is admitted."""
    desk.holders[0].make_identity()
    desk.holders[0].start()
    file, key = _organisation_file(desk.home)
    command = ("keys", "admit", file, "--budget", 120_000, *desk.settings(1))

    unasked = desk.signpost(*command)
    differing = desk.signpost(*command, "--fingerprint=AAAAAAAAAAAAAAAA")
    short = desk.signpost(*command, f"--fingerprint={key.thumbprint()[:15]}")
    nobody = desk.signpost("keys", "admitted", *desk.settings(1))
    compared = desk.signpost(*command, f"--fingerprint={key.thumbprint()[:16]}", "--json")
    listed = desk.signpost("keys", "admitted", *desk.settings(1))

    assert (unasked.code, unasked.out) == (5, "")
    assert (short.code, short.out) == (2, "")
    assert nobody.out == ""
    assert json.loads(compared.out) == {
        "schema": "signpost.keys-admit/1", "organisation": "wessex-council", "budget": 120_000,
        "key_fingerprint": key.thumbprint(),
    }  # fmt: skip
    assert (differing.code, differing.out) == (9, "")
    assert listed.out == "wessex-council  120,000 points a day\n"


def test_admit_refuses_another_key_of_the_same_name(desk: Desk) -> None:
    desk.holders[0].make_identity()
    desk.holders[0].start()
    command = ("keys", "admit", desk.home / "organisation.json", "--budget", 120, *desk.settings(1))
    _, first = _organisation_file(desk.home)
    assert desk.signpost(*command, f"--fingerprint={first.thumbprint()}").code == 0
    _, second = _organisation_file(desk.home)
    compared = f"--fingerprint={second.thumbprint()}"

    refused = desk.signpost(*command, compared)

    assert (refused.code, refused.out) == (1, "")
    assert desk.signpost(*command, compared, "--replace-key").code == 0


@pytest.mark.parametrize(
    "command", ["", "new", "roster", "approve", "ceremony", "status", "unlock", "lock", "admit", "admitted"]
)
def test_every_help_has_an_example(desk: Desk, command: str) -> None:
    shown = desk.signpost("keys", *([command] if command else []), "--help")

    assert shown.code == 0
    assert f"signpost keys {command}".strip() in shown.out
