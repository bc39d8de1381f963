"""An organisation's gateway as it is set up and run: by the commands of its how-to, with everybody in a process of
their own. A nurse enrols and signs in at it, asks, and leaves a call-back.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.secret import Secret
from signpost_cli.demo.world import Organisation, World
from tests.support.quick_world import QuickWorld

NORTH = Organisation("north-council", "council", "feed-01", "feed")
HOSPITAL = Organisation("aldate-hospital", "hospital", "triage-07", "urgent")
CHILD = {"nhs_number": "999 000 0042", "date_of_birth": "2015-04-03"}
PASSWORD = "copper meadow lantern thimble"
SECONDS = 30


@dataclass
class Running:
    """A gateway that serves, and the services behind it."""

    world: World
    url: str
    codes: Secret
    log: Path

    def ask(self, method: str, path: str, document: object = None, *, token: str = "", status: int = 200) -> Any:
        """What its web API answers, which is this status."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = httpx2.request(method, f"{self.url}/api/v1/{path}", json=document, headers=headers, timeout=SECONDS)
        assert answer.status_code == status, answer.text
        return answer.json()

    def answer_when_settled(self, token: str) -> Any:
        """The answer about the child, once what was registered has settled: within a second, on a machine at rest."""
        answer = self.ask("POST", "lookups", {"child": CHILD, "urgency": "now"}, token=token)
        deadline = time.monotonic() + SECONDS
        while answer["answer"] == "none" and time.monotonic() < deadline:
            time.sleep(0.2)
            answer = self.ask("POST", "lookups/again", {"receipt": answer["receipt"]}, token=token)
        return answer

    def code(self, ahead: int) -> str:
        """What the nurse's generator shows, so many steps ahead."""
        return code_of(self.codes, int(time.time()) // STEP_SECONDS + ahead)

    def sign_in(self) -> str:
        """The nurse's session."""
        given = {"account": "nurse-1", "password": PASSWORD, "code": self.code(1)}
        return str(self.ask("POST", "sessions", given, status=201)["session"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three holders, the index, a council that registered one child, and a hospital."""
    with QuickWorld(tmp_path_factory.mktemp("world")) as world:
        world.set_up_services()
        world.enrol_without_signing_in((NORTH, HOSPITAL))
        handle = world.add_handle(NORTH.name, "Duty social worker")
        row = f"c-1,2025-01-06,,{handle},{CHILD['nhs_number']},{CHILD['date_of_birth']}"
        (world.root / NORTH.name / "feed.csv").write_text(
            f"local_id,start,end,handle,nhs_number,date_of_birth\n{row}\n"
        )
        world.must(NORTH.name, "register", "feed.csv", "--format", "csv")
        yield world


@pytest.fixture(scope="module")
def gateway(world: World) -> Iterator[Running]:
    """The hospital's: made, certified, installed and served, and a nurse enrolled and approved at it."""
    name, folder = HOSPITAL.name, world.root / HOSPITAL.name
    signing = ("--org-keys", "keys", "--passphrase-file", "passphrase", "--index", world.url("index"))
    believing = f"--fingerprint={world.manifest_fingerprint}"
    key = json.loads(world.must(name, "admin", "gateway", "new", "gateway", "--json").stdout)["key"]
    world.must(
        name, "admin", "gateway", "certify", "front-hall", f"--key={key}", "--role", "urgent", "--out", "gateway.json",
        believing, *signing,
    )  # fmt: skip
    world.must(name, "admin", "gateway", "install", "gateway", "gateway.json")
    (folder / "gateway.toml").write_text('port = 0\nfolder = "gateway"\n')
    log = folder / "gateway.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "signpost_cli", "serve", "gateway", "--settings", "gateway.toml"], cwd=folder,
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:
        running = Running(world, _address(log), Secret(os.urandom(20)), log)
        later = (date.today() + timedelta(days=300)).isoformat()  # noqa: DTZ011 - the administrator's own day
        made = world.must(
            name, "admin", "account", "enrol", "nurse-1", "--gateway", "front-hall", "--role", "urgent",
            "--vetting-until", later, "--training-until", later, "--json", believing, *signing,
        )  # fmt: skip
        secret = base64.b32encode(running.codes.reveal()).decode()
        token = json.loads(made.stdout)["token"]
        given = {"token": token, "password": PASSWORD, "code_secret": secret, "code": running.code(0)}
        running.ask("POST", "enrolments", given, status=202)
        world.must(name, "admin", "account", "approve", "nurse-1", *signing)
        yield running
    finally:
        process.terminate()
        assert process.wait(SECONDS) == 0


def _address(log: Path) -> str:
    """Where it listens, as it says itself."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for line in log.read_text().splitlines():
            told = json.loads(line)
            if told["event"] == "ready":
                return f"http://127.0.0.1:{told['port']}"
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_somebody_at_a_gateway_asks_is_answered_and_leaves_a_call_back(gateway: Running) -> None:
    """And is signed out by the gateway when they say so."""
    nurse = gateway.sign_in()
    answer = gateway.answer_when_settled(nurse)
    assert answer["answer"] == "current"
    receipt = {"receipt": answer["receipt"]}

    gateway.ask("POST", "call-backs", {**receipt, "urgency": "now"}, token=nurse, status=201)

    assert gateway.ask("POST", "call-backs/status", receipt, token=nurse)["state"] == "pending"
    gateway.ask("DELETE", "sessions", token=nurse)
    gateway.ask("GET", "inbox", token=nurse, status=401)


def test_what_was_typed_stands_in_no_file_of_anybody(gateway: Running) -> None:
    """Of the gateway, the index and the key holders; its council's own file has it."""
    typed = (CHILD["nhs_number"].replace(" ", "").encode(), CHILD["nhs_number"].encode(), PASSWORD.encode())
    root = gateway.world.root
    files = [path for path in root.rglob("*") if path.is_file() and path.name != "feed.csv"]
    assert gateway.log in files

    assert [path.name for path in files if any(text in path.read_bytes() for text in typed)] == []
