"""What a key holder logs, and nothing else. Never an account, a point, a share, a passphrase or a message's text."""

from __future__ import annotations

from signpost.protocol.budget_exceptions import ExceptionReason
from signpost.protocol.problems import ProblemCode
from signpost.service.log import Event, Level, Word
from signpost.service.refusals import RefusalCode
from signpost_keys.metering import Limit

__all__ = ["HolderEvent"]


class HolderEvent(Event):
    """The holder's own events."""

    # custody
    UNLOCKED = ("unlocked", Level.INFO, {"with_key": bool})
    LOCKED = ("locked", Level.INFO)
    UNLOCK_REFUSED = ("unlock-refused", Level.WARNING, {"code": ProblemCode})
    """A wrong passphrase, or a share that does not belong to the manifest."""
    FILE_REFUSED = ("file-refused", Level.ERROR, {"code": RefusalCode})
    """A file of the holder's folder has gone, or others can read it."""
    ADMITTED = ("admitted", Level.INFO, {"organisation": Word, "budget": int, "key_replaced": bool})
    EXCEPTION_APPROVED = (
        "exception-approved",
        Level.WARNING,
        {"organisation": Word, "reason": ExceptionReason, "lookups": int, "hours": int},
    )
    """An organisation, or an account of it, may go past its budget for a while."""
    EXCEPTION_ENDED = ("exception-ended", Level.INFO, {"organisation": Word})
    # the ceremony
    ROSTER_APPROVED = ("roster-approved", Level.INFO, {"number": int, "holders": int, "threshold": int})
    CEREMONY_FINISHED = ("ceremony-finished", Level.INFO, {"epoch": int, "generation": int})
    CEREMONY_STOPPED = ("ceremony-stopped", Level.ERROR, {"dealer": int})
    """A dealer's share or proof did not check, or it said two things; null when the holders saw different messages."""
    # evaluating
    BUDGET_REFUSED = ("budget-refused", Level.WARNING, {"organisation": Word, "limit": Limit})
    OVERDRAFT_USED = ("overdraft-used", Level.WARNING, {"organisation": Word})
    """An urgent account was served past its budget."""
    # revocation
    REVOCATIONS_FRESH = ("revocations-fresh", Level.INFO)
    """The first list after a start or after some that could not be had."""
    REVOCATIONS_UNAVAILABLE = ("revocations-unavailable", Level.WARNING, {"exception": type})
    REVOCATIONS_REFUSED = ("revocations-refused", Level.ERROR)
    """The index answered with a list that is not signed by it, is of the future, or is older than one seen before."""
