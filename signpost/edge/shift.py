"""The shift that somebody signed in for, as a command finds it: held by this desk's agent, or not (protocol.md D3).

A command never has the keys. It asks the agent whether it is open, opens it with a PIN, has it sign or open the
organisation's own case references, or ends it. Where nobody answers there is no shift; where somebody else's process
answers, nothing is said to it.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, final

from signpost.edge.failures import DeskUnusable, SignIn
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import digest
from signpost.protocol.labels import Label
from signpost.service.files import private_folder
from signpost.service.refusals import StartRefused

__all__ = [
    "LINE_LIMIT", "MOST_OPENED", "AgentState", "Shift", "ShiftSigner", "agent_socket", "caller_of", "end_shift",
    "lock_shift", "open_references", "shift_at", "unlock_shift",
]  # fmt: skip

LINE_LIMIT: Final = 4 * 1024 * 1024
MOST_OPENED: Final = 500
"""Case references that are opened at once."""
_PATIENCE_SECONDS: Final = 10.0
_PEER: Final = struct.Struct("3i")  # pid, uid, gid (unix(7), SO_PEERCRED)
_SIGN_IN: Final = "signpost login"


class AgentState(StrEnum):
    """Whether the agent signs."""

    OPEN = "open"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Shift:
    """What an agent says of itself."""

    state: AgentState
    account: str
    certificate_expires_at: int
    expires_at: int


def agent_socket(folder: Path) -> Path:
    """Where the agent of a desk's folder listens: in a folder of this user's own, by a name that tells nothing.

    Raises:
        DeskUnusable: there is no folder that only this user can enter.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    base = Path(runtime) if runtime and Path(runtime).is_dir() else Path(tempfile.gettempdir())
    own = base / f"signpost-{os.getuid()}"
    try:
        private_folder(own)
    except (StartRefused, OSError):
        raise DeskUnusable(
            "The folder for the agent's socket is not this user's own.", hint=f"Remove {own}, and sign in again."
        ) from None
    return own / f"{to_base64url(digest(Label.AGENT_SOCKET, str(folder.resolve())))[:22]}.sock"


def caller_of(connection: socket.socket) -> int:
    """Whose process is at the other end, as the kernel says."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    return int(_PEER.unpack(credentials)[1])


@final
class ShiftSigner:
    """Signs by the agent. Belongs to one desk."""

    def __init__(self, path: Path, shift: Shift) -> None:
        self._path = path
        self.certificate_expires_at: int | None = shift.certificate_expires_at
        self.credential_expires_at: int | None = shift.expires_at

    def headers(self, *, base: str, path: str, body: bytes, created: int, nonce: str) -> dict[str, str]:
        """The headers of a signed POST.

        Raises:
            SignIn: there is no agent any more, or it is locked.
        """
        answer = _exchange(
            self._path,
            {"do": "sign", "base": base, "path": path, "body": body.decode(), "created": created, "nonce": nonce},
        )
        headers = answer.get("headers")
        if not isinstance(headers, dict):
            raise SignIn(_LOCKED if answer.get("refused") == "locked" else _NONE, hint=_SIGN_IN)
        return {str(name): str(value) for name, value in headers.items()}


_NONE: Final = "Nobody is signed in on this device."
_LOCKED: Final = "The shift on this device is locked."


def shift_at(folder: Path) -> Shift | None:
    """The shift that a desk's agent holds, if there is one."""
    return _shift(_exchange(agent_socket(folder), {"do": "status"}))


def unlock_shift(folder: Path, pin: str) -> Shift:
    """Open a locked shift.

    Raises:
        SignIn: the PIN is wrong; it says how many tries are left. After the last the shift is over.
    """
    answer = _exchange(agent_socket(folder), {"do": "unlock", "pin": pin})
    shift = _shift(answer)
    if shift is not None:
        return shift
    if answer.get("refused") == "pin":
        left = answer.get("left")
        raise SignIn("That is not the PIN.", hint=f"{left} {'try is' if left == 1 else 'tries are'} left.")
    raise SignIn(_NONE, hint=_SIGN_IN)


def lock_shift(folder: Path) -> None:
    """Lock the shift, where there is one."""
    _exchange(agent_socket(folder), {"do": "lock"})


def end_shift(folder: Path) -> bool:
    """End the shift: the agent forgets everything. Whether there was one."""
    return _exchange(agent_socket(folder), {"do": "end"}).get("state") == "ended"


def open_references(folder: Path, sealed: Sequence[bytes], *, organisation: str) -> list[str | None]:
    """The case references in what the index kept sealed for the desk's own organisation, in order; null where one does
    not open, and everywhere where this device has not got its organisation's sealing key.

    Raises:
        SignIn: there is no shift, or it is locked.
        ValueError: it is another organisation than the desk's.
    """
    path, opened = agent_socket(folder), list[str | None]()
    for start in range(0, max(1, len(sealed)), MOST_OPENED):
        texts = [to_base64url(each) for each in sealed[start : start + MOST_OPENED]]
        answer = _exchange(path, {"do": "open", "sealed": texts, "organisation": organisation})
        match answer.get("opened"), answer.get("refused"):
            case (list(found), _) if len(found) == len(texts):
                opened += [None if each is None else str(each) for each in found]
            case (_, "no-key"):
                return [None] * len(sealed)
            case (_, "organisation"):
                raise ValueError("not the desk's own organisation")
            case (_, refused):
                raise SignIn(_LOCKED if refused == "locked" else _NONE, hint=_SIGN_IN)
    return opened


def _shift(answer: Mapping[str, object]) -> Shift | None:
    try:
        return Shift(
            AgentState(str(answer["state"])),
            str(answer["account"]),
            int(str(answer["certificate_expires_at"])),
            int(str(answer["expires_at"])),
        )
    except (KeyError, ValueError):
        return None


def _exchange(path: Path, asked: Mapping[str, object]) -> dict[str, object]:
    """One request and its answer; an empty one where nobody answers."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_PATIENCE_SECONDS)
            connection.connect(str(path))
            if caller_of(connection) != os.getuid():
                return {}  # somebody else listens there: nothing is said to them
            connection.sendall(json.dumps(asked).encode() + b"\n")
            with connection.makefile("rb") as answering:
                answer = json.loads(answering.readline(LINE_LIMIT))
    except (OSError, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}
