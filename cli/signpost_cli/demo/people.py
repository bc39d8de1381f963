"""Who signs in, in the pretend world: this machine types for them, and is their code generator."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.secret import Secret

__all__ = ["Person"]


@dataclass(slots=True)
class Person:
    """An account, and what its owner knows and has. Codes are good once: each is of a later step than the last."""

    account: str
    password: str
    codes: Secret
    last: int = 0
    """The step of the last code that was given."""
    telephone: Callable[[], float] = time.time
    """Epoch seconds, as the telephone has them that shows the codes."""

    def next_code(self) -> str:
        """A code that was not used yet, as soon as there is one. The index takes those of one step ahead."""
        now = int(self.telephone()) // STEP_SECONDS
        step = max(now, self.last + 1) if self.last else now + 1
        while step > int(self.telephone()) // STEP_SECONDS + 1:
            time.sleep(1)
        self.last = step
        return code_of(self.codes, step)

    def code_on_the_telephone(self) -> str:
        """What an authenticator shows at this moment."""
        return code_of(self.codes, int(self.telephone()) // STEP_SECONDS)
