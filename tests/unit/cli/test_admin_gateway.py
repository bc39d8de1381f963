"""`signpost admin gateway`: made where it stands, certified by the administrator, and installed."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest

from signpost.edge import organisation_keys
from signpost.edge.gateway.certifying import certified_gateway, unended_certificates
from signpost.edge.gateway.files import Certified, GatewayFiles, read_certified
from signpost.edge.organisation_keys import copy_users_key, load_organisation, load_users_key
from signpost.protocol import sealing
from signpost.protocol.credentials import AccountId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import VerifyKey
from signpost.protocol.messages import OwnAccount
from signpost.protocol.named_users import named_user
from signpost.protocol.purposes import Role
from signpost.protocol.sealing import Argon2Cost
from signpost.protocol.secret import Secret
from signpost_cli import admin_gateway
from signpost_cli.exit_codes import ExitCode
from signpost_cli.main import run
from tests.support.askers import new_key
from tests.support.world import same_holders

PASSPHRASE = ("--passphrase-file", "passphrase")
DAY = 86_400


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A council with its keys, and a cheap Argon2."""

    def cheaply(value: Secret, *, passphrase: Secret, salt: bytes, purpose: str) -> bytes:
        cost = Argon2Cost(memory_kib=8, passes=1, lanes=1)
        return sealing.seal_with_passphrase(value, passphrase=passphrase, salt=salt, purpose=purpose, cost=cost)

    monkeypatch.setattr(organisation_keys, "seal_with_passphrase", cheaply)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passphrase").touch(mode=0o600)
    (tmp_path / "passphrase").write_text("four words of a test\n")
    assert run(["admin", "org", "key", "new", "north-council", "--kind", "council", "--out", "keys", *PASSPHRASE]) == 0
    return tmp_path


def certify(key: str, *more: str, fingerprint: str = "F" * 43, index: str = "https://index.example") -> int:
    """What an administrator types."""
    return run(
        ["admin", "gateway", "certify", "town-hall", "--org-keys", "keys", f"--key={key}",
         f"--fingerprint={fingerprint}", "--index", index, "--out", "gateway.json", *PASSPHRASE,
         *(more or ("--role", "practitioner", "--role", "urgent"))]
    )  # fmt: skip


def made(capsys: pytest.CaptureFixture[str], folder: str = "gateway") -> str:
    """A gateway's public key, as its maker is shown it."""
    capsys.readouterr()
    assert run(["admin", "gateway", "new", folder, "--json"]) == 0
    return str(json.loads(capsys.readouterr().out)["key"])


def test_a_gateway_is_certified_for_its_roles_and_no_longer_than_a_shift(capsys: pytest.CaptureFixture[str]) -> None:
    key = made(capsys)

    assert certify(key, "--role", "practitioner", "--session-hours", "8", "--valid-days", "30") == 0

    certified = read_certified(Path("gateway.json"))
    certificate = certified.certificate
    assert certificate.key.text == key
    assert (certificate.roles, certificate.session_seconds) == (frozenset({Role.PRACTITIONER}), 8 * 3600)
    assert certificate.expires_at - certificate.issued_at == 30 * DAY
    assert certified.signing_key == load_organisation(Path("keys")).signing_key
    assert certificate.identifier in capsys.readouterr().out
    assert certified_gateway(Path("keys"), "town-hall") == certified


@pytest.mark.parametrize(
    "more",
    [
        ("--role", "feed"),
        ("--role", "custodian"),
        ("--role", "urgent", "--session-hours", "13"),
        ("--role", "urgent", "--session-hours", "0"),
        ("--role", "urgent", "--valid-days", "1099"),
        ("--role", "urgent", "--key=none"),
        ("--role", "urgent", "--index", "http://index.example"),
    ],
)
def test_what_no_gateway_may_be_is_not_certified(capsys: pytest.CaptureFixture[str], more: tuple[str, ...]) -> None:
    key = made(capsys)

    assert certify(key, *more) == ExitCode.USAGE
    assert not Path("gateway.json").exists()


def test_a_gateway_is_renewed_by_its_name_and_another_key_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """Accounts are of one gateway's key: another under its name would lock all of them out."""
    key = made(capsys)
    assert certify(key) == 0
    first = certified_gateway(Path("keys"), "town-hall").certificate.identifier

    assert certify(key) == 0
    assert certified_gateway(Path("keys"), "town-hall").certificate.identifier != first
    assert certify(new_key().verify_key.text) == ExitCode.FAILED


def test_a_key_is_made_once(capsys: pytest.CaptureFixture[str]) -> None:
    made(capsys)

    assert run(["admin", "gateway", "new", "gateway"]) == ExitCode.FAILED
    assert Path("gateway/gateway.key").stat().st_mode & 0o777 == 0o600


def test_an_account_is_opened_only_for_a_gateway_that_was_certified(capsys: pytest.CaptureFixture[str]) -> None:
    """Before the passphrase is asked for, and before anything is sent."""
    ended = run(
        ["admin", "account", "enrol", "worker-1", "--org-keys", "keys", "--role", "practitioner", "--vetting-until",
         "2099-01-01", "--training-until", "2099-01-01", "--fingerprint=x", "--index", "https://index.example",
         "--gateway", "town-hall", *PASSPHRASE]
    )  # fmt: skip

    assert ended == ExitCode.USAGE
    assert "signpost admin gateway certify" in capsys.readouterr().err


def test_what_was_certified_is_installed_with_the_manifest_that_it_names(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else: another manifest, or what was certified for another key, leaves the folder as it was."""
    signed = same_holders().signed

    async def handed_on(certified: Certified, ca_file: Path | None) -> bytes:
        return signed.encoding()

    monkeypatch.setattr(admin_gateway, "_manifest", handed_on)
    key = made(capsys)
    assert certify(key, fingerprint="A" * 43) == 0
    assert run(["admin", "gateway", "install", "gateway", "gateway.json"]) == ExitCode.VERIFICATION_FAILED
    assert certify(key, fingerprint=signed.manifest.fingerprint()) == 0
    made(capsys, "other")
    assert run(["admin", "gateway", "install", "other", "gateway.json"]) == ExitCode.FAILED

    assert run(["admin", "gateway", "install", "gateway", "gateway.json"]) == 0

    files = GatewayFiles.load(Path("gateway"))
    assert files.manifest == signed.manifest
    assert files.certified.certificate.name == "town-hall"
    assert {path.name for path in Path("other").iterdir()} == {"gateway.key"}


@pytest.mark.parametrize("which", ["program", "case-system"])
def test_a_programs_token_is_shown_once_and_its_digest_kept(which: str, capsys: pytest.CaptureFixture[str]) -> None:
    """0600; and another token makes the one before none."""
    made(capsys)

    assert run(["admin", "gateway", which, "gateway", "--json"]) == 0
    token = json.loads(capsys.readouterr().out)["token"]

    kept = Path(f"gateway/{which}.digest")
    first = kept.read_bytes()
    assert len(token) == 43
    assert token.encode() not in first
    assert kept.stat().st_mode & 0o777 == 0o600
    assert run(["admin", "gateway", which, "gateway"]) == 0
    assert kept.read_bytes() != first


def test_every_account_of_a_gateway_is_stopped_by_one_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the key that was certified by that name; and a name that was not is refused before anything is asked."""
    key = made(capsys)
    certificates = []
    for roles in ("urgent", "practitioner"):
        assert certify(key, "--role", roles) == 0
        certificates.append(certified_gateway(Path("keys"), "town-hall").certificate.identifier)
    stopped: list[str] = []

    class Stopping:
        async def suspend_at(self, gateway: VerifyKey) -> list[OwnAccount]:
            stopped.append(gateway.text)
            day = dt.date(2099, 1, 1)
            return [
                OwnAccount(
                    account=AccountId("worker-1"), role=Role.PRACTITIONER, state="suspended", vetting_until=day,
                    training_until=day,
                )
            ]  # fmt: skip

    def administering(*given: Any) -> Any:
        return asyncio.run(given[-1](Stopping()))

    monkeypatch.setattr(admin_gateway, "administering", administering)
    capsys.readouterr()
    suspend = ["--org-keys", "keys", "--index", "https://index.example"]

    assert run(["admin", "gateway", "suspend", "town-hall", *suspend]) == 0
    shown = capsys.readouterr()
    assert shown.out == "worker-1  suspended\n"
    # Whoever copied the key before it was renewed has the certificate of then.
    assert all(f"--certificate={each}\n" in shown.err for each in certificates)
    assert run(["admin", "gateway", "suspend", "town-hall", *suspend, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["certificates"] == sorted(certificates)
    assert run(["admin", "gateway", "suspend", "another", *suspend]) == ExitCode.USAGE
    assert stopped == [key, key]


def test_a_certificate_that_has_ended_is_not_to_be_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor another gateway's."""
    key = made(capsys)
    assert certify(key) == 0
    certificate = certified_gateway(Path("keys"), "town-hall").certificate

    def unended(key: VerifyKey, now: int) -> list[str]:
        return unended_certificates(Path("keys"), key, now=now)

    assert unended(certificate.key, certificate.expires_at - 1) == [certificate.identifier]
    assert unended(certificate.key, certificate.expires_at) == []
    assert unended(new_key().verify_key, certificate.expires_at - 1) == []


def test_whose_a_pseudonym_is_the_organisation_finds_by_making_it_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its own keys or on the system's desk alike; a name is read from stdin, and in no list of processes."""
    Path("desk").mkdir(mode=0o700)
    copy_users_key(Path("keys"), Path("desk"))
    told = []
    for folder in ("keys", "desk"):
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO("J.Smith\nsam\n"))
        assert run(["admin", "device", "users", "--org-keys", folder]) == 0
        told.append(capsys.readouterr().out)

    own = to_base64url(named_user(load_users_key(Path("keys")), "j.smith"))
    assert told[0] == told[1]
    assert told[0].splitlines()[0] == f"{own}  J.Smith"
    monkeypatch.setattr("sys.stdin", io.StringIO("sam\n\n"))
    assert run(["admin", "device", "users", "--org-keys", "keys"]) == ExitCode.USAGE
    assert "Line 2" in capsys.readouterr().err
