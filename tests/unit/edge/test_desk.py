"""The desk's folder: what is refused in it, and that nothing of it is told."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from signpost.edge.desk import (
    DUTY_TEAM,
    Desk,
    DeskSettings,
    certificate_in,
    default_folder,
    trusted_manifest,
    whom_to_ring,
)
from signpost.edge.failures import DeskMissing, DeskUnusable, SignIn, VerificationFailed
from signpost.edge.organisation_keys import copy_feed_keys, make_organisation_keys
from signpost.edge.signed_sender import Identity, expiry_of
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.secret import Secret
from tests.support.ceremony import make_holders
from tests.support.pretend_services import Pretence


@pytest.fixture
def pretence() -> Pretence:
    return Pretence(role=Role.FEED)


@pytest.fixture
def folder(pretence: Pretence, tmp_path: Path) -> Path:
    return pretence.make_desk(tmp_path / "desk")


def test_a_desk_that_was_made_is_loaded_whole(pretence: Pretence, folder: Path) -> None:
    desk = Desk.load(folder)

    assert (desk.organisation, desk.account, desk.role) == ("st-aldate-hospital", "desk.1", Role.FEED)
    assert desk.manifest == pretence.holders.manifest
    assert isinstance(desk.identity, Identity)
    assert desk.identity.key.verify_key == pretence.device.key.verify_key
    assert desk.settings.out_of_hours == "0113 496 0000"


def test_its_folder_and_its_secrets_are_its_users_alone(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "desk.toml": 0o600,
        "manifest.json": 0o600,
        "device.key": 0o600,
        "certificate.jwt": 0o600,
        "credential.jwt": 0o600,
    }


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o755, 0o722])
def test_a_folder_that_others_can_enter_is_refused(folder: Path, mode: int) -> None:
    """Who can write there could name other key holders and another index."""
    folder.chmod(mode)

    with pytest.raises(DeskUnusable):
        Desk.load(folder)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(folder: Path, mode: int) -> None:
    """It must be taken as read: using it all the same would hide that."""
    (folder / "device.key").chmod(mode)

    with pytest.raises(DeskUnusable, match="other users can read"):
        Desk.load(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_that_belongs_to_somebody_else_is_refused(folder: Path) -> None:
    os.chown(folder / "device.key", 12345, 12345)

    with pytest.raises(DeskUnusable):
        Desk.load(folder)


@pytest.mark.parametrize("name", ["manifest.json", "device.key", "certificate.jwt"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(DeskUnusable, match=name):
        Desk.load(folder)


def test_no_desk_at_all_is_not_enrolled(tmp_path: Path) -> None:
    with pytest.raises(DeskMissing) as raised:
        Desk.load(tmp_path)

    assert raised.value.what == "This device is not enrolled here."
    assert "signpost enrol" in raised.value.hint


def test_a_manifest_of_other_holders_is_refused_however_well_it_is_signed(folder: Path) -> None:
    """Its fingerprint came with the enrolment, outside the index: another one is not trusted."""
    (folder / "manifest.json").write_bytes(make_holders().signed.encoding())

    with pytest.raises(VerificationFailed, match="fingerprint differs"):
        Desk.load(folder)


def test_every_flipped_byte_of_the_manifest_is_refused(pretence: Pretence) -> None:
    raw, fingerprint = pretence.holders.signed.encoding(), pretence.holders.manifest.fingerprint()

    for place in range(0, len(raw), 97):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(VerificationFailed):
            trusted_manifest(changed, fingerprint=fingerprint)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("index_url", "http://index.example"),
        ("index_url", "https://index.example/path"),
        ("index_url", "ftp://127.0.0.1"),
        ("organisation", "North Council"),
        ("account", "x"),
        ("role", "doctor"),
        ("kind", "school"),
        ("manifest_fingerprint", "short"),
        ("out_of_hours", "0113\x1b[2J"),
        ("surprise", "secret-value"),
    ],
)
def test_settings_that_are_not_of_their_form_are_refused_by_field_and_not_by_value(
    folder: Path, field: str, value: str
) -> None:
    lines = [line for line in (folder / "desk.toml").read_text().splitlines() if not line.startswith(f"{field} ")]
    escaped = value.replace("\x1b", "\\u001b")
    (folder / "desk.toml").write_text("\n".join([*lines, f'{field} = "{escaped}"']))

    with pytest.raises(DeskUnusable) as raised:
        Desk.load(folder)

    assert (field in raised.value.why) == (field != "surprise")
    assert value not in f"{raised.value!r} {raised.value.why}"


@pytest.mark.parametrize("text", ["", "index_url", "\x00", "[[["])
def test_settings_that_are_no_settings_are_refused(folder: Path, text: str) -> None:
    (folder / "desk.toml").write_text(text)

    with pytest.raises(DeskUnusable):
        Desk.load(folder)


def test_settings_survive_being_written_and_read(pretence: Pretence, folder: Path) -> None:
    before = Desk.load(folder).settings
    awkward = before.model_copy(update={"out_of_hours": 'the "duty" desk \\ 0113 496 0000 · ask for Zoë'})
    (folder / "desk.toml").write_text(awkward.text())

    assert Desk.load(folder).settings == awkward


def test_a_new_shift_replaces_the_credential_and_nothing_else(pretence: Pretence, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    longer = pretence.device.signed_in_until(pretence.clock.at + 99_999).credential.sign(pretence.index_key)

    Desk.keep_shift(folder, certificate=before["certificate.jwt"].decode(), credential=longer)

    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"credential.jwt"}
    assert Desk.load(folder).identity.credential_expires_at == pretence.clock.at + 99_999


def test_expiry_is_told_only_of_what_has_one() -> None:
    for text in ("", "a.b.c", "a", "e30.e30.e30", "é.é.é"):
        assert expiry_of(text) is None


def test_the_certificate_can_be_read_when_the_shift_is_over(pretence: Pretence, folder: Path) -> None:
    (folder / "credential.jwt").unlink()

    assert certificate_in(folder) == pretence.device.certificate.sign(pretence.organisation.signing_key)


def test_a_machine_without_a_shift_is_told_to_sign_in(folder: Path) -> None:
    (folder / "credential.jwt").unlink()

    with pytest.raises(SignIn, match="not signed in"):
        Desk.load(folder)


def test_a_person_without_a_shift_is_told_to_sign_in(tmp_path: Path) -> None:
    """A key file alone, however it was come by, opens nothing: no file holds a person's credential."""
    pretence = Pretence(role=Role.URGENT)
    folder = pretence.make_desk(tmp_path / "desk")
    assert {path.name for path in folder.iterdir()} == {"desk.toml", "manifest.json", "device.key"}
    copied = tmp_path / "copied"
    shutil.copytree(folder, copied)
    copied.chmod(0o700)

    assert Desk.load(folder).account == "desk.1"
    with pytest.raises(SignIn, match="Nobody is signed in"):
        Desk.load(copied)


def test_a_feeds_keys_are_only_where_they_were_put(folder: Path, tmp_path: Path) -> None:
    desk = Desk.load(folder)
    with pytest.raises(DeskUnusable):
        desk.feed_keys()
    make_organisation_keys(
        tmp_path / "keys",
        name=OrganisationId("st-aldate-hospital"),
        kind=Kind.HOSPITAL,
        passphrase=Secret(b"four words of a test"),
        randomness=os.urandom,
    )

    copy_feed_keys(tmp_path / "keys", folder)

    assert desk.feed_keys().reference_key == Secret((tmp_path / "keys" / "reference.key").read_bytes())
    assert (folder / "reference.key").stat().st_mode & 0o777 == 0o600


def test_a_desk_does_not_print_its_key_or_credentials(folder: Path) -> None:
    shown = repr(Desk.load(folder))

    assert "eyJ" not in shown
    assert "SigningKey" not in shown


def test_the_folder_is_the_one_the_environment_names() -> None:
    assert default_folder({"SIGNPOST_HOME": "/srv/desk"}) == Path("/srv/desk")
    assert default_folder({}) == Path.home() / ".config" / "signpost"


def test_settings_name_every_field_that_is_wrong() -> None:
    with pytest.raises(DeskUnusable, match="index_url, organisation, account, role, kind, manifest_fingerprint"):
        DeskSettings.checked(out_of_hours="0113 496 0000")


def test_an_unknown_field_is_told_with_the_file_it_stands_in(folder: Path) -> None:
    with (folder / "desk.toml").open("a") as settings:
        settings.write('colour = "red"\n')

    with pytest.raises(DeskUnusable, match=r"^desk\.toml: .*an unknown field"):
        Desk.load(folder)


def test_whom_to_ring_is_known_whatever_else_is_wrong_with_the_desk(folder: Path, tmp_path: Path) -> None:
    """But nothing is believed that others could have written."""
    (folder / "manifest.json").unlink()
    assert whom_to_ring(folder) == "0113 496 0000"
    folder.chmod(0o755)
    assert whom_to_ring(folder) == DUTY_TEAM
    assert whom_to_ring(tmp_path / "nowhere") == DUTY_TEAM
