"""A key holder's settings: one TOML file, each default with its reason. `SIGNPOST_HOLDER_…` in the environment
overrides.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import SettingsConfigDict

from signpost.protocol.keys import KeyInvalid, VerifyKey
from signpost.protocol.manifest import valid_url
from signpost.service.settings import RelativePath, SecretPath, ServiceSettings, refuse_half_tls
from signpost_keys.folder import HolderFolder
from signpost_keys.metering import Allowances

__all__ = ["Budgets", "HolderSettings"]


def _url(text: str) -> str:
    if not valid_url(text):
        raise ValueError("must be an http(s) address with a host and no path")
    return text


def _public_key(text: str) -> str:
    try:
        return VerifyKey.parse(text).text
    except KeyInvalid:
        raise ValueError("must be an Ed25519 public key in base64url") from None


Url = Annotated[str, AfterValidator(_url)]


class Budgets(BaseModel):
    """How many lookups an account may make in a shift of 12 hours, at all holders together. Each holder allows t/n of
    it.

    An organisation's own budget is set when its custodian admits it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    practitioner_lookups: Annotated[int, Field(ge=1, le=2_000)] = 60
    """Five an hour: more than a duty social worker asks on a bad day, and too few to go through a register."""
    urgent_lookups: Annotated[int, Field(ge=1, le=2_000)] = 200
    """An emergency department sees some 150 children in a busy shift, and one account may serve its whole desk."""

    case_management_lookups: Annotated[int, Field(ge=1, le=20_000)] = 600
    """A case-management system's own, for all its users together: ten practitioners'. Whom it names is not told
    here."""
    officer_lookups: Annotated[int, Field(ge=1, le=2_000)] = 60
    """A shielding or rights officer's, as a practitioner's."""
    urgent_overdraft_lookups: Annotated[int, Field(ge=1, le=20_000)] = 2_000
    """What an urgent account may ask in all, past its budget; each use is logged. Nobody in A&E is turned away by a
    count that a colleague used up."""
    national_points: Annotated[int, Field(ge=1)] = 200_000_000
    """A UTC day, of all organisations: twice what 150 councils' nightly feeds and 390,000 users would need."""
    kept_for_urgent: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """The part of the nation's points that only urgent roles may use."""

    def allowances(self) -> Allowances:
        """As the meter takes them."""
        return Allowances(
            practitioner=self.practitioner_lookups,
            urgent=self.urgent_lookups,
            case_management=self.case_management_lookups,
            officer=self.officer_lookups,
            urgent_overdraft=self.urgent_overdraft_lookups,
            national_points=self.national_points,
            kept_for_urgent=self.kept_for_urgent,
        )


class HolderSettings(ServiceSettings):
    """What a key holder is told at start."""

    model_config = SettingsConfigDict(env_prefix="SIGNPOST_HOLDER_")

    host: str = "127.0.0.1"
    """Loopback unless a certificate is given."""
    port: Annotated[int, Field(ge=0, le=65_535)]
    public_url: Url
    """The address others know it by: in the roster, in the manifest, and in every request's signature."""
    data_dir: RelativePath
    """The holder's folder (`signpost_keys.folder`)."""
    index_url: Url
    """Where the revocation list comes from."""
    index_credential_key: Annotated[str, AfterValidator(_public_key)]
    """The index's key for credentials and revocations, pinned by the custodian (B5)."""
    index_ca_file: RelativePath | None = None
    """The authority of the index's certificate, where it is not one the machine trusts."""
    tls_certificate: RelativePath | None = None
    tls_key: SecretPath | None = None
    budgets: Budgets = Budgets()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_half_tls(certificate=self.tls_certificate, key=self.tls_key, public_url=self.public_url)
        return self

    @property
    def folder(self) -> HolderFolder:
        return HolderFolder(self.data_dir)
