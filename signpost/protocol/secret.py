"""Secrets do not print.

A `Secret` shows its length and nothing else, whatever is done to show it: `repr`, `str`, f-strings, `%` formatting,
tracebacks of a frame that holds it, logging, JSON. It refuses to be pickled or copied into another process.
The bytes come out by one explicit call, `reveal()`, which is easy to search for in a review.
"""

from __future__ import annotations

import hmac
from typing import NoReturn, final

__all__ = ["Secret"]


@final
class Secret:
    """Bytes that must not be shown. Compared in constant time; not hashable, not picklable, not ordered."""

    __slots__ = ("__value",)

    def __init__(self, value: bytes) -> None:
        self.__value = bytes(value)

    def reveal(self) -> bytes:
        """The bytes themselves. Each call is a place to look at in a review."""
        return self.__value

    def __len__(self) -> int:
        return len(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__value, other.reveal())

    __hash__ = None  # type: ignore[assignment]  # a secret is never a dictionary key

    def __repr__(self) -> str:
        return f"<Secret of {len(self.__value)} bytes>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bytes__(self) -> NoReturn:
        raise TypeError("a Secret is revealed explicitly: .reveal()")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied")

    __copy__ = __deepcopy__ = __reduce__
