"""Records about a child do not print: they show which fields are filled, never what is in them."""

from __future__ import annotations

from dataclasses import fields
from typing import NoReturn

__all__ = ["Silent"]


class Silent:
    """Base of a dataclass that names its filled fields and shows no value; it is not pickled or copied."""

    __slots__ = ()

    def __repr__(self) -> str:
        filled = [f.name for f in fields(self) if getattr(self, f.name) not in (None, "", (), False)]  # type: ignore[arg-type]
        return f"<{type(self).__name__} of {', '.join(filled) or 'nothing'}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a child's details are not pickled or copied")

    __copy__ = __deepcopy__ = __reduce__
