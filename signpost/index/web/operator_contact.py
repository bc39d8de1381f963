"""What the operator may do about call-backs: look at notices that were held back, and at how often contact was news."""

# Annotations here are values: FastAPI reads them.
from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from signpost.index.app import Index
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.messages import SpokenReceipt
from signpost.protocol.problems import ProblemCode
from signpost.service.bodies import FromJson
from signpost.service.web import refusals

__all__ = ["add_contact"]


class _Operator(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class HeldNotice(_Operator):
    """A notice that one registration too many of a day found: not who asks, and not about whom."""

    organisation: str
    notice: SpokenReceipt
    told_at: int
    """Epoch seconds."""


class HeldNotices(_Operator):
    """All of them, the oldest first."""

    held: list[HeldNotice]


class ToRelease(_Operator):
    """Which one."""

    organisation: Annotated[str, Field(min_length=2, max_length=64)]
    notice: SpokenReceipt


class Released(_Operator):
    """Its desk has it."""


class OrganisationOutcomes(_Operator):
    """What an organisation's call-backs of the last four weeks came to; only of more than ten."""

    organisation: str
    told: int
    reached: int
    new: int


class Outcomes(_Operator):
    """By organisation."""

    outcomes: list[OrganisationOutcomes]


class OrganisationReviews(_Operator):
    """How many reviews of broken glasses are open in an organisation, and how many of them are late."""

    organisation: str
    open: int
    late: int


class Reviews(_Operator):
    """By organisation."""

    reviews: list[OrganisationReviews]


def add_contact(app: FastAPI, index: Index) -> None:
    """Add these to the operator's application."""

    @app.get("/contact/held")
    async def held() -> HeldNotices:
        """The notices that are held back."""
        return HeldNotices(
            held=[
                HeldNotice(organisation=each.organisation, notice=each.reference, told_at=each.told_at)
                for each in index.contact.held(now=index.clock.now())
            ]
        )

    @app.post("/contact/release", responses=refusals(ProblemCode.NOTICE_UNKNOWN))
    async def release(asked: FromJson[ToRelease]) -> Released:
        """Lets one go out."""
        await index.contact.release(OrganisationId(asked.organisation), asked.notice, now=index.clock.now())
        return Released()

    @app.get("/contact/outcomes")
    async def outcomes() -> Outcomes:
        """How many call-backs reached somebody, and how many of those were news."""
        return Outcomes(
            outcomes=[
                OrganisationOutcomes(organisation=each.organisation, told=each.told, reached=each.reached, new=each.new)
                for each in index.contact.outcomes()
            ]
        )

    @app.get("/contact/reviews")
    async def reviews() -> Reviews:
        """How many broken glasses nobody has reviewed."""
        return Reviews(
            reviews=[
                OrganisationReviews(organisation=each.organisation, open=each.open, late=each.late)
                for each in index.break_glass.open_reviews(now=index.clock.now())
            ]
        )
