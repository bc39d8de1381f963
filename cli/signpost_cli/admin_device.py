"""`signpost admin device …`: enrolling a device, opening its next shift, and taking it back (protocol.md D2).

Enrolling takes both hands of D2 at once: the organisation's signing key makes the certificate, and the index's operator
gives the credential for one shift. The device's key is made here and goes nowhere else.
"""

from __future__ import annotations

import datetime as dt
import re
import shlex
import ssl
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import BaseModel, ConfigDict

from signpost.edge.desk import DUTY_TEAM, Desk, DeskSettings, certificate_in, default_folder, trusted_manifest
from signpost.edge.failures import DeskUnusable
from signpost.edge.organisation_keys import copy_feed_keys, load_organisation, open_signing_key
from signpost.protocol.credentials import AccountId, EnrolmentCertificate
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import Moment, Nothing, Token
from signpost.protocol.purposes import Role
from signpost.protocol.secret import Secret
from signpost.protocol.tokens import peek
from signpost.service.clock import SystemClock, system_randomness
from signpost_cli.admin_org import OrgKeys
from signpost_cli.exit_codes import ExitCode
from signpost_cli.local_service import LocalService
from signpost_cli.operator import IndexSettings, OperatorSocket, operator
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.passphrases import PassphraseFile, ask_passphrase
from signpost_cli.stops import Stop

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

_DAY: Final = 24 * 60 * 60
_LONGEST_DAYS: Final = 3 * 366
"""Vetting is renewed every three years; a certificate never outlives it (D2)."""
_CERTIFICATE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{22}")
"""16 bytes in base64url, as they are drawn at the enrolment."""


class _Shift(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    credential: Token
    expires_at: Moment


@app.callback()
def _device() -> None:
    """Enrol a device, open its next shift, and take it back.

    Example:
      signpost admin device renew --home desk --settings index/settings.toml
    """


@app.command("enrol")
def enrol(
    org_keys: OrgKeys,
    account: Annotated[
        str, typer.Option(metavar="NAME", help="The account, by a name that is not the person's: ae-desk-1.")
    ],
    role: Annotated[Role, typer.Option(help="What the account may be used for.")],
    manifest: Annotated[Path, typer.Option(metavar="FILE", help="The manifest that the ceremony made.")],
    fingerprint: Annotated[
        str, typer.Option(metavar="TEXT", help="The manifest's, as the custodians told you, not the index.")
    ],
    index_url: Annotated[str, typer.Option("--index", metavar="URL", help="The index's address, without a path.")],
    valid_days: Annotated[
        int,
        typer.Option(
            metavar="DAYS", min=1, max=_LONGEST_DAYS, help="How long the enrolment lasts; never past the vetting date."
        ),
    ] = 365,
    out_of_hours: Annotated[
        str, typer.Option(metavar="NUMBER", help="Whom to ring when it could not be checked.")
    ] = DUTY_TEAM,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate authority to trust instead of the system's.")
    ] = None,
    home: Home = None,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a device's key, its certificate and its first shift's credential, and put them into a desk's folder.

    A device of the role feed gets the organisation's reference key as well, which signpost register needs.

    Example:
      signpost admin device enrol --org-keys keys --account ae-desk-1 --role urgent --manifest manifest.json
        --fingerprint=4Yk… --index https://index.example --out-of-hours "0113 496 0000" --settings index.toml
    """
    folder = home or default_folder()
    if (folder / "desk.toml").exists():
        raise Stop(
            ExitCode.FAILED,
            f"There is a desk in {folder} already.",
            hint=f"For its next shift: signpost admin device renew{_at(home)} --settings FILE"
            " (the index's). For another desk: --home FOLDER",
        )
    _refuse_unusable_authority(ca_file)
    raw = _read(manifest)
    trusted_manifest(raw, fingerprint=fingerprint)
    organisation = load_organisation(org_keys)
    desk = _settings(
        index_url=index_url,
        organisation=organisation.name,
        account=account,
        role=role.value,
        kind=organisation.kind.value,
        manifest_fingerprint=fingerprint,
        out_of_hours=out_of_hours,
        ca_file=None if ca_file is None else str(ca_file.absolute()),
    )
    index = operator(settings, operator_socket)
    signing_key = open_signing_key(org_keys, ask_passphrase(passphrase_file, of="the signing key"))
    device = SigningKey(Secret(system_randomness(32)))
    now = SystemClock().now()
    enrolled = EnrolmentCertificate(
        organisation=organisation.name,
        account=AccountId(account),
        role=role,
        kind=organisation.kind,
        device=device.verify_key,
        issued_at=now,
        expires_at=now + valid_days * _DAY,
        identifier=to_base64url(system_randomness(16)),
    )
    certificate = enrolled.sign(signing_key)
    shift = _shift(index, certificate)
    if role is Role.FEED:
        copy_feed_keys(org_keys, folder)
    Desk.make(folder, settings=desk, manifest=raw, device=device, certificate=certificate, credential=shift.credential)
    _tell_enrolled(enrolled, shift, folder, home, as_json=as_json)


def _at(home: Path | None) -> str:
    """The option that names this desk again, where it had to be named."""
    return "" if home is None else f" --home {shlex.quote(str(home))}"


def _refuse_unusable_authority(ca_file: Path | None) -> None:
    """Nobody is enrolled with an authority that will not be read when somebody stands beside a child."""
    if ca_file is None:
        return
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError:
        raise Stop(
            ExitCode.USAGE,
            "The authority's file is missing or holds no certificate.",
            hint="Name a PEM file: --ca-file",
        ) from None


def _settings(**values: object) -> DeskSettings:
    try:
        return DeskSettings.checked(**values)
    except DeskUnusable as unusable:
        hint = "--account is 2 to 64 of a-z, 0-9, dot and hyphen; --index is https://HOST, or http on this machine."
        raise Stop(ExitCode.USAGE, "An option is not of its form.", why=unusable.why, hint=hint) from None


def _tell_enrolled(
    enrolled: EnrolmentCertificate, shift: _Shift, folder: Path, home: Path | None, *, as_json: bool
) -> None:
    if as_json:
        answer_json(
            "signpost.enrolment/1",
            {
                "organisation": enrolled.organisation,
                "account": enrolled.account,
                "certificate": enrolled.identifier,
                "certificate_expires_at": _iso(enrolled.expires_at),
                "credential_expires_at": _iso(shift.expires_at),
            },
        )
        return
    answer(f"{enrolled.organisation}/{enrolled.account} is enrolled in {folder}, as certificate {enrolled.identifier}.")
    say(f"The enrolment lasts until {_local(enrolled.expires_at)}, this shift until {_local(shift.expires_at)}.")
    say(f"Try it with: signpost doctor{_at(home)}")


@app.command("renew")
def renew(
    home: Home = None,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
    as_json: JsonFlag = False,
) -> None:
    """Open an enrolled device's next shift of 12 hours, on the operator's word.

    Example:
      signpost admin device renew --home desk --settings index/settings.toml
    """
    folder = home or default_folder()
    shift = _shift(operator(settings, operator_socket), certificate_in(folder))
    Desk.renew(folder, shift.credential)
    if as_json:
        answer_json("signpost.shift/1", {"credential_expires_at": _iso(shift.expires_at)})
        return
    answer(f"This shift lasts until {_local(shift.expires_at)}.")


@app.command("revoke")
def revoke(
    home: Annotated[Path | None, typer.Option(metavar="FOLDER", help="The desk's folder, where it is at hand.")] = None,
    certificate: Annotated[
        str | None, typer.Option(metavar="NAME", help="Or the certificate's name, from its enrolment.")
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(metavar="NAME", help="Or, with --account, every device of an account.")
    ] = None,
    account: Annotated[str | None, typer.Option(metavar="NAME", help="See --organisation.")] = None,
    settings: IndexSettings = None,
    operator_socket: OperatorSocket = None,
) -> None:
    """Take back a device, or an account with all its devices: the index refuses at once, key holders within a minute.

    Example:
      signpost admin device revoke --organisation north-council --account ae-desk-1 --settings index/settings.toml
    """
    named = [home is not None, certificate is not None, organisation is not None or account is not None]
    if named.count(True) != 1 or (organisation is None) != (account is None):
        raise Stop(
            ExitCode.USAGE,
            "It is not clear what to take back.",
            hint="Name one: --home FOLDER, --certificate NAME, or --organisation NAME with --account NAME.",
        )
    if home is not None:
        certificate = peek(certificate_in(home), "jti")
    elif certificate is not None and not _CERTIFICATE_NAME.fullmatch(certificate):
        raise Stop(
            ExitCode.USAGE,
            "That is not a certificate's name: 22 letters, digits, hyphens and low lines.",
            hint="signpost admin device enrol prints it. Or name the account: --organisation NAME --account NAME",
        )
    taken_back = {"certificate_identifier": certificate, "organisation": organisation, "account": account}
    operator(settings, operator_socket).post("/revocations", taken_back, Nothing)
    what = f"certificate {certificate}" if account is None else f"{organisation}/{account}, with all its devices"
    say(f"Taken back: {what}. The index refuses it from now on, the key holders within a minute.")
    if home is None and certificate is not None:
        say(
            "Whether there is a certificate of that name cannot be checked: the index keeps no list of them. "
            "Compare it with what its enrolment printed."
        )


def _shift(index: LocalService, certificate: str) -> _Shift:
    return index.post("/credentials", {"certificate": certificate}, _Shift)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise Stop(ExitCode.USAGE, f"{path} is missing or cannot be read.", hint="Check the path.") from None


def _iso(moment: int) -> str:
    return dt.datetime.fromtimestamp(moment, tz=dt.UTC).isoformat().replace("+00:00", "Z")


def _local(moment: int) -> str:
    return dt.datetime.fromtimestamp(moment, tz=dt.UTC).astimezone().strftime("%-d %B %Y, %H:%M")
