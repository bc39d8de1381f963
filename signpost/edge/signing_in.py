"""Enrolling a device, signing in and out on it, and changing one's password (protocol.md D1, D2).

A device believes its enrolment token, which came from its administrator, and by it the manifest: whatever the index
passes on must have that fingerprint. Its key is made here and goes nowhere else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from signpost.edge.desk import Desk, DeskSettings, trusted_manifest
from signpost.edge.failures import CouldNotCheck, DeskUnusable, Failure
from signpost.edge.shift import end_shift
from signpost.edge.signed_sender import SignedSender, expiry_of, parsed
from signpost.edge.transport import NoReply, Reply, Transport, allowed_url
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.device_opening import device_opening_key, open_organisation_key
from signpost.protocol.encoding import to_base64url
from signpost.protocol.enrolment import EnrolmentToken
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import (
    EnrolmentRequest,
    ManifestAnswer,
    Nothing,
    PasswordRequest,
    SignInAnswer,
    SignInRequest,
)
from signpost.protocol.purposes import ANSWERING_ROLES
from signpost.protocol.sealing import OpeningKey, SealBroken
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import NONCE_BYTES, sign_sign_in
from signpost.service.clock import Clock, Randomness

__all__ = ["Chosen", "change_password", "enrol_device", "hold_shift", "sign_in", "sign_out"]

_SECONDS: Final = 20.0
_START_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True, repr=False)
class Chosen:
    """What a person signs in with from now on; the code proves that their generator works."""

    password: str
    code_secret: Secret
    code: str


async def enrol_device(
    folder: Path,
    token: EnrolmentToken,
    chosen: Chosen | None,
    *,
    ca_file: Path | None,
    transport: Transport,
    randomness: Randomness,
) -> DeskSettings:
    """Make a device's key and bind it to the token's account; then write its desk. `chosen` is null for a machine;
    `ca_file` is an absolute path.

    Raises:
        VerificationFailed: the index passed on another manifest than the token names.
        Failure: the index refused (the desk is then not written) or did not answer.
    """
    if not allowed_url(token.index_url):
        raise DeskUnusable("The token names an index without https.", hint="Ask your administrator for another.")
    try:
        offered = parsed(
            await transport.get(token.index_url, "/v1/manifest", seconds=_SECONDS), ManifestAnswer, status=200
        ).manifest.encode()
        trusted_manifest(offered, fingerprint=token.manifest_fingerprint)
        settings = DeskSettings.checked(
            index_url=token.index_url,
            organisation=token.organisation,
            account=token.account,
            role=token.role.value,
            kind=token.kind.value,
            manifest_fingerprint=token.manifest_fingerprint,
            out_of_hours=token.out_of_hours,
            ca_file=None if ca_file is None else str(ca_file),
        )
        device = SigningKey(Secret(randomness(32)))
        opening = None if chosen is None else device_opening_key(device).seal_key
        request = EnrolmentRequest(
            organisation=token.organisation,
            account=token.account,
            proof=token.proof,
            device=device.verify_key.encoding,
            opening=None if opening is None else opening.encoding,
            device_seal=token.device_seal.seal(device.verify_key, opening),
            password=None if chosen is None else chosen.password,
            code_secret=None if chosen is None else chosen.code_secret.reveal(),
            code=None if chosen is None else chosen.code,
        )
        # The key is on the disk before the index has its public half: a token is good once.
        Desk.make(folder, settings=settings, manifest=offered, device=device)
        try:
            await _posted(transport, token.index_url, "/v1/enrolments", request, Nothing, status=202)
        except BaseException:
            Desk.unmake(folder)
            raise
    except NoReply:
        raise CouldNotCheck("The index did not answer.", hint="Check the line, then try again.") from None
    return settings


async def sign_in(
    folder: Path,
    *,
    username: str | None,
    password: str | None,
    code: str | None,
    transport: Transport,
    clock: Clock,
    randomness: Randomness,
) -> SignInAnswer:
    """Sign in on this desk. Null password and code are a machine's.

    Raises:
        Failure: the index refused, or did not answer.
    """
    settings, _, key = Desk.parts(folder)
    request = SignInRequest(
        organisation=settings.organisation,
        account=settings.account if username is None else username,
        password=password,
        code=code,
    )
    reply = await _by_device(
        transport, settings.index_url, "/v1/sessions", request, key=key, clock=clock, randomness=randomness
    )
    return parsed(reply, SignInAnswer, status=200)


async def change_password(
    folder: Path, *, password: str, code: str, new_password: str, transport: Transport, clock: Clock,
    randomness: Randomness,
) -> None:  # fmt: skip
    """Have this desk's account signed in to by another password from now on. All its shifts are over.

    Raises:
        Failure: the index refused, and nothing is changed; or did not answer, and which of the two opens a shift is not
            known.
    """
    settings, _, key = Desk.parts(folder)
    request = PasswordRequest(
        organisation=settings.organisation,
        account=settings.account,
        password=password,
        code=code,
        new_password=new_password,
    )
    try:
        reply = await _by_device(
            transport, settings.index_url, "/v1/accounts/password", request, key=key, clock=clock, randomness=randomness
        )
    except CouldNotCheck:
        raise CouldNotCheck(
            "The index did not answer, and may or may not have changed the password.",
            hint="Sign in with the new one; if it is refused, with the old one: signpost login",
        ) from None
    parsed(reply, Nothing, status=200)


async def sign_out(desk: Desk, *, transport: Transport, clock: Clock, randomness: Randomness) -> None:
    """Have the index end the shift that is open on this desk.

    Raises:
        Failure: the index refused, or did not answer.
    """
    sender = SignedSender(transport, desk.identity, clock=clock, randomness=randomness)
    try:
        reply = await sender.post(
            desk.settings.index_url, "/v1/sessions/end", Nothing().model_dump_json().encode(), seconds=_SECONDS
        )
    except NoReply:
        raise CouldNotCheck("The index did not answer.") from None
    parsed(reply, Nothing, status=200)


async def _by_device(
    transport: Transport, url: str, path: str, message: BaseModel, *, key: SigningKey, clock: Clock,
    randomness: Randomness,
) -> Reply:  # fmt: skip
    """The reply to a message that the device's key alone signs."""
    body = message.model_dump_json().encode()
    headers = sign_sign_in(
        url=f"{url}{path}", body=body, key=key, created=clock.now(), nonce=to_base64url(randomness(NONCE_BYTES))
    )
    try:
        return await transport.post(url, path, headers=headers, body=body, seconds=_SECONDS)
    except NoReply:
        raise CouldNotCheck("The index did not answer.", hint="Check the line, then try again.") from None


def hold_shift(folder: Path, answer: SignInAnswer, pin: str) -> bool:
    """Give a shift to an agent of its own process, and wait until it listens. One that was there before ends. False
    where this device cannot open its organisation's case references, and by its role should.

    Raises:
        Failure: it did not start.
    """
    settings, manifest, key = Desk.parts(folder)
    opening = _opening_key(settings, key, answer.sealing_key)
    end_shift(folder)
    held = {
        "account": settings.account,
        "bases": [settings.index_url, *(holder.url for holder in manifest.holders)],
        "certificate": answer.certificate,
        "certificate_expires_at": expiry_of(answer.certificate) or 0,
        "credential": answer.credential,
        "expires_at": answer.expires_at,
        "folder": str(folder.resolve()),
        "idle_seconds": settings.lock_after_minutes * 60,
        "key": to_base64url(key.seed.reveal()),
        "opening": None if opening is None else to_base64url(opening.seed.reveal()),
        "organisation": settings.organisation,
        "pin": pin,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "signpost.edge.agent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(held) + "\n")
        process.stdin.close()
        listening = process.stdout.readline() == "ready\n"
    except OSError:
        listening = False
    finally:
        process.stdout.close()
    if not listening:
        process.kill()
        process.wait()
        raise Failure("The agent that holds the shift did not start.", hint="Sign in again: signpost login")
    return opening is not None or settings.role not in ANSWERING_ROLES


def _opening_key(settings: DeskSettings, device: SigningKey, sealed: bytes | None) -> OpeningKey | None:
    """The organisation's sealing key, where it was sealed to this device."""
    if sealed is None:
        return None
    organisation, account = OrganisationId(settings.organisation), AccountId(settings.account)
    try:
        return open_organisation_key(sealed, device=device, organisation=organisation, account=account)
    except SealBroken:
        return None  # a shift is worth having without it


async def _posted(
    transport: Transport, url: str, path: str, message: BaseModel, answer: type[Nothing], *, status: int
) -> None:
    reply = await transport.post(
        url,
        path,
        headers={"content-type": "application/json"},
        body=message.model_dump_json().encode(),
        seconds=_SECONDS,
    )
    parsed(reply, answer, status=status)
