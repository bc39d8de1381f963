"""`signpost admin account …`: who of an organisation may sign in, on its administrator's word (protocol.md D1).

Each act is a statement that the organisation's signing key signs, sent to the index's public door: the operator has no
part in it. The passphrase that opens the key is asked for each time. Listing and suspending are also an administrator's
who is signed in on this device, without that key.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from signpost.edge.administrator import Administrator
from signpost.edge.client import transport_with
from signpost.edge.dates import DateError, parse_date
from signpost.edge.desk import DUTY_TEAM
from signpost.edge.failures import CouldNotCheck
from signpost.edge.gateway.certifying import certified_gateway
from signpost.edge.organisation_keys import load_organisation, open_signing_key
from signpost.edge.transport import NoReply, allowed_url
from signpost.protocol.administration import AccountTerms
from signpost.protocol.credentials import AccountId, valid_name
from signpost.protocol.messages import OwnAccount
from signpost.protocol.own_organisation import AccountSuspendRequest
from signpost.protocol.purposes import ENROLLED_ROLES, MACHINE_ROLES, Role
from signpost.service.clock import SystemClock, system_randomness
from signpost_cli.admin_org import OrgKeys
from signpost_cli.administrator_account import as_administrator
from signpost_cli.exit_codes import ExitCode
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.passphrases import PassphraseFile, ask_passphrase
from signpost_cli.stops import Stop

__all__ = ["CaFile", "IndexUrl", "account_name", "administering", "app", "terms_of"]

app = typer.Typer(no_args_is_help=True)

T = TypeVar("T")

AccountArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The account, by a name that is not the person's: ae-desk-1.")
]
IndexUrl = Annotated[str, typer.Option("--index", metavar="URL", help="The index's address, without a path.")]
Vetting = Annotated[str, typer.Option("--vetting-until", metavar="DATE", help="The last day of the vetting.")]
Training = Annotated[str, typer.Option("--training-until", metavar="DATE", help="The last day of the training.")]
CaFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The certificate authority to trust instead of the system's.")
]
KeysOrSignedIn = Annotated[
    Path | None,
    typer.Option(
        "--org-keys",
        metavar="FOLDER",
        help="The folder of the organisation's keys, with --index; else as the administrator who is signed in here.",
    ),
]
UrlOrSignedIn = Annotated[
    str | None, typer.Option("--index", metavar="URL", help="The index's address, with --org-keys.")
]
_TOKEN_HOURS: Final = 24


@app.callback()
def _account() -> None:
    """Enrol people, approve their devices, and stop accounts.

    Example:
      signpost admin account list --org-keys keys --index https://index.example
    """


@app.command("enrol")
def enrol(
    account: AccountArgument,
    org_keys: OrgKeys,
    role: Annotated[Role, typer.Option(help="What the account may be used for.")],
    vetting_until: Vetting,
    training_until: Training,
    fingerprint: Annotated[
        str, typer.Option(metavar="TEXT", help="The manifest's, as the custodians told you, not the index.")
    ],
    index_url: IndexUrl,
    out_of_hours: Annotated[
        str, typer.Option(metavar="NUMBER", help="Whom to ring when it could not be checked.")
    ] = DUTY_TEAM,
    gateway: Annotated[
        str | None, typer.Option(metavar="NAME", help="For somebody who uses this gateway of yours, and no device.")
    ] = None,
    ca_file: CaFile = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Open an account, or open it anew after a lost device or code generator, and print the token for its owner.

    The token is good once, for 24 hours. Hand it over in person, or by a road on which you know them. Whatever was
    enrolled under this name before no longer counts. With --gateway its owner uses the token at the gateway, which is
    then the only place where they can sign in.

    Example:
      signpost admin account enrol ae-desk-1 --org-keys keys --role urgent --vetting-until 2028-03-31
        --training-until 2027-03-31 --fingerprint=4Yk… --index https://index.example
    """
    if role not in ENROLLED_ROLES or role in MACHINE_ROLES:
        raise Stop(
            ExitCode.USAGE,
            "An account of that role is not a person's.",
            hint="A feed's machine is enrolled by: signpost admin device enrol",
        )
    name, terms = account_name(account), terms_of(vetting_until, training_until)
    through = None if gateway is None else certified_gateway(org_keys, gateway).certificate
    token = administering(
        org_keys,
        index_url,
        ca_file,
        passphrase_file,
        lambda administrator: administrator.enrol(
            name, role, terms, manifest_fingerprint=fingerprint, out_of_hours=out_of_hours, gateway=through
        ),
    )
    if as_json:
        answer_json("signpost.enrolment-token/1", {"account": name, "token": token.text()})
        return
    answer(token.text())
    where = "On their device: signpost enrol" if gateway is None else "At the gateway, when they first sign in."
    say(f"For the owner of {name}, once, within {_TOKEN_HOURS} hours. {where}")
    say(f"Then approve the device: signpost admin account approve {name}")


@app.command("approve")
def approve(
    account: AccountArgument,
    org_keys: OrgKeys,
    index_url: IndexUrl,
    ca_file: CaFile = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Sign the key of the device that the token's owner enrolled. That it is theirs, and not one that the index put in
    its place, is checked by the token, which the index never had.

    To a device that answers notices it also seals your organisation's sealing key, so that your own case references can
    be read there.

    Example:
      signpost admin account approve ae-desk-1 --org-keys keys --index https://index.example
    """
    name = account_name(account)
    done = administering(org_keys, index_url, ca_file, passphrase_file, lambda a: a.approve(name))
    _tell([done], as_json=as_json)
    say(f"{name} may sign in now: signpost login")


@app.command("dates")
def dates(
    account: AccountArgument,
    org_keys: OrgKeys,
    vetting_until: Vetting,
    training_until: Training,
    index_url: IndexUrl,
    ca_file: CaFile = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Record when vetting and training run out now. Earlier dates end an open shift.

    A device is approved until the dates that stood then: where they are later now, enrol the account again before the
    old ones are reached.

    Example:
      signpost admin account dates ae-desk-1 --org-keys keys --vetting-until 2028-03-31 --training-until 2027-03-31
        --index https://index.example
    """
    name, terms = account_name(account), terms_of(vetting_until, training_until)
    _tell(
        [administering(org_keys, index_url, ca_file, passphrase_file, lambda a: a.change_dates(name, terms))],
        as_json=as_json,
    )


@app.command("suspend")
def suspend(
    account: AccountArgument,
    org_keys: KeysOrSignedIn = None,
    index_url: UrlOrSignedIn = None,
    ca_file: CaFile = None,
    passphrase_file: PassphraseFile = None,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """Stop an account: the index refuses its next request, the key holders within a minute.

    By the organisation's key, or as an administrator who is signed in here. Only the key lets it sign in again.

    Example:
      signpost admin account suspend ae-desk-1 --org-keys keys --index https://index.example
      signpost admin account suspend ae-desk-1
    """
    name = account_name(account)
    by_key = _by_key(org_keys, index_url)
    if by_key is not None:
        _tell([administering(*by_key, ca_file, passphrase_file, lambda a: a.suspend(name))], as_json=as_json)
        return
    as_administrator(home, lambda index: index.suspend_account(AccountSuspendRequest(account=name)))
    if as_json:
        answer_json("signpost.account-suspended/1", {"account": name})
        return
    answer(f"{name}  suspended")


@app.command("reinstate")
def reinstate(
    account: AccountArgument,
    org_keys: OrgKeys,
    index_url: IndexUrl,
    ca_file: CaFile = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Let a suspended account sign in again. A shift from before stays ended.

    Example:
      signpost admin account reinstate ae-desk-1 --org-keys keys --index https://index.example
    """
    name = account_name(account)
    _tell([administering(org_keys, index_url, ca_file, passphrase_file, lambda a: a.reinstate(name))], as_json=as_json)


@app.command("list")
def list_accounts(
    org_keys: KeysOrSignedIn = None,
    index_url: UrlOrSignedIn = None,
    ca_file: CaFile = None,
    passphrase_file: PassphraseFile = None,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """The organisation's accounts, with their roles, states and dates.

    By the organisation's key, or as an administrator who is signed in here.

    Example:
      signpost admin account list --org-keys keys --index https://index.example
      signpost admin account list
    """
    by_key = _by_key(org_keys, index_url)
    if by_key is not None:
        _tell(administering(*by_key, ca_file, passphrase_file, lambda a: a.accounts()), as_json=as_json)
        return
    _tell(as_administrator(home, lambda index: index.accounts()).accounts, as_json=as_json)


def administering(
    org_keys: Path,
    index_url: str,
    ca_file: Path | None,
    passphrase_file: Path | None,
    act: Callable[[Administrator], Awaitable[T]],
) -> T:
    """Do one act as the organisation's administrator.

    Raises:
        Stop: the address is none. Failure: the keys cannot be used, or the index refused or did not answer.
    """
    if not allowed_url(index_url):
        raise Stop(ExitCode.USAGE, "--index is https://HOST, or http on this machine.")
    organisation = load_organisation(org_keys)
    key = open_signing_key(org_keys, ask_passphrase(passphrase_file, of="the signing key"))

    async def acting() -> T:
        async with transport_with(ca_file) as transport:
            try:
                return await act(
                    Administrator(
                        folder=org_keys,
                        organisation=organisation,
                        key=key,
                        index_url=index_url,
                        transport=transport,
                        clock=SystemClock(),
                        randomness=system_randomness,
                    )
                )
            except NoReply:
                raise CouldNotCheck("The index did not answer.", hint="Check the address, then try again.") from None

    return asyncio.run(acting())


def _by_key(org_keys: Path | None, index_url: str | None) -> tuple[Path, str] | None:
    """The folder of the organisation's keys and the index's address, where both were named; None where neither was.

    Raises:
        Stop: one was named without the other.
    """
    if org_keys is None and index_url is None:
        return None
    if org_keys is None or index_url is None:
        raise Stop(
            ExitCode.USAGE,
            "--org-keys and --index go together. Nothing was sent.",
            hint="With neither, the administrator who is signed in on this device acts.",
        )
    return org_keys, index_url


def account_name(text: str) -> AccountId:
    """An account's name.

    Raises:
        Stop: it is none.
    """
    if not valid_name(text):
        raise Stop(ExitCode.USAGE, "An account's name is 2 to 64 of a-z, 0-9, dot and hyphen, a letter first.")
    return AccountId(text)


def terms_of(vetting_until: str, training_until: str) -> AccountTerms:
    """The dates of an account.

    Raises:
        Stop: one is none.
    """
    return AccountTerms(_day(vetting_until, "--vetting-until"), _day(training_until, "--training-until"))


def _day(text: str, option: str) -> dt.date:
    try:
        return parse_date(text)
    except DateError:
        raise Stop(ExitCode.USAGE, f"{option} is not a date.", hint="As 2028-03-31.") from None


def _tell(accounts: list[OwnAccount], *, as_json: bool) -> None:
    if as_json:
        rows = [account.model_dump(mode="json") for account in accounts]
        answer_json("signpost.accounts/1", {"accounts": rows})
        return
    for account in accounts:
        answer(
            f"{account.account}  {account.role.value}  {account.state.replace('-', ' ')}"
            f"  vetting until {account.vetting_until}, training until {account.training_until}"
        )
    if not accounts:
        say("There are no accounts.")
