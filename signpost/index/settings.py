"""The index's settings: one TOML file, each default with its reason. `SIGNPOST_INDEX_…` in the environment
overrides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import SettingsConfigDict

from signpost.index.budgets import Budgets
from signpost.index.contact_rules import ContactRules
from signpost.index.own_work import OwnWorkLimits
from signpost.index.working_time import Patience
from signpost.protocol.calendar import KEPT_MONTHS
from signpost.protocol.credentials import OrganisationId, valid_name
from signpost.protocol.manifest import valid_url
from signpost.protocol.secret import Secret
from signpost.service.files import read_private_file
from signpost.service.listening import PublicAddress, Tls
from signpost.service.mail import MailSettings
from signpost.service.settings import RelativePath, SecretPath, ServiceSettings, refuse_half_tls

__all__ = ["IndexSettings"]


def _url(text: str) -> str:
    if not valid_url(text):
        raise ValueError("must be an http(s) address with a host and no path")
    return text


def _organisation(text: str) -> OrganisationId:
    if not valid_name(text):
        raise ValueError("must be an organisation's name")
    return OrganisationId(text)


class IndexSettings(ServiceSettings):
    """What the index is told at start."""

    model_config = SettingsConfigDict(env_prefix="SIGNPOST_INDEX_")

    host: str = "127.0.0.1"
    """Loopback unless a certificate is given."""
    port: Annotated[int, Field(ge=0, le=65_535)]
    public_url: Annotated[str, AfterValidator(_url)]
    """How askers reach it: what their signatures cover, whatever a proxy makes of the Host header."""
    tls_certificate: RelativePath | None = None
    tls_key: SecretPath | None = None
    data_dir: RelativePath
    """The database, the keys in a folder of their own, and the operator's socket. 0700."""
    manifest: RelativePath | None = None
    """The holders' signed manifest, and its fingerprint as the custodians read it out. Needed to serve; the index's
    keys are made before there is one."""
    manifest_fingerprint: str | None = None
    expected_organisations: tuple[Annotated[OrganisationId, AfterValidator(_organisation)], ...] = ()
    """Who should feed: the first figure of coverage."""
    look_back_months: Annotated[int, Field(ge=0, le=KEPT_MONTHS)] = KEPT_MONTHS
    """How long an ended involvement still answers `previous`: as CP-IS. No longer than it is kept."""
    strict_t1: bool = True
    """Whether a record must be hit by a name as well before demographics alone confirm it: the last false ones are
    twins whose names sound alike (docs/explanation/identification.md)."""
    practitioner_lookups: Annotated[int, Field(ge=1, le=2_000)] = 60
    """A shift, as at the key holders, which do not know what is asked."""
    urgent_lookups: Annotated[int, Field(ge=1, le=2_000)] = 200
    urgent_overdraft_lookups: Annotated[int, Field(ge=1, le=20_000)] = 2_000
    """What an urgent account may ask in all, past its budget: nobody is turned away from A&E for a count. Each use of
    it is on the record."""
    case_management_lookups: Annotated[int, Field(ge=1, le=20_000)] = 600
    """A case-management system's own, for all its users together: ten practitioners'. Each user whom it names has a
    practitioner's besides."""
    organisation_lookups: Annotated[int, Field(ge=1)] = 2_000
    """A day, for an organisation of any size: a hospital has no caseload of its own."""
    organisation_lookups_per_involvement: Annotated[float, Field(ge=0, le=10)] = 0.5
    """And for one of many children this share of its caseload, where that is more."""
    repeats_of_an_account: Annotated[int, Field(ge=1)] = 5
    """Lookups of one shift that may share a tag: a slip of the pen is mended in less."""
    repeats_of_an_organisation: Annotated[int, Field(ge=1)] = 10
    """The same by all its accounts in a month."""
    own_work_seen: Annotated[int, Field(ge=1, le=2_000)] = 60
    """Pieces of their own organisation's work that one account may see in a shift, by number: as many as it may look
    children up."""
    own_work_changed: Annotated[int, Field(ge=1, le=2_000)] = 20
    """And end or hand over: a day's tidying, and no caseload. A feed ends as many as its limits let it."""
    answer_now_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 15
    """How long a desk has for a call-back that cannot wait, day or night, before it goes to the one out of hours."""
    answer_today_hours: Annotated[int, Field(ge=1, le=80)] = 4
    """Working hours for one that is needed today."""
    answer_week_days: Annotated[int, Field(ge=1, le=60)] = 5
    """And working days for one that is needed this week."""
    found_a_day: Annotated[int, Field(ge=0, le=10_000)] = 20
    """Call-backs that one organisation's registrations of a day may find before the rest are held for review."""
    worker: Literal["inside", "apart"] = "inside"
    """Whether the index escalates and sends mails itself, or `signpost serve worker` does, beside it."""
    worker_tick_ms: Annotated[int, Field(ge=10, le=60_000)] = 5_000
    """How often it looks: a notice that is due is some seconds late at most."""
    worker_ahead_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 28)] = 0
    """How far ahead the worker's clock is, to see what falls due without waiting for it. For demonstrations."""
    mail_host: str | None = None
    """Where mails to desks are handed in; none are sent where there is none."""
    mail_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    mail_sender: str = "signpost@localhost"
    mail_starttls: bool = True
    mail_username: str | None = None
    mail_password_file: SecretPath | None = None
    mail_ca_file: RelativePath | None = None
    settling_tick_ms: Annotated[int, Field(ge=10, le=10_000)] = 200
    """How often a batch settles: nobody waits for it, and a feed is visible within seconds of its end."""
    officer_answer_ms: Annotated[int, Field(ge=0, le=10_000)] = 500
    """How long an officer's request takes at least that hides or shows a child: longer than there is to do for any."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_half_tls(certificate=self.tls_certificate, key=self.tls_key, public_url=self.public_url)
        if len(set(self.expected_organisations)) != len(self.expected_organisations):
            raise ValueError("an expected organisation stands twice")
        return self

    @property
    def budgets(self) -> Budgets:
        """What bounds how much is asked."""
        return Budgets(
            practitioner=self.practitioner_lookups,
            urgent=self.urgent_lookups,
            urgent_overdraft=self.urgent_overdraft_lookups,
            case_management=self.case_management_lookups,
            organisation_least=self.organisation_lookups,
            organisation_share=self.organisation_lookups_per_involvement,
            repeats_account=self.repeats_of_an_account,
            repeats_organisation=self.repeats_of_an_organisation,
        )

    @property
    def own_work(self) -> OwnWorkLimits:
        """What bounds how much an account sees and changes of its organisation's own work."""
        return OwnWorkLimits(seen=self.own_work_seen, changed=self.own_work_changed)

    @property
    def contact_rules(self) -> ContactRules:
        """By which call-backs are told to desks."""
        return ContactRules(
            look_back_months=self.look_back_months,
            strict_t1=self.strict_t1,
            patience=Patience(
                now_minutes=self.answer_now_minutes,
                today_hours=self.answer_today_hours,
                week_days=self.answer_week_days,
            ),
            found_a_day=self.found_a_day,
            mails=self.mail_host is not None,
        )

    def mail(self) -> MailSettings | None:
        """How mails are sent; null where none are.

        Raises:
            StartRefused: MAIL_UNPROTECTED, SETTINGS_MALFORMED, FILE_UNREADABLE.
        """
        if self.mail_host is None:
            return None
        password = None
        if self.mail_password_file is not None:
            password = Secret(read_private_file(self.mail_password_file).strip())
        return MailSettings(
            host=self.mail_host,
            port=self.mail_port,
            sender=self.mail_sender,
            starttls=self.mail_starttls,
            username=self.mail_username,
            password=password,
            ca_file=self.mail_ca_file,
        )

    @property
    def address(self) -> PublicAddress:
        """Where it listens."""
        if self.tls_certificate is None or self.tls_key is None:
            return PublicAddress(self.host, self.port)
        return PublicAddress(self.host, self.port, Tls(self.tls_certificate, self.tls_key))

    @property
    def key_file(self) -> Path:
        """The index's keys. They are backed up apart from the database."""
        return self.data_dir / "keys" / "index-keys.json"

    @property
    def database(self) -> Path:
        """The index's database."""
        return self.data_dir / "index.sqlite"

    @property
    def operator_socket(self) -> Path:
        """Where the operator speaks to it."""
        return self.data_dir / "operator.sock"
