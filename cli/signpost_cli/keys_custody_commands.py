"""`signpost keys status`, `unlock`, `lock`, `admit` and `admitted`: watching over a holder that runs.

All but `status --holder` speak to the holder on this machine, over the socket in its data folder.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import BaseModel, ValidationError

from signpost.edge.organisation_keys import load_organisation
from signpost.edge.transport import NoReply
from signpost.protocol.messages import Health, HolderStatus, Nothing
from signpost_cli.exit_codes import ExitCode
from signpost_cli.keys_fingerprints import FingerprintFlag, confirm_fingerprint
from signpost_cli.keys_online import trusting
from signpost_cli.local_service import LocalService
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.passphrases import PassphraseFile, ask_passphrase
from signpost_cli.serve_commands import SettingsFile
from signpost_cli.stops import Stop

__all__ = ["Approved", "admit", "admitted", "local_holder", "lock", "status", "unlock"]

_PATIENCE_SECONDS: Final = 10.0


class Approved(BaseModel):
    """What a holder says of a roster its custodian approved."""

    fingerprint: str
    number: int


class _Admitted(BaseModel):
    organisation: str
    budget: int


class _AdmittedList(BaseModel):
    organisations: list[_Admitted]


def local_holder(settings: Path) -> LocalService:
    """The holder of these settings, running on this machine.

    Raises:
        StartRefused: the settings are not of their form.
    """
    return _local_holder(settings)[0]


def _local_holder(settings: Path) -> tuple[LocalService, str]:
    from signpost_cli.keys_ceremony import place_of

    place = place_of(settings)
    start = f"signpost serve holder --settings {settings}"
    return LocalService(place.socket, name="key holder", start=start), place.url


def unlock(settings: SettingsFile, passphrase_file: PassphraseFile = None, as_json: JsonFlag = False) -> None:
    """Open a running holder: it starts locked.

    Example:
      signpost keys unlock --settings holder-1/settings.toml
    """
    holder = local_holder(settings)
    passphrase = ask_passphrase(passphrase_file, of="this key holder")
    opened = holder.post("/unlock", {"passphrase": passphrase.reveal().decode()}, Health)
    _tell_state(opened, as_json=as_json)
    if opened.state == "no-key":
        say("It has no share yet: approve a roster, then hold the ceremony.")


def lock(settings: SettingsFile, as_json: JsonFlag = False) -> None:
    """Lock a running holder.

    It forgets its secrets, and answers nobody until it is opened again.

    Example:
      signpost keys lock --settings holder-1/settings.toml
    """
    _tell_state(local_holder(settings).post("/lock", {}, Health), as_json=as_json)


def status(
    settings: Annotated[
        list[Path] | None, typer.Option("--settings", metavar="FILE", help="A holder on this machine. May be repeated.")
    ] = None,
    holder: Annotated[
        list[str] | None, typer.Option("--holder", metavar="URL", help="A holder's address. May be repeated.")
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", metavar="FILE", help="The authority of the holders' certificates.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Say how holders are.

    Of each: whether it is up and open, which key it serves, and how fresh its revocation list is.

    Example:
      signpost keys status --settings holder-1/settings.toml
      signpost keys status --holder https://keys-1.example --holder https://keys-2.example
    """
    found: list[tuple[str, HolderStatus | str]] = []
    for file in settings or ():
        local, url = _local_holder(file)
        found.append((url, local.ask("/status", HolderStatus) or "it is not running"))
    found += asyncio.run(_remote(holder or [], ca_file))
    if not found:
        raise Stop(ExitCode.USAGE, "No holder is named.", hint="Add --settings FILE or --holder URL")
    if as_json:
        answer_json("signpost.keys-status/1", {"holders": [_fields(url, each) for url, each in found]})
    else:
        for url, each in found:
            answer(f"{url}  {_line(each)}")
    if any(isinstance(each, str) for _, each in found):
        raise typer.Exit(ExitCode.FAILED)


def admit(
    organisation: Annotated[Path, typer.Argument(metavar="ORGANISATION", help="Its organisation.json.")],
    budget: Annotated[int, typer.Option("--budget", metavar="N", min=0, help="Points a UTC day at this holder.")],
    settings: SettingsFile,
    fingerprint: FingerprintFlag = None,
    replace_key: Annotated[
        bool, typer.Option("--replace-key", help="Accept another key than the organisation had before.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Admit an organisation, or set its budget anew.

    It is admitted by its own key; a budget of 0 serves it no longer.

    A child registered or looked up takes 12 points. The organisation reads out its key's fingerprint by telephone
    (signpost admin org key show): it is asked for here, or given with --fingerprint, and another key is refused.

    Example:
      signpost keys admit organisation.json --budget 120000 --settings holder-1/settings.toml
    """
    admitted = load_organisation(organisation)
    own = admitted.signing_key.thumbprint()
    confirm_fingerprint(
        own, fingerprint, question="First 16 characters of its key's fingerprint, as they read them out"
    )
    fields = {
        "organisation": admitted.name, "signing_key": admitted.signing_key.text, "budget": budget,
        "replace_key": replace_key,
    }  # fmt: skip
    local_holder(settings).post("/admissions", fields, Nothing)
    if as_json:
        told = {"organisation": admitted.name, "budget": budget, "key_fingerprint": own}
        answer_json("signpost.keys-admit/1", told)
        return
    answer(f"Admitted {admitted.name}, {budget:,} points a day.")


def admitted(settings: SettingsFile, as_json: JsonFlag = False) -> None:
    """List the organisations admitted, and their budgets.

    Example:
      signpost keys admitted --settings holder-1/settings.toml
    """
    listed = local_holder(settings).get("/admissions", _AdmittedList)
    if as_json:
        answer_json("signpost.keys-admitted/1", listed.model_dump())
        return
    for each in listed.organisations:
        answer(f"{each.organisation}  {each.budget:,} points a day")
    if not listed.organisations:
        say("No organisation has been admitted here.")


def _tell_state(health: Health, *, as_json: bool) -> None:
    if as_json:
        answer_json("signpost.keys-state/1", {"state": health.state})
    else:
        answer(health.state)


async def _remote(urls: list[str], ca_file: Path | None) -> list[tuple[str, HolderStatus | str]]:
    """The status of each, or why there is none."""
    async with trusting(ca_file) as transport:

        async def ask(url: str) -> HolderStatus | str:
            try:
                reply = await transport.get(url, "/v1/status", seconds=_PATIENCE_SECONDS)
                return HolderStatus.model_validate_json(reply.body)
            except NoReply as silence:
                return silence.reason.value
            except ValidationError:
                return "it does not answer as a key holder"

        return list(zip(urls, await asyncio.gather(*(ask(url) for url in urls)), strict=True))


def _fields(url: str, status: HolderStatus | str) -> dict[str, object]:
    return {"url": url, **({"state": "unreachable"} if isinstance(status, str) else status.model_dump())}


def _line(status: HolderStatus | str) -> str:
    if isinstance(status, str):
        return f"no answer: {status}"
    parts: list[str] = [status.state]
    if status.holder is not None:
        parts.append(f"holder {status.holder}, epoch {status.epoch}, generation {status.generation}")
        parts.append(f"manifest {status.manifest_fingerprint}")
    age = status.revocations_age_seconds
    parts.append("no revocation list yet" if age is None else f"revocation list {age} s old")
    return "  ".join(parts)
