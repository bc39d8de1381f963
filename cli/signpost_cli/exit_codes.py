"""What a command's exit code means. A script may rely on these: a code never changes its meaning."""

from __future__ import annotations

from enum import IntEnum, unique

__all__ = ["ExitCode"]


@unique
class ExitCode(IntEnum):
    """The code a command ends with, and the sentence that explains it."""

    sentence: str

    def __new__(cls, value: int, sentence: str) -> ExitCode:
        """A code with its sentence."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    DONE = 0, "A definite answer (none too), or done."
    FAILED = 1, "It failed; the message says why."
    USAGE = 2, "The command or what was typed is not valid; nothing was sent."
    REFUSED = 3, "Policy refuses it for this role or purpose."
    SIGN_IN = 4, "This device is not enrolled, or its credential has run out: sign in."
    NEEDS_A_PERSON = 5, "A person must decide: a possible match, some rows rejected, or a limit to accept."
    COULD_NOT_CHECK = 6, "Could not check. This is not a no."
    BUDGET_USED = 7, "The budget for asking is used up."
    PENDING = 8, "Waiting for somebody else."
    VERIFICATION_FAILED = 9, "Something signed or proved did not verify: tell the operator."
    INTERRUPTED = 130, "Interrupted from the keyboard."
