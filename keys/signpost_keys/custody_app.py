"""What a running holder answers its custodian, over a Unix socket that only this user can reach. Never over TCP."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Final

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from signpost.protocol.credentials import AccountId, OrganisationId, valid_name
from signpost.protocol.keys import KeyInvalid, VerifyKey
from signpost.protocol.messages import Health, HolderIdentity, HolderStatus, Nothing
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.secret import Secret
from signpost.protocol.tokens import MAX_TOKEN_BYTES
from signpost.service.bodies import FromJson
from signpost.service.web import build_app, refusals
from signpost_keys.holder import Holder
from signpost_keys.storage import Admission, RunningException

__all__ = ["custody_app"]

_C = ProblemCode
_MOST_POINTS: Final = 2**40


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Unlocking(_Wire):
    """The passphrase, as it was typed."""

    passphrase: Annotated[str, Field(min_length=1, max_length=1024, repr=False)]


class Admitting(_Wire):
    """An organisation by its own signing key, and the points it may have evaluated here in a UTC day."""

    organisation: str
    signing_key: str
    budget: Annotated[int, Field(ge=0, le=_MOST_POINTS)]
    replace_key: bool = False


class Admitted(_Wire):
    """An organisation that was admitted."""

    organisation: str
    budget: int


class AdmittedList(_Wire):
    """Every organisation that was admitted, by name."""

    organisations: list[Admitted]


class ToReview(_Wire):
    """An organisation's request for an exception to its budget, as it signed it."""

    exception: Annotated[str, Field(min_length=1, max_length=MAX_TOKEN_BYTES)]


class OpenException(_Wire):
    """An exception that runs here; of the whole organisation where there is no account."""

    organisation: str
    account: str | None
    lookups: int
    until: int
    """Epoch seconds."""


class OpenExceptions(_Wire):
    """All of them, by organisation and account."""

    exceptions: list[OpenException]


class ToEnd(_Wire):
    """Whose exception."""

    organisation: Annotated[str, Field(min_length=2, max_length=64)]
    account: Annotated[str, Field(min_length=2, max_length=64)] | None = None


class Approving(_Wire):
    """A roster file's text."""

    roster: Annotated[str, Field(max_length=64 * 1024)]


class Approved(_Wire):
    """The fingerprint of what was approved, and this holder's number in it."""

    fingerprint: str
    number: int


def _shown(running: RunningException) -> OpenException:
    return OpenException(
        organisation=running.organisation, account=running.account, lookups=running.lookups, until=running.until
    )


def custody_app(holder: Holder) -> FastAPI:
    """The application on the custodian's socket."""
    app = build_app("Signpost key holder: custody", version=version("signpost-index"), log=holder.log)

    @app.get("/identity")
    async def identity() -> HolderIdentity:
        """The public keys and the address."""
        return holder.custody.identity.at(holder.custody.url)

    @app.get("/status")
    async def status() -> HolderStatus:
        """As in public."""
        return holder.status()

    @app.post("/unlock", responses=refusals(_C.PASSPHRASE_WRONG, _C.KEY_MISMATCH, _C.INTERNAL))
    async def unlock(asked: FromJson[Unlocking]) -> Health:
        """Opens the sealed files. A wrong passphrase changes nothing."""
        return Health(state=await holder.unlock(Secret(asked.passphrase.encode())))

    @app.post("/lock")
    async def lock() -> Health:
        """Forgets every secret."""
        return Health(state=await holder.lock())

    @app.post("/admissions", responses=refusals(_C.KEY_INVALID, _C.ALREADY_EXISTS))
    async def admit(asked: FromJson[Admitting]) -> Nothing:
        """Admits an organisation, or sets its budget anew. Another key than before only when that is said to be
        meant.
        """
        try:
            key = VerifyKey.parse(asked.signing_key)
        except KeyInvalid:
            raise Problem(ProblemCode.KEY_INVALID, pointers=("/signing_key",)) from None
        if not valid_name(asked.organisation):
            raise Problem(ProblemCode.MALFORMED, pointers=("/organisation",))
        admission = Admission(OrganisationId(asked.organisation), key, asked.budget)
        await holder.admit(admission, replace_key=asked.replace_key)
        return Nothing()

    @app.get("/admissions")
    async def admissions() -> AdmittedList:
        """Every organisation that was admitted."""
        admitted = [Admitted(organisation=each.organisation, budget=each.budget) for each in holder.store.admissions()]
        return AdmittedList(organisations=admitted)

    @app.post(
        "/exceptions",
        responses=refusals(_C.ORGANISATION_UNKNOWN, _C.EXCEPTION_INVALID, _C.EXCEPTION_OPEN, _C.NONCE_USED),
    )
    async def approve_exception(asked: FromJson[ToReview]) -> OpenException:
        """Lets an exception run that an organisation has asked for."""
        return _shown(await holder.approve_exception(asked.exception))

    @app.get("/exceptions")
    async def exceptions() -> OpenExceptions:
        """Those that run."""
        return OpenExceptions(exceptions=[_shown(each) for each in holder.exceptions()])

    @app.post("/exceptions/end", responses=refusals(_C.EXCEPTION_UNKNOWN))
    async def end_exception(asked: FromJson[ToEnd]) -> Nothing:
        """Ends one before its time."""
        account = None if asked.account is None else AccountId(asked.account)
        await holder.end_exception(OrganisationId(asked.organisation), account)
        return Nothing()

    @app.post("/roster", responses=refusals(_C.HOLDER_LOCKED, _C.ALREADY_EXISTS, _C.ROSTER_REFUSED, _C.CEREMONY_FAILED))
    async def approve(asked: FromJson[Approving]) -> Approved:
        """The custodian's approval: from now on this holder takes part in a ceremony of that roster."""
        fingerprint, number = await holder.approve(asked.roster.encode())
        return Approved(fingerprint=fingerprint, number=number)

    return app
