"""The agent of a shift: what it signs, for whom, and how it forgets (protocol.md D3)."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from signpost.edge import agent as agent_module
from signpost.edge import shift as shift_module
from signpost.edge.agent import MOST_TRIES, Agent, serve_agent
from signpost.edge.case_reference import seal_case_reference
from signpost.edge.failures import DeskUnusable, SignIn
from signpost.edge.shift import (
    AgentState,
    ShiftSigner,
    agent_socket,
    end_shift,
    lock_shift,
    open_references,
    shift_at,
    unlock_shift,
)
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.sealing import OpeningKey
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import PresentedRequest, verify_request
from tests.support.held_shift import PIN, QUICK, hold

KEY = SigningKey(Secret(b"k" * 32))
OPENING = OpeningKey(Secret(b"q" * 32))
HOSPITAL = "st-elsewhere"
BASE = "https://index.example"
ASKED = {"do": "sign", "base": BASE, "path": "/v1/lookups", "body": "{}", "created": 1_000, "nonce": "A" * 22}


@dataclass
class Watch:
    """A clock that only a test moves."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


def agent(watch: Watch | None = None, opening: OpeningKey | None = OPENING) -> Agent:
    """An agent that was just given a shift."""
    return Agent.holding(
        account="ae-desk-1", organisation=HOSPITAL, certificate="c" * 20, certificate_expires_at=9_999,
        credential="s" * 20, expires_at=5_000, key=KEY, opening=opening, pin=Secret(PIN.encode()),
        bases=frozenset({BASE}), idle_seconds=900.0, clock=watch or Watch(), randomness=os.urandom, cost=QUICK,
    )  # fmt: skip


def sealed(text: str, *, organisation: str = HOSPITAL, key: OpeningKey = OPENING) -> bytes:
    """A case reference as the index keeps it."""
    return seal_case_reference(text, to=key.seal_key, organisation=organisation)


def opening(*references: bytes, organisation: str = HOSPITAL) -> dict[str, object]:
    """What an agent is asked, to open them."""
    return {"do": "open", "sealed": [to_base64url(each) for each in references], "organisation": organisation}


def test_it_signs_what_a_service_then_takes() -> None:
    answer = agent().answer(ASKED)

    headers = answer["headers"]
    assert isinstance(headers, dict)
    presented = PresentedRequest("POST", BASE + "/v1/lookups", {k.lower(): v for k, v in headers.items()}, b"{}")
    assert verify_request(presented, device=KEY.verify_key, now=1_000).nonce == "A" * 22


@pytest.mark.parametrize(
    "changed", [{"base": "https://elsewhere.example"}, {"base": BASE + ".evil.example"}, {"path": "@evil.example/"}]
)
def test_it_signs_for_its_own_services_alone(changed: dict[str, str]) -> None:
    """A program of this user's cannot have a request to somebody else signed."""
    assert agent().answer(ASKED | changed) == {"refused": "address"}


def test_it_hands_out_neither_key_nor_credential() -> None:
    """Asked for anything, it shows its state and no more; nor does it print."""
    holding = agent()
    shown = repr(holding) + "".join(
        repr(holding.answer({"do": what}))
        for what in ("status", "key", "credential", "opening", "open", "export", "lock", "")
    )

    for key in (KEY, OPENING):
        assert key.seed.reveal().hex() not in shown
        assert to_base64url(key.seed.reveal()) not in shown
    assert "k" * 32 not in shown
    assert "q" * 32 not in shown
    assert "s" * 20 not in shown


def test_after_idleness_it_has_forgotten_and_a_pin_brings_it_back() -> None:
    watch = Watch()
    holding = agent(watch)
    watch.at = 899
    assert "headers" in holding.answer(ASKED)
    watch.at = 899 + 900

    assert holding.answer(ASKED) == {"refused": "locked"}
    assert KEY.seed.reveal() not in repr(vars_of(holding)).encode()
    assert holding.answer({"do": "unlock", "pin": PIN})["state"] == "open"
    assert "headers" in holding.answer(ASKED)


def test_it_opens_its_own_organisations_case_references_and_nothing_else() -> None:
    """In order, null where one does not open: changed, of another organisation, to another key, or no base64url."""
    good = sealed("case 17")
    other = OpeningKey(Secret(b"x" * 32))
    asked = opening(
        good, good[:-1] + bytes([good[-1] ^ 1]), sealed("a", organisation="northtown"), sealed("b", key=other)
    )
    asked["sealed"] = [*asked["sealed"], "not base64url", "", 7, None, to_base64url(sealed("åäö 18"))]  # type: ignore[misc]

    answer = agent().answer(asked)

    assert answer == {"state": "open", "opened": ["case 17", *[None] * 7, "åäö 18"]}
    assert agent().answer(opening()) == {"state": "open", "opened": []}


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"organisation": "northtown"}, "organisation"),
        ({"organisation": None}, "organisation"),
        ({"sealed": None}, "sealed"),
        ({"sealed": "abc"}, "sealed"),
        ({"sealed": [""] * 501}, "sealed"),
    ],
)
def test_it_opens_for_its_own_organisation_and_at_most_500_at_once(changed: dict[str, object], refused: str) -> None:
    """Under another's name nothing is so much as tried."""
    assert agent().answer(opening(sealed("case 17")) | changed) == {"refused": refused}
    assert "opened" in agent().answer(opening() | {"sealed": [""] * 500})


def test_locked_it_opens_nothing_and_has_forgotten_what_opens() -> None:
    """Locked by idleness or by hand; a PIN brings it back; opening is use, which idleness counts from."""
    watch = Watch()
    holding, asked = agent(watch), opening(sealed("case 17"))
    watch.at = 899
    assert "opened" in holding.answer(asked)
    watch.at = 899 + 899
    assert "opened" in holding.answer(asked)
    watch.at += 900

    assert holding.answer(asked) == {"refused": "locked"}
    assert not any(isinstance(held, OpeningKey) for held in vars_of(holding).values())
    assert OPENING.seed.reveal() not in repr(vars_of(holding)).encode()
    assert holding.answer({"do": "unlock", "pin": PIN})["state"] == "open"
    assert holding.answer(asked)["opened"] == ["case 17"]
    holding.lock()
    assert holding.answer(asked) == {"refused": "locked"}
    holding.answer({"do": "end"})
    assert holding.answer(asked) == {"refused": "ended"}
    assert not any(isinstance(held, OpeningKey) for held in vars_of(holding).values())


def test_without_the_organisations_key_it_signs_and_opens_nothing() -> None:
    """A shift of an auditor, or of a device that was enrolled before; locked, it says no more than that."""
    holding, asked = agent(opening=None), opening(sealed("case 17"))

    assert holding.answer(asked) == {"refused": "no-key"}
    assert "headers" in holding.answer(ASKED)
    holding.lock()
    assert holding.answer(asked) == {"refused": "locked"}
    assert holding.answer({"do": "unlock", "pin": PIN})["state"] == "open"
    assert holding.answer(asked) == {"refused": "no-key"}


def vars_of(holding: Agent) -> dict[str, object]:
    """Everything it holds."""
    return {name: getattr(holding, name) for name in Agent.__slots__}


def test_ten_wrong_pins_end_it() -> None:
    """Then not even the right one opens it; nine leave it standing, and the right one starts the count anew."""
    holding = agent()
    for _ in range(2):
        for left in range(MOST_TRIES - 1, 0, -1):
            assert holding.answer({"do": "unlock", "pin": "000000"}) == {"refused": "pin", "left": left}
        assert holding.answer({"do": "unlock", "pin": PIN})["state"] == "open"
    answers = [holding.answer({"do": "unlock", "pin": "000000"}) for _ in range(MOST_TRIES)]

    assert answers[-1] == {"refused": "ended"}
    assert holding.ended
    assert holding.answer({"do": "unlock", "pin": PIN}) == {"refused": "ended"}
    assert holding.answer(ASKED) == {"refused": "ended"}


def test_a_clock_that_is_set_back_does_not_lengthen_the_shift(tmp_path: Path) -> None:
    """The day's clock stands still for ever; the hours that were left go by all the same, and the agent ends."""
    watch = Watch()
    (tmp_path / "desk.toml").touch()

    def twelve_hours_later() -> None:
        watch.at = 12 * 3600.0

    serving = serve_agent(agent(watch), tmp_path / "s.sock", desk=tmp_path, now=lambda: 4_000, ready=twelve_hours_later)
    asyncio.run(asyncio.wait_for(serving, 5))


def test_a_laptop_that_sleeps_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's clock counts the time asleep: CLOCK_MONOTONIC would leave a shift open in a closed laptop."""
    monkeypatch.setattr("time.monotonic", lambda: 10.0)
    monkeypatch.setattr("time.clock_gettime", lambda which: {time.CLOCK_BOOTTIME: 5_000.0}[which])

    assert agent_module.awake_and_asleep() == 5_000.0


def _held(folder: Path, opening: OpeningKey | None = OPENING) -> Path:
    folder.mkdir(mode=0o700)
    (folder / "desk.toml").touch()
    hold(
        folder, account="ae-desk-1", organisation=HOSPITAL, certificate="c", credential="s", key=KEY, opening=opening,
        bases=frozenset({BASE}),
    )  # fmt: skip
    return folder


def test_a_command_has_case_references_opened(tmp_path: Path) -> None:
    """As many as there are, 500 at a time; null where one does not open."""
    folder = _held(tmp_path / "desk")
    kept = [sealed(f"case {number}") for number in range(501)]
    kept[7] = bytes(113)

    found = open_references(folder, kept, organisation=HOSPITAL)

    assert found == [None if number == 7 else f"case {number}" for number in range(501)]
    assert open_references(folder, [], organisation=HOSPITAL) == []
    with pytest.raises(ValueError, match="own organisation"):
        open_references(folder, kept[:1], organisation="northtown")


def test_without_an_open_shift_no_case_reference_is_opened(tmp_path: Path) -> None:
    """It says which: locked, or nobody there. Without the organisation's key each is null, and that is no failure."""
    folder, kept = _held(tmp_path / "desk"), [sealed("case 17")]
    lock_shift(folder)
    for references in (kept, []):
        with pytest.raises(SignIn, match="locked"):
            open_references(folder, references, organisation=HOSPITAL)
    end_shift(folder)
    for references in (kept, []):
        with pytest.raises(SignIn, match="Nobody is signed in"):
            open_references(folder, references, organisation=HOSPITAL)

    without = _held(tmp_path / "without", opening=None)
    assert open_references(without, kept * 2, organisation=HOSPITAL) == [None, None]


def test_a_command_finds_locks_opens_and_ends_the_shift(tmp_path: Path) -> None:
    folder = _held(tmp_path / "desk")
    found = shift_at(folder)
    assert found is not None
    assert (found.state, found.account) == (AgentState.OPEN, "ae-desk-1")
    signer = ShiftSigner(agent_socket(folder), found)
    asked = {"base": BASE, "path": "/v1/lookups", "body": b"{}", "created": 1_000, "nonce": "A" * 22}

    assert "Signature" in signer.headers(**asked)  # type: ignore[arg-type]
    lock_shift(folder)
    with pytest.raises(SignIn, match="locked"):
        signer.headers(**asked)  # type: ignore[arg-type]
    with pytest.raises(SignIn, match="not the PIN") as wrong:
        unlock_shift(folder, "111111")
    assert wrong.value.hint == "9 tries are left."
    assert unlock_shift(folder, PIN).state is AgentState.OPEN
    assert end_shift(folder)
    assert not end_shift(folder)
    assert shift_at(folder) is None


def test_the_path_of_its_socket_is_worth_nothing_to_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel says whose process calls; and the socket stands where only this user can go."""
    folder = _held(tmp_path / "desk")
    path = agent_socket(folder)
    assert path.parent.stat().st_mode & 0o777 == 0o700

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(path))
        us = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
    assert us == os.getuid()
    real = os.getuid
    # Both ends are of this test's user: to each, the other now seems to be somebody else.
    monkeypatch.setattr("signpost.edge.agent.os.getuid", lambda: real() + 1)
    assert shift_at(folder) is None


def test_a_folder_that_others_can_enter_holds_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may have made it first, under /tmp."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / f"signpost-{os.getuid()}").mkdir(mode=0o777)
    (tmp_path / f"signpost-{os.getuid()}").chmod(0o777)

    with pytest.raises(DeskUnusable):
        agent_socket(tmp_path / "desk")


def test_a_copied_desk_has_no_shift(tmp_path: Path) -> None:
    """The socket is of one folder; what was copied is another."""
    folder = _held(tmp_path / "desk")
    shutil.copytree(folder, tmp_path / "copied")

    assert shift_at(tmp_path / "copied") is None
    assert shift_at(folder) is not None


def test_a_shift_that_ends_takes_nothing_from_the_one_that_follows(tmp_path: Path) -> None:
    """Signing in anew ends the old agent, which must not take the new one's socket with it."""
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    (folder / "desk.toml").touch()
    first = _process(folder)
    assert end_shift(folder)
    second = _process(folder)
    assert first.wait(20) == 0
    time.sleep(0.2)

    assert shift_at(folder) is not None
    assert end_shift(folder)
    assert second.wait(20) == 0


def test_its_process_ends_with_its_desk_and_leaves_no_core(tmp_path: Path) -> None:
    """As `signpost login` starts it: what it holds comes by stdin, and stands in neither argv nor environment."""
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    (folder / "desk.toml").touch()
    process = _process(folder)

    proc = Path(f"/proc/{process.pid}")
    if proc.is_dir():
        for key in (KEY, OPENING):
            assert to_base64url(key.seed.reveal()).encode() not in (proc / "cmdline").read_bytes()
        assert PIN.encode() not in (proc / "environ").read_bytes()
        assert resource.prlimit(process.pid, resource.RLIMIT_CORE) == (0, 0)
    found = shift_at(folder)
    assert found is not None
    assert found.account == "ae-desk-1"
    assert open_references(folder, [sealed("case 17")], organisation=HOSPITAL) == ["case 17"]
    (folder / "desk.toml").unlink()
    assert process.wait(20) == 0
    assert not agent_socket(folder).exists()
    assert shift_module.shift_at(folder) is None


def _process(folder: Path) -> subprocess.Popen[str]:
    """The agent's own process, listening."""
    held = {
        "account": "ae-desk-1", "bases": [BASE], "certificate": "c", "certificate_expires_at": 1, "credential": "cred",
        "expires_at": int(time.time()) + 600, "folder": str(folder), "idle_seconds": 60,
        "key": to_base64url(KEY.seed.reveal()), "opening": to_base64url(OPENING.seed.reveal()),
        "organisation": HOSPITAL, "pin": PIN,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "signpost.edge.agent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(held) + "\n")
    process.stdin.close()
    assert process.stdout.readline() == "ready\n"
    process.stdout.close()
    return process
