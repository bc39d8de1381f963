"""What a custodian does where no holder is running: making its identity, and the ceremony by files.

The one module of the command line that reaches a holder's own code. It is loaded only by the commands that need it.

Offline, every message is a file in a folder that is carried from custodian to custodian, named `round-R-holder-N.json`.
The folder may be copied and looked at by anybody: it holds what a relay would see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from signpost.edge.atomic_file import PUBLIC, replace_file
from signpost.protocol.encoding import EncodingError, parse_canonical_json
from signpost.protocol.key_generation import Round
from signpost.protocol.messages import HolderIdentity
from signpost.protocol.problems import Problem
from signpost.protocol.roster import Roster
from signpost.protocol.secret import Secret
from signpost.service.clock import system_randomness
from signpost.service.files import alone_in
from signpost_cli.exit_codes import ExitCode
from signpost_cli.local_service import stop_for
from signpost_cli.stops import Stop
from signpost_keys.ceremony import Ceremony, CeremonyStopped
from signpost_keys.custody import Custody, make_identity
from signpost_keys.settings import HolderSettings

__all__ = ["Place", "Turn", "new_identity", "place_of", "take_turn"]

_LARGEST_MESSAGE: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where a holder listens to its custodian, and the address others know it by."""

    socket: Path
    url: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a custodian's turn left the ceremony. `fingerprint` is the manifest's, once there is one."""

    number: int
    round_reached: int
    waiting_for: tuple[int, ...]
    fingerprint: str | None


def place_of(settings_file: Path) -> Place:
    """Where the holder of these settings is found.

    Raises:
        StartRefused: the settings are not of their form.
    """
    settings = HolderSettings.load(settings_file)
    return Place(settings.folder.socket, settings.public_url)


def new_identity(settings_file: Path, passphrase: Callable[[], Secret]) -> HolderIdentity:
    """Makes a holder's keys and seals them in its folder. The passphrase is asked for once it is known to be of use.

    Raises:
        Stop: there is an identity already, and it stays.
        StartRefused: the settings are not of their form, the folder is open to others, or the holder runs.
    """
    settings = HolderSettings.load(settings_file)
    with alone_in(settings.folder.path):
        if settings.folder.identity.exists():
            raise Stop(
                ExitCode.FAILED,
                "This holder has an identity already.",
                why="Its share, if it has one, could never be opened with another.",
                hint="For a second holder, use settings with another data_dir.",
            )
        return make_identity(settings.folder, passphrase(), system_randomness).at(settings.public_url)


def take_turn(
    settings_file: Path, roster: Roster, courier: Path, *, passphrase: Secret, confirm: Callable[[], None]
) -> Turn:
    """One custodian's turn: reads the folder, takes what others said, adds what its holder now says.

    `confirm` is called before a roster is approved, and raises when it is not.

    Raises:
        Stop: the ceremony stopped, a message is not what it should be, or the folder cannot be read or written.
        Problem: PASSPHRASE_WRONG, KEY_MISMATCH, ALREADY_EXISTS or ROSTER_REFUSED.
        StartRefused: the settings or files are not as they should be, or the holder runs.
    """
    settings = HolderSettings.load(settings_file)
    with alone_in(settings.folder.path):
        custody = Custody(settings.folder, url=settings.public_url)
        custody.unlock(*custody.open_files(passphrase))
        ceremony = Ceremony(custody, system_randomness)
        if ceremony.roster() != roster:
            confirm()
            ceremony.approve(roster.canonical())
        number = roster.number_of(custody.identity.signing_key) or 0
        try:
            exchange = ceremony.exchange([text for sender, text in _messages(courier) if sender != number])
        except CeremonyStopped as stopped:
            raise stop_for(stopped.code, who="" if stopped.dealer is None else f" by holder {stopped.dealer}") from None
        except Problem as problem:
            raise stop_for(problem.code) from None
        reached = _write_messages(courier, exchange.messages)
        fingerprint = None
        if exchange.finished and custody.manifest is not None:
            replace_file(courier / "manifest.json", custody.manifest.encoding(), mode=PUBLIC)
            fingerprint = custody.manifest.manifest.fingerprint()
    others = [other for other in range(1, len(roster.holders) + 1) if other != number]
    waiting = () if fingerprint else tuple(n for n in others if not _file(courier, reached, n).exists())
    return Turn(number, reached, waiting, fingerprint)


def _file(courier: Path, round_: int, holder: int) -> Path:
    return courier / f"round-{round_}-holder-{holder}.json"


def _messages(courier: Path) -> list[tuple[int, bytes]]:
    """Every message in the folder with the holder it says it is from, in the order of the rounds.

    Raises:
        Stop: the folder cannot be read, or a file in it is too large to be a message.
    """
    try:
        found = []
        for path in sorted(courier.glob("round-*-holder-*.json")):
            with path.open("rb") as file:
                raw = file.read(_LARGEST_MESSAGE + 1).strip()
            if len(raw) > _LARGEST_MESSAGE:
                raise Stop(ExitCode.VERIFICATION_FAILED, f"{path.name} is too large to be a message.")
            found.append((_numbers(raw)[1], raw))
        return found
    except OSError:
        raise Stop(ExitCode.FAILED, "The courier folder cannot be read.", hint="Check the path.") from None


def _write_messages(courier: Path, messages: tuple[bytes, ...]) -> int:
    """Writes this holder's messages; the last round among them."""
    reached = 0
    for message in messages:
        round_, sender = _numbers(message)
        reached = max(reached, round_)
        path = _file(courier, round_, sender)
        if not path.exists():
            replace_file(path, message + b"\n", mode=PUBLIC)
    return reached


def _numbers(message: bytes) -> tuple[int, int]:
    """The round and the sender that a message names. Only its signature says that they are so.

    Raises:
        Stop: it is not of a message's form.
    """
    try:
        fields: Any = parse_canonical_json(message)
        return int(Round(fields["round"])), int(fields["sender"])
    except (EncodingError, KeyError, TypeError, ValueError):
        raise Stop(
            ExitCode.VERIFICATION_FAILED,
            "A file of the courier folder is not a ceremony message.",
            hint="Find out who wrote it.",
        ) from None
