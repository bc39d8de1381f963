"""What a gateway has on its disk, in one folder of its service's own user. Nothing of any child, and of no person.

    gateway.key     its Ed25519 seed, 32 bytes (0600). It signs sessions' keys and requests to sign in, nothing else
    gateway.json    what its administrator certified: the certificate, and what the gateway must believe (public)
    manifest.json   the key holders' manifest, of the fingerprint that gateway.json names

The key is made here and goes nowhere else. The administrator is given its public half by a road that is not the index,
as custodians are given an organisation's; what they send back is public. A folder without gateway.json is no gateway.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from signpost.edge.atomic_file import PUBLIC, replace_file
from signpost.edge.desk import DeskSettings, trusted_manifest
from signpost.edge.failures import DeskUnusable
from signpost.edge.transport import allowed_url
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import EncodingError, canonical_json, parse_canonical_json
from signpost.protocol.gateways import GatewayCertificate
from signpost.protocol.keys import KeyInvalid, SigningKey, VerifyKey
from signpost.protocol.manifest import Manifest
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.secret import Secret
from signpost.protocol.tokens import TokenInvalid
from signpost.service.clock import Randomness
from signpost.service.files import private_folder, read_private_file
from signpost.service.refusals import StartRefused

__all__ = ["Certified", "GatewayFiles", "install", "make_gateway_key", "read_certified"]

_KEY: Final = "gateway.key"
_CERTIFIED: Final = "gateway.json"
_MANIFEST: Final = "manifest.json"
_FORMAT: Final = "signpost.gateway/1"
_FIELDS: Final = frozenset(
    {
        "certificate", "format", "index_url", "kind", "manifest_fingerprint", "organisation", "out_of_hours",
        "signing_key",
    }
)  # fmt: skip
_MAKE: Final = "Make it: signpost admin gateway new FOLDER"
_CERTIFY: Final = "Have the administrator certify it: signpost admin gateway certify NAME"


@dataclass(frozen=True, slots=True)
class Certified:
    """gateway.json: an organisation's word on a gateway, and what the gateway believes by it. None of it is secret."""

    token: str
    certificate: GatewayCertificate
    kind: Kind
    signing_key: VerifyKey
    """The organisation's: what the certificate was signed by."""
    index_url: str
    manifest_fingerprint: str
    out_of_hours: str

    @property
    def organisation(self) -> OrganisationId:
        """Whose gateway it is."""
        return self.certificate.organisation

    def document(self) -> bytes:
        """gateway.json."""
        return canonical_json(
            {
                "certificate": self.token,
                "format": _FORMAT,
                "index_url": self.index_url,
                "kind": self.kind.value,
                "manifest_fingerprint": self.manifest_fingerprint,
                "organisation": self.organisation,
                "out_of_hours": self.out_of_hours,
                "signing_key": self.signing_key.text,
            }
        )

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """From gateway.json.

        Raises:
            DeskUnusable: it is not of its form, or the organisation's key did not sign the certificate.
        """
        try:
            fields = parse_canonical_json(raw.strip())
            if not isinstance(fields, dict) or set(fields) != _FIELDS or fields["format"] != _FORMAT:
                raise EncodingError("another format")
            texts = {name: str(value) for name, value in fields.items()}
            signing_key = VerifyKey.parse(texts["signing_key"])
            certificate = GatewayCertificate.read(texts["certificate"], signing_key)
            if certificate.organisation != texts["organisation"] or not allowed_url(texts["index_url"]):
                raise EncodingError("another organisation, or no address")
            return cls(
                token=texts["certificate"],
                certificate=certificate,
                kind=Kind(texts["kind"]),
                signing_key=signing_key,
                index_url=texts["index_url"],
                manifest_fingerprint=texts["manifest_fingerprint"],
                out_of_hours=texts["out_of_hours"],
            )
        except (EncodingError, KeyInvalid, TokenInvalid, ValueError):
            raise DeskUnusable(f"{_CERTIFIED} is not of its form.", hint=_CERTIFY) from None

    def desk_settings(self, account: AccountId, role: Role, *, ca_file: Path | None) -> DeskSettings:
        """The settings of one account's session.

        Raises:
            DeskUnusable: what was certified cannot be the settings of a desk.
        """
        return DeskSettings.checked(
            index_url=self.index_url,
            organisation=self.organisation,
            account=account,
            role=role.value,
            kind=self.kind.value,
            manifest_fingerprint=self.manifest_fingerprint,
            out_of_hours=self.out_of_hours,
            ca_file=None if ca_file is None else str(ca_file.absolute()),
        )


@dataclass(frozen=True, slots=True)
class GatewayFiles:
    """A gateway's folder, read and checked."""

    folder: Path
    key: SigningKey = field(repr=False)
    certified: Certified
    manifest: Manifest

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read and check a gateway's folder.

        Raises:
            DeskUnusable: a file is missing, not of its form or open to others, or the certificate is another key's.
            VerificationFailed: the manifest is not the one that the administrator named.
        """
        key, certified = _load_key(folder), read_certified(folder / _CERTIFIED)
        _refuse_another_key(key, certified)
        manifest = trusted_manifest(_read(folder / _MANIFEST), fingerprint=certified.manifest_fingerprint)
        return cls(folder, key, certified, manifest)


def make_gateway_key(folder: Path, *, randomness: Randomness) -> VerifyKey:
    """Make a gateway's key in a folder that has none, and give its public half.

    Raises:
        DeskUnusable: there is a key already; or the folder is open to others or cannot be written.
    """
    key = SigningKey(Secret(randomness(32)))
    try:
        private_folder(folder)
        if (folder / _KEY).exists():
            raise DeskUnusable("That folder has a gateway's key already.", hint="Choose another folder.")
        replace_file(folder / _KEY, key.seed.reveal())
    except StartRefused as refused:
        raise DeskUnusable(str(refused), hint=refused.hint) from None
    except OSError:
        raise DeskUnusable("The gateway's folder cannot be written.", hint="Check the path and who owns it.") from None
    return key.verify_key


def install(folder: Path, certified: Certified, *, manifest: bytes) -> None:
    """Put what the administrator certified into a gateway's folder, with the manifest it names. gateway.json goes last.

    Raises:
        DeskUnusable: it was certified for another key; or the folder has none or cannot be written.
        VerificationFailed: it is another manifest.
    """
    _refuse_another_key(_load_key(folder), certified)
    trusted_manifest(manifest, fingerprint=certified.manifest_fingerprint)
    try:
        replace_file(folder / _MANIFEST, manifest)
        replace_file(folder / _CERTIFIED, certified.document() + b"\n", mode=PUBLIC)
    except OSError:
        raise DeskUnusable("The gateway's folder cannot be written.", hint="Check the path and who owns it.") from None


def read_certified(path: Path) -> Certified:
    """What an administrator certified, from its file.

    Raises:
        DeskUnusable: it is missing or not of its form.
    """
    return Certified.parse(_read(path))


def _refuse_another_key(key: SigningKey, certified: Certified) -> None:
    if certified.certificate.key != key.verify_key:
        raise DeskUnusable("What was certified is the key of another gateway.", hint=_CERTIFY)


def _load_key(folder: Path) -> SigningKey:
    if not (folder / _KEY).exists():
        raise DeskUnusable("There is no gateway's key in that folder.", hint=_MAKE)
    try:
        private_folder(folder)
        return SigningKey(Secret(read_private_file(folder / _KEY)))
    except StartRefused as refused:
        raise DeskUnusable(str(refused), hint=refused.hint) from None
    except KeyInvalid:
        raise DeskUnusable(f"{_KEY} is not a key.", hint=_MAKE) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise DeskUnusable(f"{path.name} is missing or cannot be read.", hint=_CERTIFY) from None
