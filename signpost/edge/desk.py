"""The desk: what one device at one organisation has, in one folder of its user's own.

    desk.toml          who the device is for, where the index is, and the fingerprint of the manifest it trusts
    manifest.json      the manifest: which key holders, and their public keys
    device.key         the device's Ed25519 seed, 32 bytes (0600)
    certificate.jwt    } only a machine's: the organisation's word on the device,
    credential.jwt     } and the index's word on this shift. A person's are held by the agent
    organisation.json  } only where a feed runs: the organisation's public keys,
    reference.key      } and its reference key (0600)

Rules: the manifest must be signed by all its holders *and* have the fingerprint that came with the enrolment, outside
the index; otherwise nothing is sent. A secret file that others can read is refused, not mended: it must be taken as
read. Every file is replaced whole. No error says what is in a file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from signpost.edge.atomic_file import replace_file
from signpost.edge.failures import DeskMissing, DeskUnusable, Failure, SignIn, VerificationFailed
from signpost.edge.organisation_keys import FeedKeys, load_feed_keys
from signpost.edge.shift import AgentState, ShiftSigner, agent_socket, shift_at
from signpost.edge.signed_sender import Identity, Signer, expiry_of
from signpost.edge.transport import allowed_url
from signpost.protocol.credentials import AccountId, OrganisationId, valid_name
from signpost.protocol.keys import KeyInvalid, SigningKey, same
from signpost.protocol.manifest import Manifest, ManifestInvalid, SignedManifest
from signpost.protocol.purposes import MACHINE_ROLES, Kind, Role
from signpost.protocol.secret import Secret
from signpost.service.files import private_folder, read_private_file
from signpost.service.refusals import StartRefused

__all__ = [
    "DUTY_TEAM",
    "Desk",
    "DeskSettings",
    "certificate_in",
    "default_folder",
    "desk_settings",
    "trusted_manifest",
    "whom_to_ring",
]

_SETTINGS: Final = "desk.toml"
_MANIFEST: Final = "manifest.json"
_DEVICE_KEY: Final = "device.key"
_CERTIFICATE: Final = "certificate.jwt"
_CREDENTIAL: Final = "credential.jwt"
_ENROL: Final = "Have the device enrolled: signpost enrol"
_SIGN_IN: Final = "signpost login"
_ELSEWHERE: Final = "If its desk is in another folder, name it: --home FOLDER, or SIGNPOST_HOME. If there is none:"
DUTY_TEAM: Final = "your local authority's out-of-hours duty team"
"""Whom to ring where no number was set."""


def default_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """SIGNPOST_HOME, or `.config/signpost` in the user's own folder."""
    named = environment.get("SIGNPOST_HOME")
    return Path(named) if named else Path.home() / ".config" / "signpost"


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("not one printable line")
    return text


def _name(text: str) -> str:
    if not valid_name(text):
        raise ValueError("not a name")
    return text


def _service_url(text: str) -> str:
    if not allowed_url(text):
        raise ValueError("not an https address")
    return text


class DeskSettings(BaseModel):
    """What desk.toml holds. None of it is secret."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    index_url: Annotated[str, AfterValidator(_service_url)]
    organisation: Annotated[str, AfterValidator(_name)]
    account: Annotated[str, AfterValidator(_name)]
    role: Annotated[Role, Field(strict=False)]
    kind: Annotated[Kind, Field(strict=False)]
    manifest_fingerprint: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    out_of_hours: Annotated[str, Field(min_length=3, max_length=120), AfterValidator(_one_line)]
    """Whom to ring when it could not be checked: shown as it stands here."""
    lock_after_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    """Of idleness, until the shift asks for the PIN."""
    ca_file: Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_one_line)] | None = None
    """The certificate authority to trust instead of the system's; relative to the desk's folder."""

    @classmethod
    def checked(cls, **values: object) -> Self:
        """Settings from plain values.

        Raises:
            DeskUnusable: a field is missing, unknown or not of its form; it names our own fields, and no value.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as invalid:
            places = invalid.errors(include_url=False, include_input=False)
            named = {place["loc"][0] for place in places if place["loc"]}
            listed = ", ".join(name for name in cls.model_fields if name in named) or "an unknown field"
            raise DeskUnusable(f"A desk's settings are not of their form: {listed}.", hint=_ENROL) from None

    def text(self) -> str:
        """The settings as TOML."""
        values = self.model_dump(mode="json", exclude_none=True)
        return "".join(f"{name} = {_toml(value)}\n" for name, value in values.items())


def _toml(value: str | int) -> str:
    return str(value) if isinstance(value, int) else _toml_text(value)


def _toml_text(text: str) -> str:
    # A printable line needs no other escapes (TOML 1.0, basic strings).
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk whose files were all read and checked. What only the index or the organisation can check, they check."""

    folder: Path
    settings: DeskSettings
    manifest: Manifest
    identity: Signer = field(repr=False)

    @property
    def organisation(self) -> OrganisationId:
        """The organisation it belongs to."""
        return OrganisationId(self.settings.organisation)

    @property
    def account(self) -> AccountId:
        """The account it is used as."""
        return AccountId(self.settings.account)

    @property
    def role(self) -> Role:
        """The account's role."""
        return self.settings.role

    @property
    def ca_file(self) -> Path | None:
        """The authority to trust instead of the system's."""
        return None if self.settings.ca_file is None else self.folder / self.settings.ca_file

    def feed_keys(self) -> FeedKeys:
        """The organisation's keys that a feed needs: only on a device that was enrolled for one.

        Raises:
            DeskUnusable: they are not here, or not of their form.
        """
        return load_feed_keys(self.folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read and check a desk's folder.

        Raises:
            DeskMissing: there is no desk.
            SignIn: nobody is signed in on it, or the shift is locked.
            DeskUnusable: a file is missing, not of its form, or open to others.
            VerificationFailed: the manifest is not the one the device was enrolled with.
        """
        settings = _load_settings(folder)
        try:
            # Who can write here can name other holders and another index: nothing is read out of an open folder.
            private_folder(folder)
        except StartRefused as refused:
            raise DeskUnusable(str(refused), hint=refused.hint) from None
        manifest = trusted_manifest(_read(folder / _MANIFEST), fingerprint=settings.manifest_fingerprint)
        return cls(folder=folder, settings=settings, manifest=manifest, identity=_signer(folder, settings))

    @staticmethod
    def make(folder: Path, *, settings: DeskSettings, manifest: bytes, device: SigningKey) -> None:
        """Write a desk's folder. desk.toml goes last: a folder without it is no desk.

        Raises:
            DeskUnusable: others can enter the folder, or it cannot be written.
        """
        try:
            private_folder(folder)
            replace_file(folder / _DEVICE_KEY, device.seed.reveal())
            replace_file(folder / _MANIFEST, manifest)
            replace_file(folder / _SETTINGS, settings.text().encode())
        except StartRefused as refused:
            raise DeskUnusable(str(refused), hint=refused.hint) from None
        except OSError:
            raise DeskUnusable(f"{folder} cannot be written.", hint="Check the path and who owns it.") from None

    @staticmethod
    def unmake(folder: Path) -> None:
        """Take away a desk that was never enrolled."""
        for name in (_SETTINGS, _MANIFEST, _DEVICE_KEY):
            (folder / name).unlink(missing_ok=True)

    @staticmethod
    def keep_shift(folder: Path, *, certificate: str, credential: str) -> None:
        """Keep what a machine signed in with. A person's is kept by the agent, and by no file.

        Raises:
            DeskUnusable: the folder cannot be written.
        """
        try:
            replace_file(folder / _CERTIFICATE, certificate.encode())
            replace_file(folder / _CREDENTIAL, credential.encode())
        except OSError:
            raise DeskUnusable(f"{folder} cannot be written.", hint="Check the path and who owns it.") from None

    @staticmethod
    def machine_shift_expires_at(folder: Path) -> int | None:
        """When a machine's shift runs out, in epoch seconds; null where it has none."""
        try:
            return expiry_of(_read_token(folder / _CREDENTIAL))
        except DeskUnusable:
            return None

    @staticmethod
    def parts(folder: Path) -> tuple[DeskSettings, Manifest, SigningKey]:
        """What signing in needs of a desk: its settings, its manifest and its device's key.

        Raises:
            DeskMissing: there is no desk.
            DeskUnusable: a file is missing, not of its form, or open to others.
            VerificationFailed: the manifest is not the one the device was enrolled with.
        """
        settings = _load_settings(folder)
        try:
            private_folder(folder)
        except StartRefused as refused:
            raise DeskUnusable(str(refused), hint=refused.hint) from None
        manifest = trusted_manifest(_read(folder / _MANIFEST), fingerprint=settings.manifest_fingerprint)
        return settings, manifest, _load_device_key(folder)


def _signer(folder: Path, settings: DeskSettings) -> Signer:
    if settings.role in MACHINE_ROLES:
        if not (folder / _CREDENTIAL).exists():
            raise SignIn("This machine has not signed in yet.", hint=_SIGN_IN)
        return Identity(
            certificate=_read_token(folder / _CERTIFICATE),
            credential=_read_token(folder / _CREDENTIAL),
            key=_load_device_key(folder),
        )
    shift = shift_at(folder)
    if shift is None:
        raise SignIn("Nobody is signed in on this device.", hint=_SIGN_IN)
    if shift.state is AgentState.LOCKED:
        raise SignIn("The shift on this device is locked.", hint=f"Open it with your PIN: {_SIGN_IN}")
    return ShiftSigner(agent_socket(folder), shift)


def trusted_manifest(raw: bytes, *, fingerprint: str) -> Manifest:
    """The manifest in a document, if it is the one of that fingerprint (A3).

    Raises:
        VerificationFailed: it is not signed by all its holders, or is another one.
    """
    try:
        manifest = SignedManifest.verify(raw).manifest
    except ManifestInvalid as invalid:
        raise VerificationFailed(
            f"The manifest is refused: {str(invalid).rstrip('.')}.", hint=_FETCH_MANIFEST
        ) from None
    if not same(manifest.fingerprint().encode(), fingerprint.encode()):
        raise VerificationFailed(
            "The manifest is not the one this device was enrolled with: its fingerprint differs.", hint=_FETCH_MANIFEST
        )
    return manifest


_FETCH_MANIFEST: Final = "Ask your administrator for the manifest and its fingerprint, by another road than the index."


def desk_settings(folder: Path) -> DeskSettings:
    """A desk's settings alone.

    Raises:
        DeskMissing: there is no desk.
        DeskUnusable: they are not of their form.
    """
    return _load_settings(folder)


def certificate_in(folder: Path) -> str:
    """The certificate in a desk's folder, whatever else is there.

    Raises:
        DeskMissing: there is no desk.
        DeskUnusable: its certificate is missing or not of its form.
    """
    _load_settings(folder)
    return _read_token(folder / _CERTIFICATE)


def whom_to_ring(folder: Path) -> str:
    """Whom to ring when a lookup cannot be answered: the desk's number where it can be read and trusted, else words."""
    try:
        settings = _load_settings(folder)
        private_folder(folder)
    except (Failure, StartRefused, OSError):
        return DUTY_TEAM
    return settings.out_of_hours


def _load_device_key(folder: Path) -> SigningKey:
    """The device's own key.

    Raises:
        DeskUnusable: it is missing, open to others, or not a key.
    """
    try:
        return SigningKey(Secret(read_private_file(folder / _DEVICE_KEY)))
    except StartRefused as refused:
        raise DeskUnusable(str(refused), hint=refused.hint) from None
    except KeyInvalid:
        raise DeskUnusable(f"{_DEVICE_KEY} is not a key.", hint=_ENROL) from None


def _load_settings(folder: Path) -> DeskSettings:
    path = folder / _SETTINGS
    if not path.exists():
        # The folder is not repeated: it may be an identifier, typed in the wrong place.
        raise DeskMissing(f"There is no {_SETTINGS} in the desk's folder.", hint=f"{_ELSEWHERE} signpost enrol")
    try:
        values = tomllib.loads(_read(path).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise DeskUnusable(f"{_SETTINGS} is not TOML.", hint=_ENROL) from None
    try:
        return DeskSettings.checked(**values)
    except DeskUnusable as unusable:
        raise DeskUnusable(f"{_SETTINGS}: {unusable.why}", hint=f"Correct it, or: {_ENROL}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise DeskUnusable(f"{path.name} is missing from {path.parent} or cannot be read.", hint=_ENROL) from None


def _read_token(path: Path) -> str:
    try:
        return _read(path).decode("ascii").strip()
    except UnicodeDecodeError:
        raise DeskUnusable(f"{path.name} is not of its form.", hint=_ENROL) from None
