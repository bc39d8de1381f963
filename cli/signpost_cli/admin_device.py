"""`signpost admin device …`: enrolling a machine (a feed's, a case-management system's), and taking a device back
(protocol.md D2).

A machine has nobody to type a password: its device's key, which never leaves it, signs it in. So it is enrolled where
it stands, by the administrator, in one go: its account opened, its key made and approved, its first shift begun.
"""

from __future__ import annotations

import datetime as dt
import re
import ssl
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost.edge.administrator import Administrator
from signpost.edge.desk import DUTY_TEAM, Desk, certificate_in, default_folder
from signpost.edge.organisation_keys import copy_feed_keys, copy_users_key, load_users_key
from signpost.edge.signing_in import enrol_device
from signpost.protocol.administration import AccountTerms
from signpost.protocol.encoding import to_base64url
from signpost.protocol.enrolment import EnrolmentToken
from signpost.protocol.messages import Nothing
from signpost.protocol.named_users import named_user
from signpost.protocol.purposes import MACHINE_ROLES, Role
from signpost.protocol.tokens import peek
from signpost_cli.admin_account import IndexUrl, account_name, administering
from signpost_cli.admin_org import OrgKeys
from signpost_cli.exit_codes import ExitCode
from signpost_cli.operator import IndexSettings, OperatorSocket, operator
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.passphrases import PassphraseFile
from signpost_cli.shifts import sign_machine_in
from signpost_cli.stops import Stop

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

_LONGEST_DAYS: Final = 3 * 366
"""As vetting is renewed every three years, so is a machine's enrolment."""
_CERTIFICATE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{22}")
"""16 bytes in base64url, as they are drawn at the enrolment."""


@app.callback()
def _device() -> None:
    """Enrol the machine that runs a feed, or a case-management system's, and take devices back.

    Example:
      signpost admin device revoke --organisation north-council --account ae-desk-1 --settings index/settings.toml
    """


@app.command("enrol")
def enrol(
    org_keys: OrgKeys,
    account: Annotated[str, typer.Option(metavar="NAME", help="The machine's account: feed-01.")],
    fingerprint: Annotated[
        str, typer.Option(metavar="TEXT", help="The manifest's, as the custodians told you, not the index.")
    ],
    index_url: IndexUrl,
    role: Annotated[Role, typer.Option(help="What the machine does.")] = Role.FEED,
    valid_days: Annotated[
        int, typer.Option(metavar="DAYS", min=1, max=_LONGEST_DAYS, help="How long the enrolment lasts.")
    ] = 365,
    out_of_hours: Annotated[
        str, typer.Option(metavar="NUMBER", help="Whom to ring when something could not be done.")
    ] = DUTY_TEAM,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate authority to trust instead of the system's.")
    ] = None,
    home: Home = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Enrol this machine for a feed: open its account, make and approve its key, and open its first shift.

    It gets the organisation's reference key, which signpost register needs. It opens its later shifts by itself. With
    --role case-management it is for a case-management system that looks children up at your gateway: it gets what makes
    pseudonyms of your users' names, and nothing else of your keys.

    Example:
      signpost admin device enrol --org-keys keys --account feed-01 --fingerprint=4Yk… --index https://index.example
    """
    folder = home or default_folder()
    if (folder / "desk.toml").exists():
        raise Stop(ExitCode.FAILED, f"There is a desk in {folder} already.", hint="For another desk: --home FOLDER")
    if role not in MACHINE_ROLES:
        raise Stop(
            ExitCode.USAGE,
            "A person is not enrolled as a machine is.",
            hint="signpost admin account enrol NAME, and on their device: signpost enrol",
        )
    _refuse_unusable_authority(ca_file)
    name = account_name(account)
    last_day = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=valid_days)

    async def enrolling(administrator: Administrator) -> EnrolmentToken:
        token = await administrator.enrol(
            name, role, AccountTerms(last_day, last_day), manifest_fingerprint=fingerprint, out_of_hours=out_of_hours
        )
        await enrol_device(
            folder,
            token,
            None,
            ca_file=ca_file and ca_file.absolute(),
            transport=administrator.transport,
            randomness=administrator.randomness,
        )
        await administrator.approve(name)
        return token

    try:
        token = administering(org_keys, index_url, ca_file, passphrase_file, enrolling)
        (copy_feed_keys if role is Role.FEED else copy_users_key)(org_keys, folder)
        shift = sign_machine_in(folder)
    except BaseException:
        Desk.unmake(folder)  # so that it can be begun again
        raise
    certificate = peek(shift.certificate, "jti")
    if as_json:
        answer_json(
            "signpost.enrolment/1",
            {
                "organisation": token.organisation,
                "account": name,
                "certificate": certificate,
                "valid_until": last_day.isoformat(),
            },
        )
        return
    answer(f"{token.organisation}/{name} is enrolled in {folder}, as certificate {certificate}.")
    say(f"The enrolment lasts until {last_day:%-d %B %Y}; its shifts open by themselves.")
    say("Try it with: signpost doctor" + ("" if home is None else f" --home {home}"))


@app.command("users")
def users(
    org_keys: Annotated[
        Path, typer.Option("--org-keys", metavar="FOLDER", help="The folder of the organisation's keys, or the desk's.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Print the pseudonym of each of your case-management system's users, whose names are read from stdin, one a line.

    On the record stands such a pseudonym beside what was done in a user's name. Only your organisation can tell whose
    it is: by making those of all its users again.

    Example:
      signpost admin device users --org-keys keys < users.txt
    """
    key = load_users_key(org_keys)
    found = []
    for number, line in enumerate(sys.stdin, start=1):
        try:
            found.append((line.strip(), to_base64url(named_user(key, line))))
        except ValueError:
            raise Stop(ExitCode.USAGE, f"Line {number} is no user's name.") from None
    if as_json:
        answer_json("signpost.users/1", {"users": [{"name": name, "user": user} for name, user in found]})
        return
    for name, user in found:
        answer(f"{user}  {name}")


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
