"""How a command ends when it does not do what was asked.

Every foreseen end is a `Stop`: what happened, why, and what to do next, in words fixed in our code or names of our own
fields, never a value somebody typed. `stop_of` turns the failures of other packages into one; what it does not know was
not foreseen.
"""

from __future__ import annotations

from signpost_cli.exit_codes import ExitCode

__all__ = ["Stop", "stop_of"]


class Stop(Exception):
    """The command ends here, for a reason it foresaw."""

    def __init__(self, code: ExitCode, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.why = why
        self.hint = hint


def stop_of(error: BaseException) -> Stop | None:
    """The foreseen end that an error means, or None."""
    if isinstance(error, Stop):
        return error
    # Imported only here: a command that works never needs them, and each costs start-up time.
    from signpost.edge.failures import Failure
    from signpost.protocol.problems import Problem
    from signpost.service.refusals import StartRefused
    from signpost_cli.local_service import stop_for

    match error:
        case Failure():
            return Stop(ExitCode[error.outcome.name], error.what, why=error.why, hint=error.hint)
        case Problem():
            return stop_for(error.code)
        case StartRefused():
            return Stop(ExitCode.FAILED, str(error), hint=error.hint)
        case _:
            return None
