"""What a device makes of a sign-in: the shift it gives to its agent (protocol.md D1, D3)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signpost.edge.case_reference import seal_case_reference
from signpost.edge.shift import end_shift, lock_shift, open_references, shift_at, unlock_shift
from signpost.edge.signing_in import hold_shift
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.device_opening import SEALED_KEY_BYTES, device_opening_key, seal_organisation_key
from signpost.protocol.messages import SignInAnswer
from signpost.protocol.purposes import Role
from signpost.protocol.sealing import OpeningKey
from signpost.protocol.secret import Secret
from tests.support.held_shift import PIN
from tests.support.pretend_services import Pretence

KEY = OpeningKey(Secret(b"q" * 32))
FAR = 4_000_000_000


@pytest.fixture(autouse=True)
def agents(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The agents that a test starts: none outlives it. A command leaves its own behind, and ends."""
    started: list[subprocess.Popen[Any]] = []
    real = subprocess.Popen

    def starting(*given: Any, **named: Any) -> subprocess.Popen[Any]:
        started.append(real(*given, **named))
        return started[-1]

    monkeypatch.setattr("signpost.edge.signing_in.subprocess.Popen", starting)
    yield
    for each in started:
        assert each.wait(20) == 0


def answered(pretence: Pretence, sealing_key: bytes | None) -> SignInAnswer:
    """The index's answer to somebody who gave every factor right."""
    return SignInAnswer(
        certificate=pretence.device.certificate.sign(pretence.organisation.signing_key),
        credential=pretence.device.credential.sign(pretence.index_key),
        expires_at=FAR,
        ended_shift_of=None,
        sealing_key=sealing_key,
    )


def sealed_for(pretence: Pretence, account: str | None = None) -> bytes:
    """The organisation's key, as its administrator sealed it to this device."""
    return seal_organisation_key(
        KEY,
        to=device_opening_key(pretence.device.key).seal_key,
        organisation=OrganisationId(pretence.organisation.name),
        account=AccountId(account or pretence.device.certificate.account),
    )


def opened(pretence: Pretence, folder: Path) -> list[str | None]:
    """What the shift makes of a case reference of its organisation's."""
    name = pretence.organisation.name
    return open_references(
        folder, [seal_case_reference("case 17", to=KEY.seal_key, organisation=name)], organisation=name
    )


def test_the_shift_opens_its_organisations_case_references(tmp_path: Path) -> None:
    """Once it was locked and opened by the PIN too; and nothing of the key is in the desk's folder."""
    pretence = Pretence()
    folder = pretence.make_desk(tmp_path / "desk")

    assert hold_shift(folder, answered(pretence, sealed_for(pretence)), PIN)

    assert opened(pretence, folder) == ["case 17"]
    lock_shift(folder)
    unlock_shift(folder, PIN)
    assert opened(pretence, folder) == ["case 17"]
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    assert KEY.seed.reveal() not in kept
    assert end_shift(folder)


@pytest.mark.parametrize("sealing_key", ["none", "made up", "another account's"])
def test_a_shift_opens_without_a_key_that_does_not_open(tmp_path: Path, sealing_key: str) -> None:
    """It says so, signs, and opens no case reference."""
    pretence = Pretence()
    folder = pretence.make_desk(tmp_path / "desk")
    given = {
        "none": None,
        "made up": os.urandom(SEALED_KEY_BYTES),
        "another account's": sealed_for(pretence, "desk.2"),
    }[sealing_key]

    assert not hold_shift(folder, answered(pretence, given), PIN)

    assert shift_at(folder) is not None
    assert opened(pretence, folder) == [None]
    assert end_shift(folder)


def test_who_answers_no_notices_is_not_told_to_enrol_again(tmp_path: Path) -> None:
    """An auditor's device has nothing to open, and should not have."""
    pretence = Pretence(role=Role.AUDITOR)
    folder = pretence.make_desk(tmp_path / "desk")

    assert hold_shift(folder, answered(pretence, None), PIN)

    assert opened(pretence, folder) == [None]
    assert end_shift(folder)
