"""An organisation's keys: made once, sealed, backed up, and given to a feed only in part."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from signpost.edge import organisation_keys
from signpost.edge.failures import DeskUnusable
from signpost.edge.organisation_keys import (
    Organisation,
    PassphraseWrong,
    back_up,
    load_feed_keys,
    load_organisation,
    load_sealing_key,
    make_organisation_keys,
    open_signing_key,
    restore,
)
from signpost.protocol import sealing
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.labels import Label
from signpost.protocol.purposes import Kind
from signpost.protocol.sealing import Argon2Cost
from signpost.protocol.secret import Secret

PASSPHRASE = Secret(b"four words of a test")


@pytest.fixture(autouse=True)
def cheap_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opens in no time; production code cannot ask for it."""

    def cheaply(value: Secret, *, passphrase: Secret, salt: bytes, purpose: str) -> bytes:
        cost = Argon2Cost(memory_kib=8, passes=1, lanes=1)
        return sealing.seal_with_passphrase(value, passphrase=passphrase, salt=salt, purpose=purpose, cost=cost)

    monkeypatch.setattr(organisation_keys, "seal_with_passphrase", cheaply)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    make_organisation_keys(
        made, name=OrganisationId("north-council"), kind=Kind.COUNCIL, passphrase=PASSPHRASE, randomness=os.urandom
    )
    return made


def test_the_signing_key_opens_with_its_passphrase_and_is_the_published_one(folder: Path) -> None:
    key = open_signing_key(folder, PASSPHRASE)

    assert key.verify_key == load_organisation(folder).signing_key


def test_another_passphrase_opens_nothing(folder: Path) -> None:
    with pytest.raises(PassphraseWrong):
        open_signing_key(folder, Secret(b"five words of a test"))


def test_the_secret_files_are_0600_and_the_public_one_says_nothing_secret(folder: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}

    assert modes == {
        "organisation.json": 0o644,
        "signing.sealed": 0o600,
        "reference.key": 0o600,
        "sealing.key": 0o600,
    }
    assert set(json.loads((folder / "organisation.json").read_bytes())) == {
        "format",
        "kind",
        "organisation",
        "sealing_key",
        "signing_key",
    }


def test_keys_that_are_there_are_never_made_anew(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    with pytest.raises(DeskUnusable, match="has keys already"):
        make_organisation_keys(
            folder,
            name=OrganisationId("south-council"),
            kind=Kind.COUNCIL,
            passphrase=PASSPHRASE,
            randomness=os.urandom,
        )

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_feed_needs_two_files_and_can_open_nothing(folder: Path) -> None:
    (folder / "signing.sealed").unlink()
    (folder / "sealing.key").unlink()

    keys = load_feed_keys(folder)

    assert keys.organisation.name == "north-council"
    assert len(keys.reference_key) == 32
    assert "Secret" not in repr(keys)


def test_what_is_sealed_to_the_organisation_opens_with_its_sealing_key(folder: Path) -> None:
    sealed = load_feed_keys(folder).sealing_key.seal(Secret(b"case 17"), Label.CASE_REFERENCE)

    assert load_sealing_key(folder).open(sealed, Label.CASE_REFERENCE) == Secret(b"case 17")


@pytest.mark.parametrize("name", ["reference.key", "sealing.key", "signing.sealed"])
def test_a_key_file_that_others_can_read_is_refused(folder: Path, name: str) -> None:
    (folder / name).chmod(0o644)

    with pytest.raises(DeskUnusable):
        back_up(folder, folder / "backup", passphrase=PASSPHRASE, randomness=os.urandom)


def test_a_backup_gives_every_key_back(folder: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    back_up(folder, backup, passphrase=PASSPHRASE, randomness=os.urandom)

    organisation = restore(backup, tmp_path / "again", passphrase=PASSPHRASE, randomness=os.urandom)

    assert organisation == load_organisation(folder)
    for name in ("organisation.json", "reference.key", "sealing.key"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    assert open_signing_key(tmp_path / "again", PASSPHRASE).seed == open_signing_key(folder, PASSPHRASE).seed


def test_a_backup_holds_no_key_in_clear_and_opens_only_with_the_passphrase(folder: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    back_up(folder, backup, passphrase=PASSPHRASE, randomness=os.urandom)

    assert (folder / "reference.key").read_bytes() not in backup.read_bytes()
    assert backup.stat().st_mode & 0o777 == 0o600
    with pytest.raises(PassphraseWrong):
        restore(backup, tmp_path / "again", passphrase=Secret(b"another passphrase"), randomness=os.urandom)
    assert not (tmp_path / "again").exists()


def test_a_signing_key_is_no_backup_and_a_backup_no_signing_key(folder: Path, tmp_path: Path) -> None:
    """They are sealed by one passphrase, each for its own purpose."""
    with pytest.raises(PassphraseWrong):
        restore(folder / "signing.sealed", tmp_path / "again", passphrase=PASSPHRASE, randomness=os.urandom)


def test_a_backup_never_replaces_a_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("something else")

    with pytest.raises(DeskUnusable, match="exists already"):
        back_up(folder, tmp_path / "backup", passphrase=PASSPHRASE, randomness=os.urandom)


def test_the_published_key_must_be_the_sealed_one(folder: Path, tmp_path: Path) -> None:
    """A swapped organisation.json would have devices enrolled under a key that nobody admitted."""
    other = make_organisation_keys(
        tmp_path / "other",
        name=OrganisationId("north-council"),
        kind=Kind.COUNCIL,
        passphrase=PASSPHRASE,
        randomness=os.urandom,
    )
    (folder / "organisation.json").write_bytes(other.document())

    with pytest.raises(DeskUnusable, match="different keys"):
        open_signing_key(folder, PASSPHRASE)


def test_every_flipped_byte_of_the_public_file_is_refused_or_is_another_organisation(folder: Path) -> None:
    raw = (folder / "organisation.json").read_bytes().strip()
    organisation = Organisation.parse(raw)

    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        try:
            assert Organisation.parse(changed) != organisation
        except DeskUnusable:
            continue


def test_the_public_file_decodes_to_what_was_encoded(folder: Path) -> None:
    organisation = load_organisation(folder)

    assert Organisation.parse(organisation.document()) == organisation
