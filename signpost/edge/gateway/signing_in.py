"""Enrolling and signing in at a gateway (protocol.md D2): all is forwarded to the index, and nothing is kept of it.

A gateway has no accounts of its own. What a person types goes to the index in a request that the gateway's key signs;
what comes back is one shift, for the key of a session that was made a moment before and is in this memory alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel

from signpost.edge.desk import Desk
from signpost.edge.failures import CouldNotCheck, Refused
from signpost.edge.gateway.files import GatewayFiles
from signpost.edge.signed_sender import Identity, parsed
from signpost.edge.signing_in import Chosen
from signpost.edge.transport import NoReply, Reply, Transport
from signpost.protocol.credentials import AccountId
from signpost.protocol.device_opening import device_opening_key, open_organisation_key
from signpost.protocol.encoding import to_base64url
from signpost.protocol.enrolment import EnrolmentToken
from signpost.protocol.gateways import SessionCertificate, joined, read_enrolled
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import (
    EnrolmentRequest,
    GatewaySession,
    Nothing,
    PasswordRequest,
    SignInAnswer,
    SignInRequest,
)
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import ANSWERING_ROLES
from signpost.protocol.sealing import OpeningKey, SealBroken
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import NONCE_BYTES, sign_sign_in
from signpost.service.clock import Clock, Randomness

__all__ = ["OpenedShift", "change_password_at_gateway", "enrol_at_gateway", "sign_in_at_gateway"]

_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class OpenedShift:
    """One person's shift at a gateway: a desk that signs by the session's key. In memory alone."""

    desk: Desk = field(repr=False)
    opening: OpeningKey | None = field(repr=False)
    """The organisation's sealing key, where the account's role answers notices and it opened."""
    expires_at: int
    ended_shift_of: int | None


async def enrol_at_gateway(
    gateway: GatewayFiles, token: EnrolmentToken, chosen: Chosen, *, transport: Transport
) -> None:
    """Bind a token's account to this gateway: the gateway's key is its device. The administrator's approval is still to
    come.

    Raises:
        Refused: it is a token of another organisation, or for another index.
        Failure: the index refused, or did not answer.
    """
    certified = gateway.certified
    if token.organisation != certified.organisation or token.index_url != certified.index_url:
        raise Refused("The token is not for this organisation's index.", code=ProblemCode.ENROLMENT_REFUSED)
    opening = device_opening_key(gateway.key).seal_key
    request = EnrolmentRequest(
        organisation=token.organisation,
        account=token.account,
        proof=token.proof,
        device=gateway.key.verify_key.encoding,
        opening=opening.encoding,
        device_seal=token.device_seal.seal(gateway.key.verify_key, opening),
        password=chosen.password,
        code_secret=chosen.code_secret.reveal(),
        code=chosen.code,
    )
    try:
        reply = await transport.post(
            certified.index_url,
            "/v1/enrolments",
            headers={"content-type": "application/json"},
            body=request.model_dump_json().encode(),
            seconds=_SECONDS,
        )
    except NoReply:
        raise _no_answer() from None
    parsed(reply, Nothing, status=202)


async def sign_in_at_gateway(
    gateway: GatewayFiles, account: AccountId, password: str, code: str, *, transport: Transport, clock: Clock,
    randomness: Randomness,
) -> OpenedShift:  # fmt: skip
    """Open a shift for a fresh session key.

    Raises:
        Failure: the index refused, or did not answer.
    """
    certified, now, key = gateway.certified, clock.now(), SigningKey(Secret(randomness(32)))
    certificate = certified.certificate
    expires_at = min(now + certificate.session_seconds, certificate.expires_at)
    session = SessionCertificate(
        organisation=certified.organisation,
        account=account,
        gateway=certificate.identifier,
        key=key.verify_key,
        issued_at=now,
        expires_at=expires_at,
        identifier=to_base64url(randomness(16)),
    ).sign(gateway.key)
    request = SignInRequest(
        organisation=certified.organisation,
        account=account,
        password=password,
        code=code,
        session=GatewaySession(gateway=certified.token, session=session),
    )
    reply = await _by_gateway(gateway, "/v1/sessions", request, transport=transport, clock=clock, randomness=randomness)
    told = parsed(reply, SignInAnswer, status=200)
    presented = joined(told.certificate, certified.token, session)
    try:
        # As every key holder reads it: a certificate of this account, at this gateway.
        enrolled = read_enrolled(presented, organisation_key=certified.signing_key).certificate
    except Problem:
        raise CouldNotCheck("The index gave a certificate that the organisation did not sign for it.") from None
    settings = certified.desk_settings(account, enrolled.role, ca_file=None)
    identity = Identity(presented, told.credential, key)
    desk = Desk(folder=gateway.folder, settings=settings, manifest=gateway.manifest, identity=identity)
    # Nobody takes the session's key for longer, whatever the index says.
    over_at = min(told.expires_at, expires_at, enrolled.expires_at)
    # Every account here opens by the gateway's key, what an account of that name was given in an earlier role included.
    opening = _opening_key(gateway, account, told.sealing_key) if enrolled.role in ANSWERING_ROLES else None
    return OpenedShift(desk, opening, over_at, told.ended_shift_of)


async def change_password_at_gateway(
    gateway: GatewayFiles, account: AccountId, password: str, code: str, new_password: str, *, transport: Transport,
    clock: Clock, randomness: Randomness,
) -> None:  # fmt: skip
    """Another password for whoever gives every factor right. All the account's shifts are over.

    Raises:
        Failure: the index refused, and nothing is changed; or did not answer, and which of the two opens a shift is not
            known.
    """
    request = PasswordRequest(
        organisation=gateway.certified.organisation,
        account=account,
        password=password,
        code=code,
        new_password=new_password,
        gateway=gateway.certified.token,
    )
    parsed(
        await _by_gateway(
            gateway, "/v1/accounts/password", request, transport=transport, clock=clock, randomness=randomness
        ),
        Nothing,
        status=200,
    )


async def _by_gateway(
    gateway: GatewayFiles, path: str, message: BaseModel, *, transport: Transport, clock: Clock, randomness: Randomness
) -> Reply:
    """The reply to a message that the gateway's key alone signs."""
    url, body = gateway.certified.index_url, message.model_dump_json().encode()
    headers = sign_sign_in(
        url=f"{url}{path}",
        body=body,
        key=gateway.key,
        created=clock.now(),
        nonce=to_base64url(randomness(NONCE_BYTES)),
    )
    try:
        return await transport.post(url, path, headers=headers, body=body, seconds=_SECONDS)
    except NoReply:
        raise _no_answer() from None


def _no_answer() -> CouldNotCheck:
    return CouldNotCheck("The index did not answer.", hint="Check the line, then try again.")


def _opening_key(gateway: GatewayFiles, account: AccountId, sealed: bytes | None) -> OpeningKey | None:
    if sealed is None:
        return None
    try:
        return open_organisation_key(
            sealed, device=gateway.key, organisation=gateway.certified.organisation, account=account
        )
    except SealBroken:
        return None  # a shift is worth having without it
