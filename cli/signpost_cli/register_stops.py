"""How `signpost register` ends when it does not do what was asked: each foreseen way, in a feed's own words.

Nothing here is about a child's answer, so none of lookup's words are used. What matters to whoever runs a feed is
whether anything was sent, and that running it again does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final, final

import typer

from signpost.edge.failures import CouldNotCheck, Failure
from signpost.edge.feeds.errors import FeedError, FileCode
from signpost.edge.feeds.extract import HandleUnfit, Unfit
from signpost.edge.feeds.limits import Broken, TooManyEnds
from signpost.edge.feeds.reconcile import ListContradictsItself
from signpost.edge.feeds.words import sentence
from signpost.edge.registering import FeedStopped
from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop, stop_of

__all__ = ["Stage", "foreseen_ends", "stopped_by"]


_MENDING: Final[Mapping[FileCode, str]] = MappingProxyType(
    {
        FileCode.FILE_CHANGED: "Run it again once the extract is finished.",
        FileCode.HANDLES_MISSING: "Name a CSV file with the columns team and handle: --handles handles.csv",
    }
)


@final
class Stage:
    """Whether anything may have been sent by now."""

    def __init__(self) -> None:
        self.sending = False

    @property
    def stands(self) -> str:
        """What is so at the index."""
        again = "What was acknowledged stands; run the same command again."
        return again if self.sending else "Nothing was sent."


@contextmanager
def foreseen_ends(stage: Stage) -> Iterator[None]:
    """Each foreseen way for a feed to fail, as the end of the command.

    Raises:
        Stop: in place of what was raised.
    """
    try:
        yield
    except FeedError as error:
        raise Stop(
            ExitCode.USAGE,
            f"The extract cannot be read. {stage.stands}",
            why=f"{error}.",
            hint=_MENDING.get(error.code, "Mend it, or name another --format."),
        ) from None
    except HandleUnfit as unfit:
        raise _unfit(unfit.why) from None
    except FeedStopped as stopped:
        raise stopped_by(stopped.broken, "The feed stops here. Nothing was sent.") from None
    except ListContradictsItself:
        raise Stop(
            ExitCode.VERIFICATION_FAILED,
            f"The index's list of your involvements contradicts itself. {stage.stands}",
            hint="signpost doctor",
        ) from None
    except Failure as failure:
        raise _failed(failure, stage) from None
    except (KeyboardInterrupt, typer.Abort):
        raise Stop(ExitCode.INTERRUPTED, f"Interrupted. {stage.stands}") from None


def _unfit(why: Unfit) -> Stop:
    """That what --handle names will not do for a whole return."""
    match why:
        case Unfit.NOT_YOURS:
            return Stop(
                ExitCode.USAGE,
                "What --handle names is not one of your handles. Nothing was sent.",
                hint="Name one as the index has it, or a team of the handles file.",
            )
        case Unfit.SENSITIVE:
            return Stop(
                ExitCode.USAGE,
                "What --handle names is a sensitive service's desk. Nothing was sent.",
                why="Its work is registered by consent or for significant harm alone, and a return is statutory.",
                hint="Register it from a CSV file, whose rows say on what basis.",
            )


def _failed(failure: Failure, stage: Stage) -> Stop:
    stop = stop_of(failure)
    assert stop is not None
    # That a question about a child had no answer is lookup's way of saying it.
    why = failure.why if isinstance(failure, CouldNotCheck) else f"{failure.what} {failure.why}".strip()
    how_far = "sent to its end" if stage.sending else "compared with the index"
    return Stop(stop.code, f"The feed could not be {how_far}. {stage.stands}", why=why, hint=failure.hint)


def stopped_by(broken: Iterable[Broken], what: str) -> Stop:
    """The end that limits put to a feed, with every one that is broken."""
    broken = tuple(broken)
    options = [
        f"--accept-ends {each.ends}" if isinstance(each, TooManyEnds) else "a higher --reject-limit" for each in broken
    ]
    return Stop(
        ExitCode.NEEDS_A_PERSON,
        what,
        why=" ".join(sentence(each) for each in broken),
        hint=f"Mend the extract; or, if it is right, run it with {' and '.join(options)}.",
    )
