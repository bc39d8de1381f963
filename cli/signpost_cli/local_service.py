"""Speaking to a service that runs on this machine, over the Unix socket in its data folder that only its user can
reach.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar, final

import httpx2
from pydantic import BaseModel, ValidationError

from signpost.protocol.problems import PROBLEMS, ProblemCode
from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["LocalService", "NotRunning", "stop_for"]

_Model = TypeVar("_Model", bound=BaseModel)

_PATIENCE_SECONDS: Final = 60.0
"""Opening a sealed file takes a third of a second of Argon2id, and longer on a small or busy machine."""

_USAGE: Final = frozenset({ProblemCode.MALFORMED, ProblemCode.KEY_INVALID, ProblemCode.ROSTER_REFUSED})
_UNVERIFIED: Final = frozenset({ProblemCode.CEREMONY_MESSAGE_REFUSED, ProblemCode.CEREMONY_FAILED})


def stop_for(code: ProblemCode, *, who: str = "") -> Stop:
    """The end of a command that a service's refusal means. `who` names whose fault it was, where that is known."""
    words = PROBLEMS[code]
    exit_code = ExitCode.FAILED
    if code in _USAGE:
        exit_code = ExitCode.USAGE
    elif code in _UNVERIFIED:
        exit_code = ExitCode.VERIFICATION_FAILED
    return Stop(exit_code, f"{words.title}{who}.", why=words.detail, hint=words.hint)


class NotRunning(Stop):
    """Nobody answers on the service's socket."""

    def __init__(self, name: str, start: str) -> None:
        super().__init__(
            ExitCode.FAILED,
            f"The {name} is not running here.",
            why="Nobody answers on the socket in its data folder.",
            hint=f"Start it first: {start}",
        )


@final
class LocalService:
    """One service's admin socket. `name` is what a person calls it, `start` the command that starts it; `hints` say
    what to do next where whoever speaks to this socket can do something else about a refusal than others.
    """

    def __init__(
        self, socket: Path, *, name: str, start: str, hints: Mapping[ProblemCode, str] = MappingProxyType({})
    ) -> None:
        self._socket = socket
        self._name = name
        self._start = start
        self._hints = hints

    def get(self, path: str, model: type[_Model]) -> _Model:
        """What the service answers.

        Raises:
            Stop: it does not run, or refuses.
        """
        return self._exchange("GET", path, None, model)

    def post(self, path: str, fields: Mapping[str, object], model: type[_Model]) -> _Model:
        """What the service answers to a JSON body.

        Raises:
            Stop: it does not run, or refuses.
        """
        return self._exchange("POST", path, dict(fields), model)

    def ask(self, path: str, model: type[_Model]) -> _Model | None:
        """As `get`; None when the service does not run.

        Raises:
            Stop: it refuses.
        """
        try:
            return self.get(path, model)
        except NotRunning:
            return None

    def _exchange(self, method: str, path: str, fields: dict[str, object] | None, model: type[_Model]) -> _Model:
        self._knock()
        transport = httpx2.HTTPTransport(uds=str(self._socket))
        try:
            with httpx2.Client(
                transport=transport, base_url="http://local", timeout=_PATIENCE_SECONDS, trust_env=False
            ) as service:
                response = service.request(method, path, json=fields)
        except httpx2.HTTPError:
            raise Stop(ExitCode.FAILED, f"The {self._name} did not answer.", hint="Look at its log.") from None
        try:
            if response.status_code >= 300:
                code = ProblemCode(response.json()["code"])
                stop = stop_for(code)
                stop.hint = self._hints.get(code, stop.hint)
                raise stop
            return model.model_validate_json(response.content)
        except (ValidationError, ValueError, KeyError, TypeError):
            raise Stop(
                ExitCode.FAILED,
                f"The {self._name} answered in another form than this command knows.",
                hint="Run the command of the same version as the service.",
            ) from None

    def _knock(self) -> None:
        """Whether anybody listens. The HTTP library would leave its socket open where nobody does."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
            try:
                knocking.connect(str(self._socket))
            except OSError:
                raise NotRunning(self._name, self._start) from None
