"""What every write begins with, inside its own transaction: spend the nonce, then the receipts.

The functions here run in the writer's thread, in the transaction of whatever they belong to; when one raises, all of it
is undone. An acknowledgement is sealed to the account and the body it was given for: it opens for nobody else's
request, and that is how the same request sent again is told from a receipt spent twice (protocol.md B4).
"""

from __future__ import annotations

from typing import Final

from signpost.index.ports import Once
from signpost.index.requests import Acknowledgement, Signed, Spending
from signpost.index.storage.layouts import pack_acknowledgement, unpack_acknowledgement
from signpost.index.storage.vault import Vault
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.sealing import SealBroken
from signpost.service.database import Connection

__all__ = ["refuse_spent", "spend_nonce", "spend_once", "spend_receipts"]

_MARGIN_SECONDS: Final = 5 * 60
"""How long a spent receipt outlives its expiry: what a clock that was set back may need."""


def spend_nonce(connection: Connection, vault: Vault, signed: Signed) -> None:
    """Spend the nonce of a signed request.

    Raises:
        Problem: NONCE_USED.
    """
    spent = connection.execute(
        "INSERT INTO spent_nonces VALUES (?, ?) ON CONFLICT DO NOTHING", (vault.nonce(signed), signed.remember_until)
    )
    if not spent.rowcount:
        raise Problem(ProblemCode.NONCE_USED)


def spend_once(connection: Connection, vault: Vault, organisation: OrganisationId, once: Once) -> None:
    """Spend what an organisation or its device may present once.

    Raises:
        Problem: NONCE_USED.
    """
    if once.device is None:
        name = vault.statement(organisation, once.identifier)
    else:
        name = vault.nonce_of(once.device, once.identifier)
    spent = connection.execute(
        "INSERT INTO spent_nonces VALUES (?, ?) ON CONFLICT DO NOTHING", (name, once.remember_until)
    )
    if not spent.rowcount:
        raise Problem(ProblemCode.NONCE_USED)


def refuse_spent(reader: Connection, vault: Vault, spending: Spending) -> None:
    """Refuse what was spent before, without spending anything. The spending itself decides again, for all at once.

    Raises:
        Problem: NONCE_USED or RECEIPT_SPENT.
    """
    if reader.execute("SELECT 1 FROM spent_nonces WHERE nonce = ?", (vault.nonce(spending.signed),)).fetchone():
        raise Problem(ProblemCode.NONCE_USED)
    for receipt in spending.receipts:
        spent = reader.execute("SELECT 1 FROM spent_receipts WHERE receipt = ?", (vault.receipt(receipt),)).fetchone()
        if spent is not None:
            raise Problem(ProblemCode.RECEIPT_SPENT)


def _earlier(sealed: bytes, vault: Vault, name: bytes, signed: Signed) -> Acknowledgement:
    """What a spent receipt was acknowledged with, for the same account and body only.

    Raises:
        Problem: RECEIPT_SPENT.
    """
    context = (name, signed.asker.organisation, signed.asker.account, signed.body_digest)
    try:
        return unpack_acknowledgement(vault.open(sealed, Label.ACKNOWLEDGEMENT_ROW, *context))
    except SealBroken:
        raise Problem(ProblemCode.RECEIPT_SPENT) from None


def spend_receipts(connection: Connection, vault: Vault, spending: Spending) -> Acknowledgement | None:
    """Spend the receipts of a batch. The acknowledgement they were spent on, when this account sent this body before.

    Raises:
        Problem: RECEIPT_SPENT.
    """
    asker, digest = spending.signed.asker, spending.signed.body_digest
    new = 0
    earlier: Acknowledgement | None = None
    for receipt in spending.receipts:
        name = vault.receipt(receipt)
        context = (name, asker.organisation, asker.account, digest)
        found = connection.execute("SELECT sealed FROM spent_receipts WHERE receipt = ?", (name,)).fetchone()
        if found is None:
            new += 1
            connection.execute(
                "INSERT INTO spent_receipts VALUES (?, ?, ?)",
                (
                    name,
                    vault.seal(pack_acknowledgement(spending.acknowledgement), Label.ACKNOWLEDGEMENT_ROW, *context),
                    receipt.expires_at + _MARGIN_SECONDS,
                ),
            )
        else:
            earlier = _earlier(found[0], vault, name, spending.signed)
    if earlier is not None and new:
        raise Problem(ProblemCode.RECEIPT_SPENT)
    return earlier
