"""Postcodes of homes: read once, and never shown again.

A postcode is used whole, or cut to its district (`LS1`) or area (`LS`). The pseudo-postcodes that the NHS writes for
"no fixed abode" and the like (ZZ99 …) say nothing of a home and count as missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Self, final

from signpost.edge.identifiers import Identifier, IdentifierCode, IdentifierError

__all__ = ["Postcode"]

# Area, district and the inward part, as Royal Mail gives them out; no C I K M O V in the last two letters.
_SHAPE: Final = re.compile(r"(?P<area>[A-Z]{1,2})[0-9][A-Z0-9]?(?P<inward>[0-9][ABD-HJLNP-UW-Z]{2})")
_NO_HOME: Final = "ZZ99"


@final
class Postcode(Identifier):
    """A United Kingdom postcode in one spelling: upper case, no spaces."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """From any case and spacing; None where the text is empty or stands for no home (ZZ99 …).

        Raises:
            IdentifierError: POSTCODE_SHAPE.
        """
        # Only spaces and hyphens go: anything else that does not belong makes it another text.
        compact = "".join(text.split()).replace("-", "").upper() if text.isascii() else text
        if not compact or compact.startswith(_NO_HOME):
            return None
        if not _SHAPE.fullmatch(compact):
            raise IdentifierError(IdentifierCode.POSTCODE_SHAPE)
        return cls(compact)

    @property
    def district(self) -> str:
        """The part before the space: `LS1`."""
        return self.reveal()[:-3]

    @property
    def area(self) -> str:
        """The letters it begins with: `LS`."""
        found = _SHAPE.fullmatch(self.reveal())
        assert found is not None  # checked when it was parsed
        return found["area"]

    def slips(self) -> Iterator[Postcode]:
        """What it is a slip of the fingers for: two neighbours of one kind, digits or letters, the other way round.

        From the end, since people know their own area. Postcodes of their form alone, none twice.
        """
        text = self.reveal()
        for at in range(len(text) - 2, -1, -1):
            one, other = text[at], text[at + 1]
            slipped = f"{text[:at]}{other}{one}{text[at + 2 :]}"
            if one != other and one.isdigit() == other.isdigit() and _SHAPE.fullmatch(slipped):
                yield Postcode(slipped)
