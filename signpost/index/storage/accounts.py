"""Accounts on SQLite: found by a keyed digest of whose they are, sealed whole, as canonical JSON.

A change reads the account, changes it and writes it in one transaction of the writer's, so no two changes ever cross.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Final, final

from signpost.index.account_state import AccountState
from signpost.index.audit import AuditEvent
from signpost.index.ports import AccountChange, Change, Guesser, Once
from signpost.index.records import Account
from signpost.index.storage.record import record
from signpost.index.storage.revocations import restore, revoke
from signpost.index.storage.spending import spend_once
from signpost.index.storage.vault import Vault
from signpost.protocol.administration import AccountTerms
from signpost.protocol.credentials import SHIFT_SECONDS, AccountId, Asker, OrganisationId
from signpost.protocol.encoding import JSON, canonical_json, from_base64url, to_base64url
from signpost.protocol.keys import VerifyKey
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Role
from signpost.protocol.secret import Secret
from signpost.service.database import Connection
from signpost.service.writer import Writer

__all__ = ["SqliteAccounts"]

_MOST_GUESSES: Final = 10
_GUESS_SECONDS: Final = 5 * 60
_AFTER_SHIFT: Final = SHIFT_SECONDS + 60 * 60
"""How long what ended shifts is remembered: as long as one lasts, and an hour for clocks that disagree."""


@final
class SqliteAccounts:
    """The `Accounts` port. `reader` belongs to the event loop's thread."""

    def __init__(self, *, reader: Connection, writer: Writer, vault: Vault) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault

    def account(self, organisation: OrganisationId, name: AccountId) -> Account | None:
        """As the port says."""
        return self._account(self._reader, organisation, name)

    def accounts(self, organisation: OrganisationId) -> list[Account]:
        """As the port says."""
        rows = self._reader.execute(
            "SELECT account, sealed FROM accounts WHERE organisation = ?", (self._vault.organisation(organisation),)
        ).fetchall()
        found = [_unpacked(organisation, self._vault.open(sealed, Label.ACCOUNT_ROW, name)) for name, sealed in rows]
        return sorted(found, key=lambda account: account.name)

    async def change(
        self,
        organisation: OrganisationId,
        name: AccountId,
        change: Change,
        *,
        audit: AuditEvent,
        once: Once | None = None,
        forgiven: Sequence[Guesser] = (),
    ) -> Account:
        """As the port says."""

        def work(connection: Connection) -> Account:
            if once is not None:
                spend_once(connection, self._vault, organisation, once)
            done: AccountChange = change(self._account(connection, organisation, name))
            row = self._vault.account(organisation, name)
            sealed = self._vault.seal(_packed(done.account), Label.ACCOUNT_ROW, row)
            connection.execute(
                "INSERT INTO accounts VALUES (?, ?, ?) ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed",
                (row, self._vault.organisation(organisation), sealed),
            )
            for entry in done.revoked:
                revoke(connection, self._vault, entry, forget_at=audit.at + _AFTER_SHIFT)
            for entry in done.restored:
                restore(connection, self._vault, entry)
            for entry in done.approved:
                restore(connection, self._vault, entry, anew=True)
            if done.over_through is not None:
                connection.execute(
                    "INSERT INTO ended_shifts VALUES (?, ?, ?) ON CONFLICT (shift) DO UPDATE"
                    " SET over_through = excluded.over_through, forget_at = excluded.forget_at",
                    (self._vault.shift(organisation, name), done.over_through, done.over_through + _AFTER_SHIFT),
                )
            for guesser in forgiven:
                connection.execute("DELETE FROM sign_in_guesses WHERE name = ?", (self._vault.guesser(*guesser),))
            record(connection, self._vault, audit)
            return done.account

        return await self._writer.submit(work)

    def over(self, asker: Asker) -> bool:
        """As the port says."""
        found = self._reader.execute(
            "SELECT over_through FROM ended_shifts WHERE shift = ?",
            (self._vault.shift(asker.organisation, asker.account),),
        ).fetchone()
        return found is not None and asker.signed_in_at <= found[0]

    async def asked(self, organisation: OrganisationId, *, once: Once, audit: AuditEvent) -> None:
        """As the port says."""

        def work(connection: Connection) -> None:
            spend_once(connection, self._vault, organisation, once)
            record(connection, self._vault, audit)

        await self._writer.submit(work)

    async def guess(self, guessers: Sequence[Guesser], *, now: int) -> None:
        """As the port says."""

        def work(connection: Connection) -> None:
            for guesser in guessers:
                name = self._vault.guesser(*guesser)
                connection.execute("DELETE FROM sign_in_guesses WHERE name = ? AND forget_at <= ?", (name, now))
                (guesses,) = connection.execute(
                    "INSERT INTO sign_in_guesses VALUES (?, 1, ?)"
                    " ON CONFLICT (name) DO UPDATE SET guesses = guesses + 1 RETURNING guesses",
                    (name, now + _GUESS_SECONDS),
                ).fetchone()
                if guesses > _MOST_GUESSES:
                    raise Problem(ProblemCode.SIGN_IN_TOO_OFTEN, retry_after=_GUESS_SECONDS)

        await self._writer.submit(work)

    def _account(self, connection: Connection, organisation: OrganisationId, name: AccountId) -> Account | None:
        row = self._vault.account(organisation, name)
        found = connection.execute("SELECT sealed FROM accounts WHERE account = ?", (row,)).fetchone()
        return None if found is None else _unpacked(organisation, self._vault.open(found[0], Label.ACCOUNT_ROW, row))


def _packed(account: Account) -> bytes:
    document: dict[str, JSON] = {
        "certificate": account.certificate,
        "code_secret": None if account.code_secret is None else to_base64url(account.code_secret.reveal()),
        "device": None if account.device is None else account.device.text,
        "device_seal": None if account.device_seal is None else to_base64url(account.device_seal),
        "last_code": account.last_code,
        "last_shift": account.last_shift,
        "name": account.name,
        "opening": None if account.opening is None else to_base64url(account.opening),
        "password": account.password,
        "role": account.role.value,
        "sealing_key": None if account.sealing_key is None else to_base64url(account.sealing_key),
        "shift_until": account.shift_until,
        "state": account.state.value,
        "token": None if account.token_digest is None else to_base64url(account.token_digest),
        "token_until": account.token_until,
        "training_until": account.terms.training_until.isoformat(),
        "vetting_until": account.terms.vetting_until.isoformat(),
    }
    return canonical_json(document)


def _unpacked(organisation: OrganisationId, sealed: bytes) -> Account:
    document = json.loads(sealed)

    def binary(name: str) -> bytes | None:
        text = document.get(name)  # a row from before devices opened anything lacks two of them
        return None if text is None else from_base64url(text)

    secret = binary("code_secret")
    return Account(
        organisation=organisation,
        name=AccountId(document["name"]),
        role=Role(document["role"]),
        terms=AccountTerms(
            dt.date.fromisoformat(document["vetting_until"]), dt.date.fromisoformat(document["training_until"])
        ),
        state=AccountState(document["state"]),
        token_digest=binary("token"),
        token_until=document["token_until"],
        password=document["password"],
        code_secret=None if secret is None else Secret(secret),
        last_code=document["last_code"],
        device=None if document["device"] is None else VerifyKey.parse(document["device"]),
        opening=binary("opening"),
        device_seal=binary("device_seal"),
        certificate=document["certificate"],
        sealing_key=binary("sealing_key"),
        # A row from before shifts were counted has neither.
        last_shift=document.get("last_shift", 0),
        shift_until=document.get("shift_until", 0),
    )
