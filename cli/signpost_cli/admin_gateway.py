"""`signpost admin gateway …`: an organisation's own gateway, at which its people sign in (protocol.md D2).

Three steps, on two machines: the gateway's key is made where it stands and stays there; the administrator certifies its
public half; what they certified goes back to the gateway. The index has no part in the first two.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost.edge.client import transport_with
from signpost.edge.desk import DUTY_TEAM
from signpost.edge.failures import CouldNotCheck
from signpost.edge.gateway.case_system import CASE_SYSTEM_TOKEN
from signpost.edge.gateway.certifying import (
    GatewayTerms,
    certified_gateway,
    certify_gateway,
    unended_certificates,
)
from signpost.edge.gateway.files import Certified, install, make_gateway_key, read_certified
from signpost.edge.gateway.program import make_program_token
from signpost.edge.organisation_keys import load_organisation, open_signing_key
from signpost.edge.signed_sender import parsed
from signpost.edge.transport import NoReply, allowed_url
from signpost.protocol.credentials import SHIFT_SECONDS, valid_name
from signpost.protocol.gateways import GATEWAY_ROLES
from signpost.protocol.keys import KeyInvalid, VerifyKey
from signpost.protocol.messages import ManifestAnswer
from signpost.protocol.purposes import Role
from signpost.service.clock import SystemClock, system_randomness
from signpost_cli.admin_account import CaFile, IndexUrl, administering
from signpost_cli.admin_org import OrgKeys
from signpost_cli.exit_codes import ExitCode
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.passphrases import PassphraseFile, ask_passphrase
from signpost_cli.stops import Stop

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

GatewayFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The gateway's folder.")]
_LONGEST_DAYS: Final = 3 * 366
"""As a machine's enrolment."""
_HOURS: Final = SHIFT_SECONDS // 3600
_SECONDS: Final = 20.0


@app.callback()
def _gateway() -> None:
    """Make, certify and install an organisation's gateway.

    Example:
      signpost admin gateway new gateway
    """


@app.command("new")
def new(folder: GatewayFolder, as_json: JsonFlag = False) -> None:
    """Make a gateway's key in its folder, on the machine where the gateway runs, and print its public half.

    Give that to your administrator by a road on which they know you: the key that they certify signs your people in.

    Example:
      signpost admin gateway new gateway
    """
    key = make_gateway_key(folder, randomness=system_randomness)
    if as_json:
        answer_json("signpost.gateway-key/1", {"key": key.text})
        return
    answer(key.text)
    say("Your administrator certifies it: signpost admin gateway certify NAME --key=KEY")


@app.command("certify")
def certify(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call the gateway: town-hall.")],
    org_keys: OrgKeys,
    key: Annotated[str, typer.Option(metavar="KEY", help="The gateway's public key, as its folder's maker told you.")],
    role: Annotated[list[Role], typer.Option(help="A role of its accounts; once for each.")],
    fingerprint: Annotated[
        str, typer.Option(metavar="TEXT", help="The manifest's, as the custodians told you, not the index.")
    ],
    index_url: IndexUrl,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write what goes back to the gateway.")],
    valid_days: Annotated[
        int, typer.Option(metavar="DAYS", min=1, max=_LONGEST_DAYS, help="How long it may sign people in.")
    ] = 365,
    session_hours: Annotated[
        int, typer.Option(metavar="HOURS", min=1, max=_HOURS, help="The longest that one of them stays signed in.")
    ] = _HOURS,
    out_of_hours: Annotated[
        str, typer.Option(metavar="NUMBER", help="Whom to ring when it could not be checked.")
    ] = DUTY_TEAM,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Certify a gateway's key: it may sign your people's sessions, in these roles, until its certificate ends.

    It can open no account, and sign nobody in without their password and code. To renew it, certify the same key again
    by the same name. The certificate's name, which is printed, is what it is taken back by.

    Example:
      signpost admin gateway certify town-hall --org-keys keys --key=9aXw… --role practitioner --fingerprint=4Yk…
        --index https://index.example --out gateway.json
    """
    roles = frozenset(role)
    if not roles <= GATEWAY_ROLES:
        raise Stop(ExitCode.USAGE, "An account of that role is not a person's.")
    if not valid_name(name):
        raise Stop(ExitCode.USAGE, "A gateway's name is 2 to 64 of a-z, 0-9, dot and hyphen, a letter first.")
    if not allowed_url(index_url):
        raise Stop(ExitCode.USAGE, "--index is https://HOST, or http on this machine.")
    now = SystemClock().now()
    certified = certify_gateway(
        org_keys,
        name,
        _public_key(key),
        GatewayTerms(
            roles=roles,
            session_seconds=session_hours * 3600,
            issued_at=now,
            expires_at=now + valid_days * 86_400,
            index_url=index_url,
            manifest_fingerprint=fingerprint,
            out_of_hours=out_of_hours,
        ),
        organisation=load_organisation(org_keys),
        key=open_signing_key(org_keys, ask_passphrase(passphrase_file, of="the signing key")),
        randomness=system_randomness,
    )
    _write(out, certified)
    certificate = certified.certificate
    last = dt.datetime.fromtimestamp(certificate.expires_at, tz=dt.UTC).date()
    if as_json:
        answer_json(
            "signpost.gateway-certificate/1",
            {"gateway": name, "certificate": certificate.identifier, "valid_until": last.isoformat()},
        )
        return
    answer(f"{certified.organisation}/{name} is certified until {last:%-d %B %Y}, as {certificate.identifier}.")
    say("Put the file on the gateway: signpost admin gateway install FOLDER FILE")
    say(f"Open accounts for it: signpost admin account enrol NAME --gateway {name}")


@app.command("install")
def install_certified(
    folder: GatewayFolder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What the administrator certified.")],
    ca_file: CaFile = None,
) -> None:
    """Install what the administrator certified, on the gateway, and fetch the manifest that it names.

    Example:
      signpost admin gateway install gateway gateway.json
    """
    certified = read_certified(file)
    install(folder, certified, manifest=asyncio.run(_manifest(certified, ca_file)))
    name = f"{certified.organisation}/{certified.certificate.name}"
    say(f"{name} is installed. Its certificate is {certified.certificate.identifier}.")


@app.command("suspend")
def suspend(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The gateway, as it was certified.")],
    org_keys: OrgKeys,
    index_url: IndexUrl,
    ca_file: CaFile = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Stop every account that is used at a gateway: the index refuses their next request, key holders within a minute.

    For a gateway that was lost, or that somebody has been in. The accounts are then enrolled anew, at another. Have the
    index's operator take its certificates back as well: they are named, with those that were renewed.

    Example:
      signpost admin gateway suspend town-hall --org-keys keys --index https://index.example
    """
    key = certified_gateway(org_keys, name).certificate.key
    suspended = administering(org_keys, index_url, ca_file, passphrase_file, lambda a: a.suspend_at(key))
    names = [account.account for account in suspended]
    certificates = unended_certificates(org_keys, key, now=SystemClock().now())
    if as_json:
        answer_json("signpost.gateway-suspended/1", {"gateway": name, "accounts": names, "certificates": certificates})
        return
    for each in names:
        answer(f"{each}  suspended")
    if not names:
        say("No account that is in use was approved for that gateway with these keys.")
    for certificate in certificates:
        say(f"The index's operator takes back: signpost admin device revoke --certificate={certificate}")


@app.command("program")
def program(folder: GatewayFolder, as_json: JsonFlag = False) -> None:
    """Make a token for the organisation's own program, which registers involvements at the gateway, and print it once.

    One from before is none any more, once the gateway was started again. Nobody is looked up by it.

    Example:
      signpost admin gateway program gateway
    """
    token = make_program_token(folder, randomness=system_randomness)
    if as_json:
        answer_json("signpost.gateway-program/1", {"token": token})
        return
    answer(token)
    say("It is shown this once. Start the gateway again: signpost serve gateway")


@app.command("case-system")
def case_system(folder: GatewayFolder, as_json: JsonFlag = False) -> None:
    """Make a token for the organisation's case-management system, which looks children up at the gateway in the name of
    its users, and print it once.

    One from before is none any more, once the gateway was started again.

    Example:
      signpost admin gateway case-system gateway
    """
    token = CASE_SYSTEM_TOKEN.make(folder, randomness=system_randomness)
    if as_json:
        answer_json("signpost.gateway-case-system/1", {"token": token})
        return
    answer(token)
    say("It is shown this once. Start the gateway again: signpost serve gateway")


async def _manifest(certified: Certified, ca_file: Path | None) -> bytes:
    async with transport_with(ca_file) as transport:
        try:
            reply = await transport.get(certified.index_url, "/v1/manifest", seconds=_SECONDS)
        except NoReply:
            raise CouldNotCheck("The index did not answer.", hint="Check the line, then try again.") from None
    return parsed(reply, ManifestAnswer, status=200).manifest.encode()


def _public_key(text: str) -> VerifyKey:
    try:
        return VerifyKey.parse(text)
    except KeyInvalid:
        raise Stop(
            ExitCode.USAGE,
            "--key is not a gateway's public key.",
            hint="As it was printed by: signpost admin gateway new",
        ) from None


def _write(out: Path, certified: Certified) -> None:
    try:
        out.write_bytes(certified.document() + b"\n")
    except OSError:
        raise Stop(ExitCode.FAILED, "The file cannot be written.", hint="Name another: --out FILE") from None
