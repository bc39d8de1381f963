"""What a device opens with, and the organisation's sealing key that is sealed to it (protocol.md D1)."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace

import pytest

from signpost.protocol.administration import AccountAct, AccountStatement, AccountTerms
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.device_opening import (
    SEALED_KEY_BYTES,
    device_opening_key,
    open_organisation_key,
    seal_organisation_key,
)
from signpost.protocol.enrolment import DeviceSeal
from signpost.protocol.keys import KeyInvalid, SigningKey
from signpost.protocol.labels import Label
from signpost.protocol.purposes import ANSWERING_ROLES, MACHINE_ROLES, Role
from signpost.protocol.sealing import OpeningKey, SealBroken, SealKey
from signpost.protocol.secret import Secret
from signpost.protocol.tokens import TokenInvalid

DEVICE = SigningKey(Secret(bytes(range(32))))
OTHER = SigningKey(Secret(b"o" * 32))
ORGANISATION_KEY = OpeningKey(Secret(b"s" * 32))
COUNCIL, NURSE = OrganisationId("north-council"), AccountId("ae-desk-1")


def sealed() -> bytes:
    """As an administrator seals it."""
    return seal_organisation_key(
        ORGANISATION_KEY, to=device_opening_key(DEVICE).seal_key, organisation=COUNCIL, account=NURSE
    )


def test_the_opening_key_of_a_device_is_always_the_same_one() -> None:
    """A key that were derived otherwise in the next version would open nothing that was sealed to the old one."""
    key = device_opening_key(DEVICE)

    # Not made by this package: HMAC-SHA-256 over the label and its length, then RFC 7748's ladder.
    assert key.seed.reveal().hex() == "e485c7012c392c812656e1088b0c5a57bd4025252471ea6c70ace0489bae412d"
    assert key.seal_key.encoding.hex() == "cf7ef06d6726f4ad0ff8b51c76fd93076ec824f2a281361f01fed42fcb8c1e1c"
    assert key.seed != DEVICE.seed
    assert device_opening_key(OTHER).seed != key.seed


def test_the_sealed_key_opens_on_its_device_for_its_account_alone() -> None:
    """And every flipped byte is refused."""
    blob = sealed()
    assert len(blob) == SEALED_KEY_BYTES
    opened = open_organisation_key(blob, device=DEVICE, organisation=COUNCIL, account=NURSE)
    assert opened.seed == ORGANISATION_KEY.seed

    for device, organisation, account in (
        (OTHER, COUNCIL, NURSE),
        (DEVICE, OrganisationId("south-council"), NURSE),
        (DEVICE, COUNCIL, AccountId("ae-desk-2")),
    ):
        with pytest.raises(SealBroken):
            open_organisation_key(blob, device=device, organisation=organisation, account=account)
    for place in range(len(blob)):
        flipped = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
        with pytest.raises(SealBroken):
            open_organisation_key(flipped, device=DEVICE, organisation=COUNCIL, account=NURSE)


def test_what_opens_and_is_no_key_is_refused() -> None:
    """Whoever knows the public half can seal anything."""
    short = device_opening_key(DEVICE).seal_key.seal(Secret(b"k"), Label.ORGANISATION_SEALING_KEY, COUNCIL, NURSE)

    with pytest.raises(SealBroken):
        open_organisation_key(short, device=DEVICE, organisation=COUNCIL, account=NURSE)
    with pytest.raises(KeyInvalid):
        seal_organisation_key(ORGANISATION_KEY, to=SealKey(bytes(32)), organisation=COUNCIL, account=NURSE)


def test_the_enrolments_seal_covers_the_opening_key() -> None:
    """Another one, or none, or one where there was none: it does not fit."""
    seal, device = DeviceSeal(Secret(os.urandom(32))), DEVICE.verify_key
    own, evil = device_opening_key(DEVICE).seal_key, device_opening_key(OTHER).seal_key

    assert seal.fits(device, own, seal.seal(device, own))
    assert seal.fits(device, None, seal.seal(device, None))
    for offered, made in ((evil, own), (None, own), (own, None)):
        assert not seal.fits(device, offered, seal.seal(device, made))
    assert not seal.fits(OTHER.verify_key, own, seal.seal(device, own))


APPROVED = AccountStatement(
    organisation=COUNCIL,
    act=AccountAct.APPROVE,
    issued_at=1_000,
    identifier="A" * 22,
    account=NURSE,
    certificate="c" * 20,
)


@pytest.mark.parametrize("sealing_key", [None, bytes(SEALED_KEY_BYTES)])
def test_an_approval_says_the_sealed_key_or_null(sealing_key: bytes | None) -> None:
    """Both read back as they were said."""
    said = replace(APPROVED, sealing_key=sealing_key)

    assert AccountStatement.read(said.sign(DEVICE), DEVICE.verify_key) == said


@pytest.mark.parametrize("changed", [{"sealing_key": bytes(79)}, {"sealing_key": b""}, {"certificate": None}])
def test_an_approval_of_another_form_is_refused(changed: dict[str, bytes | None]) -> None:
    """A sealed key of another length; or one without the certificate it belongs to."""
    said = replace(APPROVED, **{"sealing_key": bytes(SEALED_KEY_BYTES), **changed})  # type: ignore[arg-type]

    with pytest.raises(TokenInvalid):
        AccountStatement.read(said.sign(DEVICE), DEVICE.verify_key)


@pytest.mark.parametrize("act", sorted(set(AccountAct) - {AccountAct.APPROVE}))
def test_no_other_act_carries_a_sealed_key(act: AccountAct) -> None:
    """A statement says what its act needs, and nothing beside it."""
    day = dt.date(2028, 3, 31)
    needs = {
        AccountAct.ENROL: {"role": Role.URGENT, "terms": AccountTerms(day, day), "token_digest": bytes(32)},
        AccountAct.DATES: {"terms": AccountTerms(day, day)},
        AccountAct.LIST: {"account": None},
    }.get(act, {})
    said = replace(APPROVED, act=act, certificate=None, **needs)  # type: ignore[arg-type]
    assert AccountStatement.read(said.sign(DEVICE), DEVICE.verify_key) == said

    with pytest.raises(TokenInvalid, match="does not fit its act"):
        AccountStatement.read(replace(said, sealing_key=bytes(SEALED_KEY_BYTES)).sign(DEVICE), DEVICE.verify_key)


def test_no_machine_answers_notices() -> None:
    """A machine has no opening key, and needs none."""
    assert not ANSWERING_ROLES & MACHINE_ROLES
