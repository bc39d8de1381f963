"""What the operator may do, on a socket that only this machine's user can open: organisations, handles, exceptions to
budgets, revocations. It can open no account and no shift, register nothing and look nobody up.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from signpost.index.app import Index
from signpost.index.handles import CHANGEABLE, ContactPoint
from signpost.index.ports import ApprovedException
from signpost.index.web.operator_contact import add_contact
from signpost.protocol.budget_exceptions import ExceptionReason
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.messages import HandleId
from signpost.protocol.own_organisation import HandleFault
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import Kind
from signpost.protocol.tokens import MAX_TOKEN_BYTES
from signpost.service.bodies import FromJson
from signpost.service.log import Log
from signpost.service.web import build_app, refusals

__all__ = ["operator_app"]

_C = ProblemCode
_Name = Annotated[str, Field(min_length=2, max_length=64)]
_Text = Annotated[str, Field(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$")]


class _Operator(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Identity(_Operator):
    """The index's public key, which key holders pin: base64url."""

    credential_key: str


class NewOrganisation(_Operator):
    """An organisation to admit, with the public half of its signing key in base64url."""

    organisation: _Name
    kind: Kind
    signing_key: Annotated[str, Field(max_length=64)]


class AdmittedOrganisation(_Operator):
    """An organisation that was admitted."""

    organisation: str
    kind: Kind


class OrganisationList(_Operator):
    """All organisations, by name."""

    organisations: list[AdmittedOrganisation]


class NewHandle(_Operator):
    """A contact point: a desk, never a person. `out_of_hours` names another handle of the organisation."""

    organisation: _Name
    title: _Text
    telephone: _Text | None = None
    email: _Text | None = None
    hours: _Text | None = None
    out_of_hours: HandleId | None = None
    consent_only: bool = False
    privacy_office: bool = False


class AddedHandle(_Operator):
    """The name the handle was given."""

    handle: HandleId


class ChangedHandle(_Operator):
    """What is said anew of a handle; what is left out stays, and null takes it away."""

    organisation: _Name
    handle: HandleId
    title: _Text = ""
    telephone: _Text | None = None
    email: _Text | None = None
    hours: _Text | None = None
    out_of_hours: HandleId | None = None
    consent_only: bool = False
    privacy_office: bool = False


class ConfirmedHandles(_Operator):
    """Handles that are right as they stand."""

    organisation: _Name
    handles: Annotated[list[HandleId], Field(min_length=1, max_length=1000)]


class HandedOver(_Operator):
    """A handle, and the one that answers for all its work from now on; null takes that back."""

    organisation: _Name
    handle: HandleId
    to: HandleId | None


class OfOrganisation(_Operator):
    """Whose."""

    organisation: _Name


class OfAnybody(_Operator):
    """Whose; null for all organisations'."""

    organisation: _Name | None = None


class ListedHandle(_Operator):
    """A handle, whole."""

    handle: HandleId
    title: str
    telephone: str | None
    email: str | None
    hours: str | None
    out_of_hours: HandleId | None
    confirmed_on: str | None
    """yyyy-mm-dd."""
    handed_over_to: HandleId | None
    consent_only: bool
    privacy_office: bool


class HandleDirectory(_Operator):
    """An organisation's handles, by name."""

    handles: list[ListedHandle]


class WrongHandle(_Operator):
    """A handle with which something is wrong."""

    organisation: str
    handle: HandleId
    title: str
    confirmed_on: str | None
    faults: list[HandleFault]


class WrongHandles(_Operator):
    """All of them, by organisation and name."""

    handles: list[WrongHandle]


class ToReview(_Operator):
    """An organisation's request for an exception, as it signed it."""

    exception: Annotated[str, Field(min_length=1, max_length=MAX_TOKEN_BYTES)]


class OpenException(_Operator):
    """An exception that runs; of the whole organisation where there is no account."""

    organisation: str
    account: str | None
    reason: ExceptionReason
    lookups: int
    repeats: int
    until: int
    """Epoch seconds."""


class OpenExceptions(_Operator):
    """All of them, by organisation and account."""

    exceptions: list[OpenException]


class ToEnd(_Operator):
    """Whose exception."""

    organisation: _Name
    account: _Name | None = None


class ToRevoke(_Operator):
    """A certificate by its identifier, or an account of an organisation: one of the two."""

    certificate_identifier: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    organisation: _Name | None = None
    account: _Name | None = None


class Done(_Operator):
    """It is done, and durable."""


def _shown(approved: ApprovedException) -> OpenException:
    asked = approved.asked
    return OpenException(
        organisation=asked.organisation,
        account=asked.account,
        reason=asked.reason,
        lookups=asked.lookups,
        repeats=asked.repeats,
        until=approved.until,
    )


def operator_app(index: Index, log: Log) -> FastAPI:
    """The application on the operator's socket."""
    app = build_app("Signpost index: the operator", version=version("signpost-index"), log=log)

    @app.get("/identity")
    async def identity() -> Identity:
        """The key that signs credentials and the revocation list."""
        return Identity(credential_key=index.credential_key.text)

    @app.post("/organisations", status_code=201, responses=refusals(_C.KEY_INVALID, _C.ALREADY_EXISTS))
    async def admit(asked: FromJson[NewOrganisation]) -> Done:
        """Admits an organisation."""
        await index.organisations.admit(asked.organisation, asked.kind, asked.signing_key, now=index.clock.now())
        return Done()

    @app.get("/organisations")
    async def organisations() -> OrganisationList:
        """All organisations that were admitted."""
        admitted = index.organisations.organisations()
        return OrganisationList(
            organisations=[AdmittedOrganisation(organisation=each.name, kind=each.kind) for each in admitted]
        )

    @app.post("/handles", status_code=201, responses=refusals(_C.ORGANISATION_UNKNOWN, _C.HANDLE_UNKNOWN))
    async def add_handle(asked: FromJson[NewHandle]) -> AddedHandle:
        """Adds a handle to an organisation and names it."""
        point = ContactPoint(
            title=asked.title,
            telephone=asked.telephone,
            email=asked.email,
            hours=asked.hours,
            out_of_hours=asked.out_of_hours,
            consent_only=asked.consent_only,
            privacy_office=asked.privacy_office,
        )
        added = await index.handles.add(OrganisationId(asked.organisation), point, now=index.clock.now())
        return AddedHandle(handle=added.identifier)

    @app.post("/handles/list", responses=refusals(_C.ORGANISATION_UNKNOWN))
    async def list_handles(asked: FromJson[OfOrganisation]) -> HandleDirectory:
        """An organisation's handles, whole."""
        return HandleDirectory(
            handles=[
                ListedHandle(
                    handle=each.identifier,
                    title=each.title,
                    telephone=each.telephone,
                    email=each.email,
                    hours=each.hours,
                    out_of_hours=each.out_of_hours,
                    confirmed_on=None if each.confirmed_on is None else each.confirmed_on.isoformat(),
                    handed_over_to=each.handed_over_to,
                    consent_only=each.consent_only,
                    privacy_office=each.privacy_office,
                )
                for each in index.handles.of(OrganisationId(asked.organisation))
            ]
        )

    @app.post("/handles/change", responses=refusals(_C.ORGANISATION_UNKNOWN, _C.HANDLE_UNKNOWN, _C.HANDLE_CIRCULAR))
    async def change_handle(asked: FromJson[ChangedHandle]) -> Done:
        """Says some of a handle anew, which confirms it."""
        said: dict[str, Any] = {name: getattr(asked, name) for name in CHANGEABLE if name in asked.model_fields_set}
        await index.handles.change(OrganisationId(asked.organisation), asked.handle, said, now=index.clock.now())
        return Done()

    @app.post("/handles/confirm", responses=refusals(_C.ORGANISATION_UNKNOWN, _C.HANDLE_UNKNOWN))
    async def confirm_handles(asked: FromJson[ConfirmedHandles]) -> Done:
        """Notes that handles are right as they stand."""
        await index.handles.confirm(OrganisationId(asked.organisation), asked.handles, now=index.clock.now())
        return Done()

    @app.post("/handles/hand-over", responses=refusals(_C.ORGANISATION_UNKNOWN, _C.HANDLE_UNKNOWN, _C.HANDLE_CIRCULAR))
    async def hand_over(asked: FromJson[HandedOver]) -> Done:
        """Lets another handle answer for all of one's work."""
        await index.handles.hand_over(OrganisationId(asked.organisation), asked.handle, asked.to, now=index.clock.now())
        return Done()

    @app.post("/handles/check", responses=refusals(_C.ORGANISATION_UNKNOWN))
    async def check_handles(asked: FromJson[OfAnybody]) -> WrongHandles:
        """The handles with which something is wrong."""
        organisation = None if asked.organisation is None else OrganisationId(asked.organisation)
        return WrongHandles(
            handles=[
                WrongHandle(
                    organisation=each.handle.organisation,
                    handle=each.handle.identifier,
                    title=each.handle.title,
                    confirmed_on=None if each.handle.confirmed_on is None else each.handle.confirmed_on.isoformat(),
                    faults=list(each.faults),
                )
                for each in index.handles.check(organisation, now=index.clock.now())
            ]
        )

    @app.post(
        "/exceptions",
        status_code=201,
        responses=refusals(_C.ORGANISATION_UNKNOWN, _C.EXCEPTION_INVALID, _C.EXCEPTION_OPEN, _C.NONCE_USED),
    )
    async def approve_exception(asked: FromJson[ToReview]) -> OpenException:
        """Lets an exception begin that an organisation has asked for."""
        return _shown(await index.exceptions.approve(asked.exception, now=index.clock.now()))

    @app.post("/exceptions/refuse", responses=refusals(_C.ORGANISATION_UNKNOWN, _C.EXCEPTION_INVALID, _C.NONCE_USED))
    async def refuse_exception(asked: FromJson[ToReview]) -> Done:
        """Turns one down, for good."""
        await index.exceptions.refuse(asked.exception, now=index.clock.now())
        return Done()

    @app.get("/exceptions")
    async def exceptions() -> OpenExceptions:
        """Those that run."""
        return OpenExceptions(exceptions=[_shown(each) for each in index.exceptions.open(now=index.clock.now())])

    @app.post("/exceptions/end", responses=refusals(_C.EXCEPTION_UNKNOWN))
    async def end_exception(asked: FromJson[ToEnd]) -> Done:
        """Ends one before its time."""
        account = None if asked.account is None else AccountId(asked.account)
        await index.exceptions.end(OrganisationId(asked.organisation), account, now=index.clock.now())
        return Done()

    @app.post("/revocations", responses=refusals(_C.ORGANISATION_UNKNOWN, _C.REVOCATIONS_FULL))
    async def revoke(asked: FromJson[ToRevoke]) -> Done:
        """Takes back a certificate or an account: here with the next request, at key holders within a minute."""
        await index.revoking.revoke(
            certificate=asked.certificate_identifier,
            organisation=asked.organisation,
            account=asked.account,
            now=index.clock.now(),
        )
        return Done()

    add_contact(app, index)
    return app
