"""`signpost keys new`, `roster`, `approve` and `ceremony`: from nothing to a key that no machine holds."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from signpost.edge.atomic_file import PUBLIC, replace_file
from signpost.edge.transport import allowed_url
from signpost.protocol.keys import KeyInvalid, VerifyKey
from signpost.protocol.messages import HolderIdentity
from signpost.protocol.roster import Roster, RosterEntry, RosterInvalid
from signpost.protocol.sealing import SealKey
from signpost.service.clock import system_randomness
from signpost_cli.exit_codes import ExitCode
from signpost_cli.keys_custody_commands import Approved, local_holder
from signpost_cli.keys_fingerprints import FingerprintFlag, confirm_fingerprint
from signpost_cli.keys_online import hold_ceremony
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.passphrases import PassphraseFile, ask_new_passphrase, ask_passphrase
from signpost_cli.serve_commands import SettingsFile
from signpost_cli.stops import Stop

__all__ = ["approve", "ceremony", "new", "roster"]


_QUESTION: Final = "First 16 characters of the roster's fingerprint, as its maker reads them out"

RosterFile = Annotated[Path, typer.Option("--roster", metavar="FILE", help="The roster every custodian approved.")]


def new(settings: SettingsFile, passphrase_file: PassphraseFile = None) -> None:
    """Make a holder's own keys, and print its identity.

    The keys are sealed by a passphrase, which opens the holder's share later; nobody can restore it. The identity is
    public, and is what a roster is made of.

    Example:
      signpost keys new --settings holder-1/settings.toml > holder-1.json
    """
    from signpost_cli.keys_ceremony import new_identity

    identity = new_identity(settings, lambda: ask_new_passphrase(passphrase_file, of="this key holder"))
    answer(identity.model_dump_json())
    say("The holder's keys are made. Give its identity to whoever makes the roster, and keep the passphrase apart.")


def roster(
    identities: Annotated[list[Path], typer.Argument(metavar="IDENTITY", help="Every holder's identity, in order.")],
    threshold: Annotated[int, typer.Option("--threshold", metavar="T", help="How many holders must answer.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the roster is written.")],
    as_json: JsonFlag = False,
) -> None:
    """Write the roster of a ceremony.

    The order of the identities gives the holders their numbers, from 1. The fingerprint that is printed is read out to
    every custodian.

    Example:
      signpost keys roster holder-1.json holder-2.json holder-3.json --threshold 2 --out roster.json
    """
    entries = tuple(_entry(path) for path in identities)
    made = Roster(system_randomness(16), threshold, entries)
    try:
        Roster.parse(made.canonical())
    except RosterInvalid:
        raise Stop(
            ExitCode.USAGE,
            "These identities and this threshold make no roster.",
            why="There must be 2 to 32 holders, no key or address twice, and a threshold from 2 to their number.",
        ) from None
    replace_file(out, made.canonical() + b"\n", mode=PUBLIC)
    for number, entry in enumerate(entries, start=1):
        say(f"holder {number}: {entry.url}")
    if as_json:
        fields = {"fingerprint": made.fingerprint(), "holders": len(entries), "threshold": threshold}
        answer_json("signpost.roster-fingerprint/1", fields)
    else:
        answer(made.fingerprint())
    say("Give every custodian the file, and read out the fingerprint's first 16 characters by telephone.")


def approve(
    roster: Annotated[Path, typer.Argument(metavar="ROSTER", help="The roster file.")],
    settings: SettingsFile,
    fingerprint: FingerprintFlag = None,
) -> None:
    """Approve a roster for a running holder.

    The holder, which must be open, then takes part in a ceremony of just these holders.

    Example:
      signpost keys approve roster.json --settings holder-1/settings.toml
    """
    read = _read_roster(roster)
    holder = local_holder(settings)
    _show(read)
    confirm_fingerprint(read.fingerprint(), fingerprint, question=_QUESTION)
    approved = holder.post("/roster", {"roster": read.canonical().decode()}, Approved)
    answer(f"Approved, as holder {approved.number} of {len(read.holders)}.")


def ceremony(
    roster: RosterFile,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the manifest is written.")] = None,
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", metavar="FILE", help="The authority of the holders' certificates.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="By files, carried from custodian to custodian.")] = False,
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE", help="Offline: this custodian's holder.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="FOLDER", help="Offline: the folder that is carried.")
    ] = None,
    fingerprint: FingerprintFlag = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Make the key, between all holders of a roster.

    Every custodian approved the roster before. Online, one person carries the messages between running holders; it
    may be stopped and run again. Offline, no holder runs, and each custodian takes a turn with the folder until it
    says finished.

    Example:
      signpost keys ceremony --roster roster.json --out manifest.json
      signpost keys ceremony --offline --settings holder-1/settings.toml --roster roster.json --folder courier
    """
    read = _read_roster(roster)
    if not offline:
        if out is None:
            raise Stop(ExitCode.USAGE, "Where the manifest goes is not said.", hint="Add --out manifest.json")
        if settings is not None or folder is not None:
            raise Stop(ExitCode.USAGE, "--settings and --folder are for the ceremony by files.", hint="Add --offline")
        signed = asyncio.run(hold_ceremony(read, ca_file=ca_file))
        replace_file(out, signed.encoding(), mode=PUBLIC)
        _tell_made(read, signed.manifest.fingerprint(), as_json=as_json)
        return
    if settings is None or folder is None:
        raise Stop(ExitCode.USAGE, "Offline needs --settings and --folder.", hint="signpost keys ceremony --help")
    _take_turn(read, settings, folder, fingerprint, passphrase_file, as_json=as_json)


def _take_turn(
    read: Roster, settings: Path, folder: Path, typed: str | None, passphrase_file: Path | None, *, as_json: bool
) -> None:
    from signpost_cli.keys_ceremony import take_turn

    if not folder.is_dir():
        raise Stop(ExitCode.USAGE, f"There is no folder {folder}.", hint="Make it, or name the one that was carried.")

    def confirm() -> None:
        _show(read)
        confirm_fingerprint(read.fingerprint(), typed, question=_QUESTION)

    passphrase = ask_passphrase(passphrase_file, of="this key holder")
    turn = take_turn(settings, read, folder, passphrase=passphrase, confirm=confirm)
    if turn.fingerprint is not None:
        say(f"Finished: holder {turn.number} has its share, sealed. The manifest is in the folder.")
        say("Carry the folder on until every custodian's command says finished.")
        _tell_made(read, turn.fingerprint, as_json=as_json)
        return
    others = " and ".join(f"holder {number}" for number in turn.waiting_for)
    say(f"Holder {turn.number} has said all it can, up to round {turn.round_reached} of 5.")
    say(f"Carry the folder to whoever keeps {others}, then run this command again.")
    if as_json:
        fields = {"finished": False, "holder": turn.number, "waiting_for": list(turn.waiting_for)}
        answer_json("signpost.ceremony/1", fields)
    raise typer.Exit(ExitCode.PENDING)


def _tell_made(read: Roster, fingerprint: str, *, as_json: bool) -> None:
    if as_json:
        answer_json("signpost.ceremony/1", {"finished": True, "manifest_fingerprint": fingerprint})
        return
    say(f"The key is made: {read.threshold} of {len(read.holders)} holders must answer. The manifest's fingerprint:")
    answer(fingerprint)


def _show(read: Roster) -> None:
    say(f"{read.threshold} of these {len(read.holders)} holders must answer:")
    for number, entry in enumerate(read.holders, start=1):
        say(f"  holder {number}: {entry.url}")


def _read_roster(path: Path) -> Roster:
    try:
        return Roster.parse(path.read_bytes().strip())
    except OSError:
        raise Stop(ExitCode.USAGE, f"There is no roster {path} that can be read.") from None
    except RosterInvalid:
        raise Stop(
            ExitCode.USAGE, f"{path} is not a roster.", hint="Get the file again, as signpost keys roster wrote it."
        ) from None


def _entry(path: Path) -> RosterEntry:
    try:
        identity = HolderIdentity.model_validate_json(path.read_bytes())
        entry = RosterEntry(identity.url, VerifyKey.parse(identity.signing_key), SealKey.parse(identity.sealing_key))
    except OSError:
        raise Stop(ExitCode.USAGE, f"There is no identity {path} that can be read.") from None
    except (ValidationError, KeyInvalid):
        raise Stop(
            ExitCode.USAGE, f"{path} is not a holder's identity.", hint="Its custodian prints it: signpost keys new"
        ) from None
    if not allowed_url(entry.url):
        raise Stop(
            ExitCode.USAGE,
            f"The address in {path} is not https.",
            why="Beyond this machine a holder is reached by https only.",
            hint="Correct public_url in that holder's settings.",
        )
    return entry
