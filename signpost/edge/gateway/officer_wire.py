"""What the gateway's web API takes of officers. What the index answers them is passed on in the index's own models.

Of a child who is to be hidden no field is called what a lookup calls it where the new address would come along: a
document that was made for a lookup is refused.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final

from pydantic import Field

from signpost.edge.gateway.wire import ChildGiven, Detail, Unshown
from signpost.protocol.messages import SpokenReceipt
from signpost.protocol.rights import ObjectionGround
from signpost.protocol.shielding import ShieldReason

__all__ = [
    "KNOWN_POSTCODES", "CorrectionGiven", "FamilyGiven", "IdentityEndedGiven", "KnownGiven", "ObjectionGiven",
    "OldIdentityGiven", "ShieldGiven",
]  # fmt: skip

KNOWN_POSTCODES: Final = {"postcode": "known_postcode", "previous_postcode": "other_known_postcode"}
"""What a lookup calls a postcode, and what it is called of a child who is to be hidden."""


class KnownGiven(Unshown):
    """What the danger knows of a child who is to be hidden, all of it: by these details they are hidden."""

    forename: Detail = ""
    middle_name: Detail = ""
    surname: Detail = ""
    date_of_birth: Detail = ""
    multiple_birth: bool = False
    nhs_number: Detail = ""
    upn: Detail = ""
    known_postcode: Detail = ""
    """One that the danger knows already. Never the new one: a shield must not become a way to test guesses of it."""
    other_known_postcode: Detail = ""
    mother_nhs_number: Detail = ""
    expected_date_of_birth: Detail = ""

    def details(self) -> ChildGiven:
        """The same, as details are checked."""
        return ChildGiven(
            **self.model_dump(exclude=set(KNOWN_POSTCODES.values())),
            postcode=self.known_postcode,
            previous_postcode=self.other_known_postcode,
        )


class OldIdentityGiven(Unshown):
    """Of the identity that a child has left; nothing of the new one, and no address."""

    nhs_number: Detail = ""
    forename: Detail = ""
    middle_name: Detail = ""
    surname: Detail = ""
    date_of_birth: Detail = ""
    multiple_birth: bool = False

    def details(self) -> ChildGiven:
        """The same, as details are checked."""
        return ChildGiven(**self.model_dump())


class ShieldGiven(Unshown):
    """Hide a child at once."""

    child: KnownGiven
    reason: Annotated[ShieldReason, Field(strict=False)]
    review_on: dt.date | None = None
    """When somebody looks whether it is still needed: within two years; else in a year. With `shield` it stays that
    shield's own."""
    shield: SpokenReceipt | None = None
    """One of the own organisation's, to which these details are added."""


class IdentityEndedGiven(Unshown):
    """The child of an own shield has a new identity: the shield keeps the old one alone."""

    shield: SpokenReceipt
    child: OldIdentityGiven


class FamilyGiven(Unshown):
    """A family's child: to ask for a report, or to withdraw a consent."""

    child: ChildGiven


class ObjectionGiven(Unshown):
    """A family objects, and this is how it was balanced."""

    child: ChildGiven
    balanced: Annotated[ObjectionGround, Field(strict=False)]


class CorrectionGiven(Unshown):
    """The details as they are registered, and the right ones, all of them."""

    registered: ChildGiven
    right: ChildGiven
