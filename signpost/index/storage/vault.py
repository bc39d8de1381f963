"""Numbers and seals: how anything that could name somebody rests in the database.

A *number* is a keyed digest: the same name always gives the same number, and only the index's pseudonym key can make
it. A *seal* is AES-SIV under the row key with a label of its own and the row's place as context, so that a sealed value
can neither be read nor moved to another row. Everything goes through here; no other module of the storage holds a key.
"""

from __future__ import annotations

from typing import final

from signpost.index.keyfile import IndexKeys
from signpost.index.ports import Revoked
from signpost.index.records import ChildNumber, InvolvementNumber, OrganisationNumber
from signpost.index.requests import Signed
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.keys import VerifyKey, keyed_digest
from signpost.protocol.labels import Label
from signpost.protocol.named_users import NOBODY
from signpost.protocol.receipts import EvaluationReceipt
from signpost.protocol.sealing import SymmetricSealer
from signpost.protocol.tags import TagKey

__all__ = ["Vault", "place"]


def place(*numbers: int) -> bytes:
    """Where a row stands, as the context of its seal: 8 bytes for each number, big-endian."""
    return b"".join(number.to_bytes(8, "big") for number in numbers)


@final
class Vault:
    """Makes numbers and seals under the index's keys."""

    __slots__ = ("_pseudonym", "_sealer", "fingerprint")

    def __init__(self, keys: IndexKeys) -> None:
        self._pseudonym = keys.pseudonym
        self._sealer = SymmetricSealer(keys.row)
        self.fingerprint = keys.fingerprint()

    def seal(self, value: bytes, label: Label, *context: bytes | str) -> bytes:
        """The value under the row key, 16 bytes longer."""
        return self._sealer.seal(value, label, *context)

    def open(self, sealed: bytes, label: Label, *context: bytes | str) -> bytes:
        """The value again.

        Raises:
            SealBroken: other keys, another place, or changed bytes.
        """
        return self._sealer.open(sealed, label, *context)

    def organisation(self, name: OrganisationId) -> OrganisationNumber:
        """An organisation's pseudonym."""
        return OrganisationNumber(self._number(Label.ORGANISATION_PSEUDONYM, name))

    def involvement(self, organisation: OrganisationId, reference: bytes) -> InvolvementNumber:
        """The number of an organisation's involvement."""
        return InvolvementNumber(self._number(Label.OWNED_REFERENCE, organisation, reference))

    def child(self, organisation: OrganisationId, child_reference: bytes) -> ChildNumber:
        """The number of an organisation's own reference of a child."""
        return ChildNumber(self._number(Label.CHILD_NUMBER, organisation, child_reference))

    def handle(self, identifier: str) -> int:
        """The number of a handle."""
        return self._number(Label.HANDLE_NUMBER, identifier)

    def revocation(self, entry: Revoked) -> int:
        """The number of an entry of the revocation list."""
        if entry.certificate is not None:
            return self._number(Label.REVOCATION_NUMBER, "certificate", entry.certificate)
        assert entry.account is not None
        return self._number(Label.REVOCATION_NUMBER, "account", *entry.account)

    def nonce(self, signed: Signed) -> bytes:
        """The name of a device's nonce: 16 bytes."""
        return self.nonce_of(signed.asker.device, signed.nonce)

    def nonce_of(self, device: VerifyKey, nonce: str) -> bytes:
        """The same of a device that has not signed in yet."""
        return self._digest(Label.REQUEST_NONCE, device.encoding, nonce)

    def statement(self, organisation: OrganisationId, identifier: str) -> bytes:
        """The name of an administrator's statement: 16 bytes."""
        return self._digest(Label.STATEMENT_NONCE, organisation, identifier)

    def account(self, organisation: OrganisationId, account: AccountId) -> bytes:
        """The name of an account's row: 16 bytes."""
        return self._digest(Label.ACCOUNT_NUMBER, organisation, account)

    def shift(self, organisation: OrganisationId, account: AccountId) -> bytes:
        """The name of where an account's shifts were ended: 16 bytes, and not the name of its row."""
        return self._digest(Label.SHIFT_NUMBER, organisation, account)

    def meter(self, *whom: str) -> bytes:
        """The name of an account's or an organisation's meter: 16 bytes."""
        return self._digest(Label.METER_NUMBER, *whom)

    def answers(self, organisation: OrganisationId, account: AccountId, until: int) -> bytes:
        """The name of an account's answers of the day that ends then: 16 bytes."""
        return self._digest(Label.ANSWERS_NUMBER, organisation, account, until.to_bytes(8, "big"))

    def exception(self, organisation: OrganisationId, account: AccountId | None) -> bytes:
        """The name of the exception of an account, or of a whole organisation: 16 bytes."""
        return self._digest(Label.EXCEPTION_NUMBER, organisation, *([] if account is None else [account]))

    def repeat(self, key: TagKey, until: int, *whom: str) -> bytes:
        """The name of one tag's repeats by somebody in one period: 16 bytes. Nothing else leads to it or from it."""
        return self._digest(Label.REPEAT_NUMBER, key, until.to_bytes(8, "big"), *whom)

    def guesser(self, kind: str, *names: str) -> bytes:
        """The name of an account's or a source's guesses: 16 bytes."""
        return self._digest(Label.GUESS_NUMBER, kind, *names)

    def receipt(self, receipt: EvaluationReceipt) -> bytes:
        """The name of what a holder's receipt pays for: 16 bytes. By its batch, which the account chose, and not by the
        identifier, which a false holder could give to many and so have all but the first refused.
        """
        return self._digest(
            Label.SPENT_RECEIPT, receipt.holder.to_bytes(4, "big"), receipt.batch, receipt.organisation, receipt.account
        )

    def call_back(
        self, organisation: OrganisationId, account: AccountId, receipt: str, *, user: bytes = NOBODY
    ) -> bytes:
        """The name of the call-back that an account left by a receipt, for the user whom a machine named: 16 bytes."""
        return self._digest(Label.CALL_BACK_NUMBER, organisation, account, receipt, *_named(user))

    def notice(self, organisation: OrganisationNumber, reference: str) -> bytes:
        """The name of a notice of an organisation: 16 bytes. Spoken in another, its reference names nothing."""
        return self._digest(Label.NOTICE_NUMBER, organisation.to_bytes(8, "big"), reference)

    def glass(self, reference: str) -> bytes:
        """The name of a broken glass: 16 bytes."""
        return self._digest(Label.GLASS_NUMBER, reference)

    def seal_name(self, reference: str) -> bytes:
        """The name of what hides involvements: 16 bytes."""
        return self._digest(Label.SEAL_NUMBER, reference)

    def item(self, reference: str) -> bytes:
        """The name of an item of the desk's queue: 16 bytes."""
        return self._digest(Label.ITEM_NUMBER, reference)

    def item_subject(self, *what: bytes) -> bytes:
        """What an item is about, so that it stands once: 16 bytes."""
        return self._digest(Label.ITEM_SUBJECT, *what)

    def report(self, organisation: OrganisationId, reference: str) -> bytes:
        """The name of a report of an organisation: 16 bytes. Spoken in another, its reference names nothing."""
        return self._digest(Label.REPORT_NUMBER, organisation, reference)

    def rights(self, organisation: OrganisationId, receipt: str) -> bytes:
        """The name of what an organisation did for a family: 16 bytes."""
        return self._digest(Label.RIGHTS_NUMBER, organisation, receipt)

    def lookup(self, organisation: OrganisationId, account: AccountId, receipt: str, *, user: bytes = NOBODY) -> bytes:
        """The name of an account's lookup, for the user whom a machine named: 16 bytes. Spoken to somebody else, the
        receipt names nothing.
        """
        return self._digest(Label.LOOKUP_NUMBER, organisation, account, receipt, *_named(user))

    def _digest(self, label: Label, *fields: bytes | str) -> bytes:
        return keyed_digest(self._pseudonym, label, *fields)[:16]

    def _number(self, label: Label, *fields: bytes | str) -> int:
        # Below 2^63 - 1, which is the sentinel's. Among ten million involvements two meet with odds of 1 in 180,000,
        # and do harm only if they are also of one organisation.
        return int.from_bytes(self._digest(label, *fields)[:8], "big") % (2**63 - 1)


def _named(user: bytes) -> tuple[bytes, ...]:
    """Of whoever asks in their own name nothing: their rows are named as they were before machines asked."""
    return () if user == NOBODY else (user,)
