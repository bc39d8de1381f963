"""A key holder's process that has a key: opened, with a revocation list, serving one hospital."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from sqlite_utils.utils import sqlite3

from signpost.protocol.credentials import OrganisationId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.purposes import Role
from signpost.protocol.secret import Secret
from signpost.protocol.tags import join_points
from signpost_keys.custody import Custody, make_identity
from tests.support.askers import Device, Organisation
from tests.support.ceremony import make_holders
from tests.support.fake_index import FakeIndex
from tests.support.holder_process import HolderProcess, free_port
from tests.support.one_holder import CHEAP, some_points

__all__ = ["HOSPITAL", "ServingHolder", "make_serving_holder"]

HOSPITAL: Final = Organisation(OrganisationId("st-aldate-hospital"))
_PATIENCE_SECONDS: Final = 30


@dataclass
class ServingHolder:
    """The process, and a nurse's device that may ask it."""

    process: HolderProcess
    device: Device

    def open(self) -> None:
        """Starts and opens it, admits the hospital, and waits until it has a revocation list."""
        self.process.start()
        assert self.process.unlock() == "serving"
        admitted = self.process.custody(
            "POST",
            "/admissions",
            organisation=HOSPITAL.name,
            signing_key=HOSPITAL.signing_key.verify_key.text,
            budget=1_000_000,
        )
        assert admitted.status_code == 200
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self.process.get("/v1/status").json()["revocations_age_seconds"] is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def evaluate(self, nonce: str | None = None) -> httpx2.Response:
        """A lookup's twelve points, signed."""
        url = f"{self.process.url}/v1/evaluations"
        points = to_base64url(join_points(some_points(12)))
        body = f'{{"epoch":1,"generation":1,"kind":"lookup","points":"{points}"}}'.encode()
        headers = self.device.sign(url, body, now=int(time.time()), nonce=nonce)
        return httpx2.post(url, content=body, headers=headers, timeout=_PATIENCE_SECONDS)

    def charged(self) -> int:
        """Points on the nurse's meter, read from the disk."""
        with contextlib.closing(sqlite3.connect(self.process.folder.database)) as database:
            row = database.execute("SELECT points FROM account_meters").fetchone()
        return 0 if row is None else int(row[0])


def make_serving_holder(home: Path, index: FakeIndex, *, module: str = "signpost_keys") -> ServingHolder:
    """A holder with its share on the disk, not yet started. `module` is what its process runs."""
    port = free_port()
    holders = make_holders(port=port)
    process = HolderProcess(home, index_key=index.key.verify_key.text, index_url=index.url, port=port, module=module)
    seeds = holders.signing_keys[0].seed.reveal() + holders.opening_keys[0].seed.reveal()
    passphrase = Secret(process.passphrase.encode())
    make_identity(
        process.folder,
        passphrase,
        lambda length: seeds + os.urandom(length - 64) if length > 64 else os.urandom(length),
        cost=CHEAP,
    )
    custody = Custody(process.folder, url=process.url)
    custody.unlock(*custody.open_files(passphrase))
    custody.accept(holders.shares[0], holders.signed)
    device = HOSPITAL.device("triage-07", Role.URGENT, index_key=index.key, now=int(time.time()))
    return ServingHolder(process, device)
