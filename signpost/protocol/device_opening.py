"""A device's opening key, and the organisation's sealing key that is sealed to it (protocol.md D1).

A device that answers notices has to read its organisation's own case references. So the administrator, who approves it,
seals the private half of the organisation's sealing key to it; the index keeps that and gives it back at each sign-in,
and can open none of it:

    opening seed of a device    HMAC-SHA-256 under the seed of its signing key, of encode(*device-opening*): 32 bytes
    the sealed key              HPKE of the organisation's 32-byte seed to the device's opening key, info
                                encode(*organisation-sealing-key*, organisation, account): 80 bytes

The opening key is derived anew whenever it is needed: it is in no file.
"""

from __future__ import annotations

from typing import Final

from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.keys import KeyInvalid, SigningKey, keyed_digest
from signpost.protocol.labels import Label
from signpost.protocol.sealing import OpeningKey, SealBroken, SealKey
from signpost.protocol.secret import Secret

__all__ = ["SEALED_KEY_BYTES", "device_opening_key", "open_organisation_key", "seal_organisation_key"]

SEALED_KEY_BYTES: Final = 80
"""An organisation's sealed key is always this long: 32 bytes and HPKE's 48."""


def device_opening_key(device: SigningKey) -> OpeningKey:
    """What is sealed to a device opens with this."""
    return OpeningKey(Secret(keyed_digest(device.seed, Label.DEVICE_OPENING)))


def seal_organisation_key(key: OpeningKey, *, to: SealKey, organisation: OrganisationId, account: AccountId) -> bytes:
    """The organisation's sealing key for one account's device, `SEALED_KEY_BYTES` long.

    Raises:
        KeyInvalid: the device's opening key is of low order.
    """
    return to.seal(key.seed, Label.ORGANISATION_SEALING_KEY, organisation, account)


def open_organisation_key(
    sealed: bytes, *, device: SigningKey, organisation: OrganisationId, account: AccountId
) -> OpeningKey:
    """The organisation's sealing key again, on the device. That it is the true one is not told by its opening: anybody
    who knows the device's public half can seal another.

    Raises:
        SealBroken: sealed to another device, or for another organisation or account, or changed; or it is no key.
    """
    opened = device_opening_key(device).open(sealed, Label.ORGANISATION_SEALING_KEY, organisation, account)
    try:
        return OpeningKey(opened)
    except KeyInvalid:
        raise SealBroken("the seal does not open") from None
