"""`signpost admin org …`: an organisation's keys, with its administrator; and its admission, at the index (D1)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict

from signpost.edge.organisation_keys import (
    Organisation,
    back_up,
    load_organisation,
    make_organisation_keys,
    restore,
)
from signpost.protocol.credentials import OrganisationId, valid_name
from signpost.protocol.messages import Nothing
from signpost.protocol.purposes import Kind
from signpost.service.clock import system_randomness
from signpost_cli.exit_codes import ExitCode
from signpost_cli.operator import IndexSettings, OperatorSocket, operator
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.passphrases import PassphraseFile, ask_new_passphrase, ask_passphrase
from signpost_cli.stops import Stop

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)
keys = typer.Typer(no_args_is_help=True)
app.add_typer(keys, name="key")

OrgKeys = Annotated[Path, typer.Option("--org-keys", metavar="FOLDER", help="The folder of the organisation's keys.")]
OrganisationFile = Annotated[
    Path, typer.Argument(metavar="ORGANISATION.json", help="The public file that its administrator sent.")
]


class _Listed(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    organisation: str
    kind: Kind


class _List(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    organisations: list[_Listed]


@app.callback()
def _org() -> None:
    """Make an organisation's keys; admit organisations at the index.

    Example:
      signpost admin org add north-council/organisation.json --settings index/settings.toml
    """


@keys.callback()
def _keys() -> None:
    """Make, show, back up and restore an organisation's keys.

    Example:
      signpost admin org key new north-council --kind council --out keys
    """


@keys.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="2 to 64 of a-z, 0-9, dot and hyphen: north-council.")],
    kind: Annotated[Kind, typer.Option(help="What kind of organisation it is.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to make them; the folder must hold no keys yet.")],
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Make an organisation's three keys: to sign enrolments, to make references, and to open what is sealed to it.

    organisation.json in the folder is public: the index's operator and the custodians admit the organisation by it.

    Example:
      signpost admin org key new north-council --kind council --out keys
    """
    if not valid_name(name):
        raise Stop(ExitCode.USAGE, "That is not a name: 2 to 64 of a-z, 0-9, dot and hyphen, starting with a letter.")
    passphrase = ask_new_passphrase(passphrase_file, of="the signing key")
    organisation = make_organisation_keys(
        out, name=OrganisationId(name), kind=kind, passphrase=passphrase, randomness=system_randomness
    )
    _show(organisation, as_json=as_json)
    say(f"The keys are in {out}. Back them up, on something kept apart:")
    say(f"  signpost admin org key backup --org-keys {out} --out FILE")


@keys.command("show")
def show(org_keys: OrgKeys, as_json: JsonFlag = False) -> None:
    """Print an organisation's public keys.

    Example:
      signpost admin org key show --org-keys keys
    """
    _show(load_organisation(org_keys), as_json=as_json)


@keys.command("backup")
def backup(
    org_keys: OrgKeys,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The backup: one sealed file.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Write all three keys into one file, sealed by the passphrase of the signing key.

    Example:
      signpost admin org key backup --org-keys keys --out north-council.backup
    """
    passphrase = ask_passphrase(passphrase_file, of="the signing key")
    back_up(org_keys, out, passphrase=passphrase, randomness=system_randomness)
    say(f"All three keys are in {out}. It opens with the same passphrase: keep the two apart.")


@keys.command("restore")
def restore_backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to put the keys; it must hold none yet.")],
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Make an organisation's key folder again from its backup.

    Example:
      signpost admin org key restore north-council.backup --out keys
    """
    passphrase = ask_passphrase(passphrase_file, of="the backup")
    _show(restore(file, out, passphrase=passphrase, randomness=system_randomness), as_json=as_json)


@app.command("add")
def add(file: OrganisationFile, settings: IndexSettings = None, operator_socket: OperatorSocket = None) -> None:
    """Admit an organisation at the index, by its own signing key.

    Each key holder's custodian admits it as well, with: signpost keys admit. The index cannot do that for them.

    Example:
      signpost admin org add north-council/organisation.json --settings index/settings.toml
    """
    organisation = load_organisation(file)
    admitted = {
        "organisation": organisation.name,
        "kind": organisation.kind.value,
        "signing_key": organisation.signing_key.text,
    }
    operator(settings, operator_socket).post("/organisations", admitted, Nothing)
    say(f"{organisation.name} is admitted at the index.")


@app.command("list")
def list_organisations(
    settings: IndexSettings = None, operator_socket: OperatorSocket = None, as_json: JsonFlag = False
) -> None:
    """List the organisations that the index has admitted.

    Example:
      signpost admin org list --settings index/settings.toml
    """
    listed = operator(settings, operator_socket).get("/organisations", _List)
    if as_json:
        answer_json("signpost.organisations/1", listed.model_dump(mode="json"))
        return
    for each in listed.organisations:
        answer(f"{each.organisation}  {each.kind.value}")


def _show(organisation: Organisation, *, as_json: bool) -> None:
    public = {
        "organisation": organisation.name,
        "kind": organisation.kind.value,
        "signing_key": organisation.signing_key.text,
        "sealing_key": organisation.sealing_key.text,
        # What custodians compare by telephone: the same that `signpost keys admit` prints.
        "key_fingerprint": organisation.signing_key.thumbprint(),
    }
    if as_json:
        answer_json("signpost.organisation/1", public)
        return
    for name, value in public.items():
        answer(f"{name.replace('_', ' '):<15} {value}")
