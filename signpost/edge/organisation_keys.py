"""An organisation's three keys (protocol.md D1), in a folder of its administrator's own:

    organisation.json   public: name, kind, and the public halves of the signing and sealing keys
    signing.sealed      signs enrolment certificates and statements about accounts: sealed by a passphrase (Argon2id)
    reference.key       makes references, child references, row digests and padding: 32 bytes (0600)
    sealing.key         opens case references and notices: 32 bytes (0600)

A feed needs `organisation.json` and `reference.key` only; a case-management system `users.key`, which is made of the
reference key, and no road back to it. Without the reference key an organisation cannot tell its own
registrations apart again, and without the sealing key it cannot read its own case references: hence the backup, one
file of all three keys under the same passphrase.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from signpost.edge.atomic_file import PUBLIC, replace_file
from signpost.edge.failures import DeskUnusable
from signpost.protocol.credentials import OrganisationId, valid_name
from signpost.protocol.encoding import (
    EncodingError,
    canonical_json,
    from_base64url,
    parse_canonical_json,
    to_base64url,
)
from signpost.protocol.keys import KeyInvalid, SigningKey, VerifyKey
from signpost.protocol.named_users import users_key
from signpost.protocol.purposes import Kind
from signpost.protocol.sealing import OpeningKey, SealBroken, SealKey, open_with_passphrase, seal_with_passphrase
from signpost.protocol.secret import Secret
from signpost.service.clock import Randomness
from signpost.service.files import private_folder, read_private_file
from signpost.service.refusals import StartRefused

__all__ = [
    "FeedKeys",
    "Organisation",
    "PassphraseWrong",
    "back_up",
    "copy_feed_keys",
    "copy_users_key",
    "load_feed_keys",
    "load_organisation",
    "load_sealing_key",
    "load_users_key",
    "make_organisation_keys",
    "open_signing_key",
    "restore",
]

_PUBLIC: Final = "organisation.json"
_SIGNING: Final = "signing.sealed"
_REFERENCE: Final = "reference.key"
_SEALING: Final = "sealing.key"
_USERS: Final = "users.key"
_FORMAT: Final = "signpost.organisation/1"
_SIGNING_PURPOSE: Final = "organisation-signing-key"
_BACKUP_PURPOSE: Final = "organisation-keys-backup"
_SALT_BYTES: Final = 16
_KEY_BYTES: Final = 32
_MAKE: Final = "Make the keys with: signpost admin org key new"
_RESTORE: Final = "Restore the folder from its backup: signpost admin org key restore"


class PassphraseWrong(DeskUnusable):
    """The passphrase does not open the sealed file."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """What anybody may know of an organisation: what the operator and the custodians admit it by."""

    name: OrganisationId
    kind: Kind
    signing_key: VerifyKey
    sealing_key: SealKey

    def document(self) -> bytes:
        """organisation.json."""
        return canonical_json(
            {
                "format": _FORMAT,
                "kind": self.kind.value,
                "organisation": self.name,
                "sealing_key": self.sealing_key.text,
                "signing_key": self.signing_key.text,
            }
        )

    @classmethod
    def parse(cls, raw: bytes) -> Organisation:
        """From organisation.json.

        Raises:
            DeskUnusable: not of its form.
        """
        try:
            fields = parse_canonical_json(raw.strip())
            if not isinstance(fields, dict) or fields.get("format") != _FORMAT or len(fields) != 5:
                raise EncodingError("another format")
            if not valid_name(fields["organisation"]):
                raise EncodingError("not a name")
            return cls(
                name=OrganisationId(str(fields["organisation"])),
                kind=Kind(str(fields["kind"])),
                signing_key=VerifyKey.parse(str(fields["signing_key"])),
                sealing_key=SealKey.parse(str(fields["sealing_key"])),
            )
        except (EncodingError, KeyInvalid, KeyError, ValueError):
            raise DeskUnusable(f"{_PUBLIC} is not of its form.", hint=_MAKE) from None


@dataclass(frozen=True, slots=True)
class FeedKeys:
    """What a feed needs of its organisation's keys: it can name and seal, and open nothing."""

    organisation: Organisation
    reference_key: Secret = field(repr=False)

    @property
    def sealing_key(self) -> SealKey:
        """The public half that case references are sealed to."""
        return self.organisation.sealing_key


def make_organisation_keys(
    folder: Path, *, name: OrganisationId, kind: Kind, passphrase: Secret, randomness: Randomness
) -> Organisation:
    """Make the three keys. A folder that has keys already is left as it is.

    Raises:
        DeskUnusable: there are keys already; or the folder is open to others or cannot be written.
    """
    signing = SigningKey(Secret(randomness(_KEY_BYTES)))
    sealing = OpeningKey(Secret(randomness(_KEY_BYTES)))
    organisation = Organisation(name, kind, signing.verify_key, sealing.seal_key)
    keys = _Keys(organisation, signing, Secret(randomness(_KEY_BYTES)), sealing)
    keys.write(folder, passphrase=passphrase, randomness=randomness)
    return organisation


@dataclass(frozen=True, slots=True)
class _Keys:
    organisation: Organisation
    signing: SigningKey
    reference: Secret
    sealing: OpeningKey

    def write(self, folder: Path, *, passphrase: Secret, randomness: Randomness) -> None:
        sealed = seal_with_passphrase(
            self.signing.seed, passphrase=passphrase, salt=randomness(_SALT_BYTES), purpose=_SIGNING_PURPOSE
        )
        try:
            private_folder(folder)
            if any((folder / name).exists() for name in (_PUBLIC, _SIGNING, _REFERENCE, _SEALING)):
                raise DeskUnusable(f"{folder} has keys already.", hint="Choose another folder.")
            replace_file(folder / _SIGNING, sealed)
            replace_file(folder / _REFERENCE, self.reference.reveal())
            replace_file(folder / _SEALING, self.sealing.seed.reveal())
            replace_file(folder / _PUBLIC, self.organisation.document() + b"\n", mode=PUBLIC)
        except StartRefused as refused:
            raise DeskUnusable(str(refused), hint=refused.hint) from None
        except OSError:
            raise DeskUnusable(f"{folder} cannot be written.", hint="Check the path and who owns it.") from None


def load_organisation(path: Path) -> Organisation:
    """The public part, from organisation.json or the folder that holds it.

    Raises:
        DeskUnusable: missing or not of its form.
    """
    file = path / _PUBLIC if path.is_dir() else path
    try:
        return Organisation.parse(file.read_bytes())
    except OSError:
        raise DeskUnusable(f"{file} is missing or cannot be read.", hint=_MAKE) from None


def open_signing_key(folder: Path, passphrase: Secret) -> SigningKey:
    """The signing key, to enrol a device with and be forgotten.

    Raises:
        PassphraseWrong: it does not open, for that reason or because it was changed.
        DeskUnusable: missing, open to others, or not the key that organisation.json names.
    """
    organisation = load_organisation(folder)
    try:
        key = SigningKey(
            open_with_passphrase(_private(folder / _SIGNING), passphrase=passphrase, purpose=_SIGNING_PURPOSE)
        )
    except SealBroken:
        raise PassphraseWrong(f"{_SIGNING} is unchanged.", hint="Try again.") from None
    except KeyInvalid:
        raise DeskUnusable(f"{_SIGNING} holds no key.", hint=_MAKE) from None
    if key.verify_key != organisation.signing_key:
        raise DeskUnusable(f"{_SIGNING} and {_PUBLIC} are of different keys.", hint=_RESTORE)
    return key


def load_feed_keys(folder: Path) -> FeedKeys:
    """What a feed needs, from the organisation's folder or a feed machine's desk.

    Raises:
        DeskUnusable: missing, open to others, or not of its form.
    """
    return FeedKeys(load_organisation(folder), _key(folder / _REFERENCE))


def copy_feed_keys(source: Path, desk: Path) -> None:
    """Put what a feed needs into a desk's folder.

    Raises:
        DeskUnusable: as `load_feed_keys`, or the desk's folder cannot be written.
    """
    keys = load_feed_keys(source)
    try:
        private_folder(desk)
        replace_file(desk / _REFERENCE, keys.reference_key.reveal())
        replace_file(desk / _PUBLIC, keys.organisation.document() + b"\n", mode=PUBLIC)
    except StartRefused as refused:
        raise DeskUnusable(str(refused), hint=refused.hint) from None
    except OSError:
        raise DeskUnusable(f"{desk} cannot be written.", hint="Check the path and who owns it.") from None


def copy_users_key(source: Path, desk: Path) -> None:
    """Put into a case-management system's desk what names its users to the index: nothing else of the organisation's.

    Raises:
        DeskUnusable: as `load_feed_keys`, or the desk's folder cannot be written.
    """
    key = users_key(_key(source / _REFERENCE))
    try:
        private_folder(desk)
        replace_file(desk / _USERS, key.reveal())
    except StartRefused as refused:
        raise DeskUnusable(str(refused), hint=refused.hint) from None
    except OSError:
        raise DeskUnusable(f"{desk} cannot be written.", hint="Check the path and who owns it.") from None


def load_users_key(folder: Path) -> Secret:
    """What names users to the index: from a case-management system's desk, or made of the organisation's own keys.

    Raises:
        DeskUnusable: missing, open to others, or not of its form.
    """
    return _key(folder / _USERS) if (folder / _USERS).exists() else users_key(_key(folder / _REFERENCE))


def load_sealing_key(folder: Path) -> OpeningKey:
    """The private half that opens case references.

    Raises:
        DeskUnusable: missing, open to others, not a key, or not the one that organisation.json names.
    """
    key = OpeningKey(_key(folder / _SEALING))
    if key.seal_key != load_organisation(folder).sealing_key:
        raise DeskUnusable(f"{_SEALING} and {_PUBLIC} are of different keys.", hint=_RESTORE)
    return key


def back_up(folder: Path, file: Path, *, passphrase: Secret, randomness: Randomness) -> None:
    """Write all three keys into one file, sealed under the passphrase of the signing key.

    Raises:
        PassphraseWrong: it does not open the signing key.
        DeskUnusable: a key is missing, or the file exists or cannot be written.
    """
    signing = open_signing_key(folder, passphrase)
    organisation, reference, sealing = load_organisation(folder), _key(folder / _REFERENCE), load_sealing_key(folder)
    keys = canonical_json(
        {
            "kind": organisation.kind.value,
            "organisation": organisation.name,
            "reference": to_base64url(reference.reveal()),
            "sealing": to_base64url(sealing.seed.reveal()),
            "signing": to_base64url(signing.seed.reveal()),
        }
    )
    if file.exists():
        raise DeskUnusable(f"{file} exists already.", hint="Name another file.")
    sealed = seal_with_passphrase(
        Secret(keys), passphrase=passphrase, salt=randomness(_SALT_BYTES), purpose=_BACKUP_PURPOSE
    )
    try:
        replace_file(file, sealed)
    except OSError:
        raise DeskUnusable(f"{file} cannot be written.", hint="Check the path and who owns it.") from None


def restore(file: Path, folder: Path, *, passphrase: Secret, randomness: Randomness) -> Organisation:
    """Make an organisation's folder again from its backup. A folder that has keys is left as it is.

    Raises:
        PassphraseWrong: the backup does not open.
        DeskUnusable: it is missing or open to others; or the folder has keys, or cannot be written.
    """
    try:
        opened = open_with_passphrase(_private(file), passphrase=passphrase, purpose=_BACKUP_PURPOSE)
        fields = parse_canonical_json(opened.reveal())
        assert isinstance(fields, dict)
        signing = SigningKey(_secret(fields["signing"]))
        sealing = OpeningKey(_secret(fields["sealing"]))
        organisation = Organisation(
            OrganisationId(str(fields["organisation"])), Kind(str(fields["kind"])), signing.verify_key, sealing.seal_key
        )
        keys = _Keys(organisation, signing, _secret(fields["reference"]), sealing)
    except SealBroken:
        raise PassphraseWrong(f"{file} is unchanged.", hint="Try again.") from None
    keys.write(folder, passphrase=passphrase, randomness=randomness)
    return organisation


def _secret(text: object) -> Secret:
    return Secret(from_base64url(str(text)))


def _private(path: Path) -> bytes:
    try:
        return read_private_file(path)
    except StartRefused as refused:
        raise DeskUnusable(str(refused), hint=refused.hint) from None


def _key(path: Path) -> Secret:
    raw = _private(path)
    if len(raw) != _KEY_BYTES:
        raise DeskUnusable(f"{path} is not a key.", hint=_RESTORE)
    return Secret(raw)
