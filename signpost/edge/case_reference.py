"""The organisation's own case reference, sealed so that only the organisation can read it back (protocol.md C1).

It is the council's local id, sealed to the organisation's HPKE key when the involvement is registered. The index keeps
it and gives it back with a notice; it cannot open it. All are of one length, so that the length says nothing:
1 byte of length ‖ the id in UTF-8 ‖ zeros up to 65 bytes, then HPKE's 48 bytes more.
"""

from __future__ import annotations

from typing import Final

from signpost.protocol.labels import Label
from signpost.protocol.messages import CASE_REFERENCE_BYTES
from signpost.protocol.sealing import OpeningKey, SealBroken, SealKey
from signpost.protocol.secret import Secret

__all__ = ["LONGEST_ID_BYTES", "open_case_reference", "seal_case_reference"]

_HPKE_BYTES: Final = 48
LONGEST_ID_BYTES: Final = CASE_REFERENCE_BYTES - _HPKE_BYTES - 1


def seal_case_reference(local_id: str, *, to: SealKey, organisation: str) -> bytes:
    """The sealed reference, `CASE_REFERENCE_BYTES` long; two of one id differ.

    Raises:
        ValueError: the id is longer than `LONGEST_ID_BYTES` in UTF-8.
    """
    raw = local_id.encode()
    if len(raw) > LONGEST_ID_BYTES:
        raise ValueError("the id is too long to seal")
    padded = bytes([len(raw)]) + raw.ljust(LONGEST_ID_BYTES, b"\0")
    return to.seal(Secret(padded), Label.CASE_REFERENCE, organisation)


def open_case_reference(sealed: bytes, *, key: OpeningKey, organisation: str) -> str:
    """The local id again.

    Raises:
        SealBroken: it was sealed to another key or for another organisation, or was changed.
    """
    padded = key.open(sealed, Label.CASE_REFERENCE, organisation).reveal()
    try:
        return padded[1 : 1 + padded[0]].decode()
    except (IndexError, UnicodeDecodeError):
        raise SealBroken("the seal does not open") from None
