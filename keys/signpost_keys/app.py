"""What a key holder answers in public. Every answer but one is the same for everybody; `POST /v1/evaluations` is for
signed requests of accounts that its custodian's organisations enrolled and the index signed in (protocol.md B4, B5,
D4).
"""

# Annotations are evaluated here: FastAPI looks the names in them up in the module, and `signed` is not there.

from importlib.metadata import version
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request, Response

from signpost.protocol.messages import (
    CeremonyAnswer,
    CeremonyRequest,
    EvaluationRequest,
    EvaluationResponse,
    Health,
    HolderIdentity,
    HolderStatus,
)
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.signatures import PresentedRequest
from signpost.service.bodies import FromJson
from signpost.service.web import build_app, refusals
from signpost_keys.evaluate import Asking
from signpost_keys.holder import Holder
from signpost_keys.manifest_schema import SIGNED_MANIFEST

__all__ = ["public_app"]

_C = ProblemCode
_WHO_ASKS: Final = (
    _C.HOLDER_LOCKED, _C.HOLDER_WITHOUT_KEY, _C.SIGNATURE_MISSING, _C.SIGNATURE_INVALID, _C.SIGNATURE_STALE,
    _C.CERTIFICATE_INVALID, _C.CERTIFICATE_EXPIRED, _C.GATEWAY_INVALID, _C.SESSION_INVALID, _C.CREDENTIAL_INVALID,
    _C.CREDENTIAL_EXPIRED, _C.CREDENTIAL_MISMATCH, _C.ORGANISATION_UNKNOWN, _C.REVOKED, _C.REVOCATIONS_STALE,
)  # fmt: skip
_EVALUATION: Final = (
    _C.ROLE_REFUSED, _C.POINTS_COUNT, _C.EPOCH_UNKNOWN, _C.POINT_INVALID, _C.NONCE_USED, _C.BUDGET_USED,
)  # fmt: skip
_CEREMONY: Final = (
    _C.HOLDER_LOCKED, _C.CEREMONY_NOT_OPEN, _C.CEREMONY_MESSAGE_REFUSED, _C.CEREMONY_FAILED, _C.KEY_MISMATCH,
)  # fmt: skip


def public_app(holder: Holder) -> FastAPI:
    """The application on the public address."""
    app = build_app("Signpost key holder", version=version("signpost-index"), log=holder.log)

    async def signed(request: Request) -> Asking:
        query = request.url.query
        # The settings' address, never the Host header's: what was signed for another holder is refused.
        url = holder.custody.url + request.url.path + (f"?{query}" if query else "")
        presented = PresentedRequest(request.method, url, request.headers, await request.body())
        return holder.evaluator.authenticate(presented)

    @app.post("/v1/evaluations", responses=refusals(*_WHO_ASKS, *_EVALUATION))
    async def evaluate(
        asked: FromJson[EvaluationRequest], asking: Annotated[Asking, Depends(signed)]
    ) -> EvaluationResponse:
        """The points multiplied by this holder's share, with a proof and a receipt. Every point is charged."""
        return await holder.evaluate(asking, asked)

    @app.get("/health")
    async def health() -> Health:
        """Whether this holder is up, and open."""
        return Health(state=holder.custody.state)

    @app.get("/v1/status")
    async def status() -> HolderStatus:
        """Which key this holder serves, and how fresh its revocation list is."""
        return holder.status()

    @app.get("/v1/identity")
    async def identity() -> HolderIdentity:
        """The public keys and the address: what a roster is made of."""
        return holder.custody.identity.at(holder.custody.url)

    @app.get(
        "/v1/manifest",
        response_class=_CanonicalJson,
        responses={200: SIGNED_MANIFEST, **refusals(_C.HOLDER_WITHOUT_KEY)},
    )
    async def manifest() -> Response:
        """The manifest that every holder signed, in the very bytes that were signed."""
        if holder.custody.manifest is None:
            raise Problem(ProblemCode.HOLDER_WITHOUT_KEY)
        return _CanonicalJson(holder.custody.manifest.encoding())

    @app.post("/v1/ceremony", responses=refusals(*_CEREMONY))
    async def ceremony(asked: FromJson[CeremonyRequest]) -> CeremonyAnswer:
        """Messages of others in, all of this holder's own out. Whoever relays them can neither use nor change one."""
        exchange = await holder.exchange(asked.messages)
        return CeremonyAnswer(messages=[message.decode() for message in exchange.messages], finished=exchange.finished)

    return app


class _CanonicalJson(Response):
    """JSON that is already written."""

    media_type = "application/json"
