"""Why somebody asks and how soon they need to know: offered wherever a child is asked about."""

from __future__ import annotations

from signpost.edge.gateway.pages.visit import Visit
from signpost.edge.gateway.pages.wording import URGENCY
from signpost.edge.words import law
from signpost.protocol.purposes import Role, Urgency, purposes_of

__all__ = ["purposes_offered", "urgencies_offered", "usual_urgency"]


def purposes_offered(visit: Visit) -> list[tuple[str, str]]:
    """What whoever is signed in may ask for, each with its law; the first is meant where none is chosen."""
    return [(purpose.value, law(purpose)) for purpose in purposes_of(visit.role, visit.kind)]


def urgencies_offered() -> list[tuple[str, str]]:
    """How soon an answer can be asked for."""
    return [(urgency.value, URGENCY[urgency]) for urgency in Urgency]


def usual_urgency(role: Role) -> Urgency:
    """How soon somebody of that role needs to know, where they do not say."""
    return Urgency.NOW if role is Role.URGENT else Urgency.TODAY
