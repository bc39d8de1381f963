"""What a key holder keeps in its database, `holder.db`: whom its custodian admitted, how much each has used, and which
requests it has seen. No point, no receipt and no answer is ever in it.

A request's nonce and its charge are one transaction, durable before anything is evaluated: a holder that is killed
after it keeps the charge, and one whose disk fails evaluates nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from sqlite_utils import Database, Migrations

from signpost.protocol.budget_exceptions import APPROVABLE_SECONDS, BudgetException
from signpost.protocol.credentials import AccountId, Asker, OrganisationId
from signpost.protocol.keys import VerifyKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.signatures import Signature
from signpost.service.database import Connection
from signpost.service.writer import Writer
from signpost_keys.metering import (
    ACCOUNT_SECONDS,
    ORGANISATION_SECONDS,
    Charged,
    Limit,
    Meter,
    OverBudget,
    charge,
)

__all__ = ["MIGRATIONS", "Admission", "BudgetUsed", "HolderStore", "RunningException", "Spent"]

_migration: Final = Migrations("signpost-keys")
MIGRATIONS: Final = (_migration,)


@_migration()
def first_tables(database: Database) -> None:
    """The tables as they were first."""
    for statement in _FIRST_TABLES:
        database.execute(statement)


_FIRST_TABLES: Final = (
    """CREATE TABLE organisations (
        -- whom the custodian admitted (protocol.md D1); kept until the custodian changes it
        organisation TEXT NOT NULL PRIMARY KEY,  -- its name, as its enrolment certificates give it
        signing_key BLOB NOT NULL CHECK (length(signing_key) = 32),  -- Ed25519: what those are checked against
        budget INTEGER NOT NULL CHECK (budget >= 0)  -- points a UTC day at this holder; 0 serves it no longer
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE organisation_meters (
        -- swept when its day is over
        organisation TEXT NOT NULL PRIMARY KEY,
        opened_at INTEGER NOT NULL,  -- midnight UTC, epoch seconds
        points INTEGER NOT NULL CHECK (points >= 0)  -- charged since
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE account_meters (
        -- swept 12 hours after it opened
        organisation TEXT NOT NULL,
        account TEXT NOT NULL,  -- a pseudonymous username; no person's name
        opened_at INTEGER NOT NULL,  -- of the first charge, epoch seconds
        points INTEGER NOT NULL CHECK (points >= 0),  -- charged since
        PRIMARY KEY (organisation, account)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE nonces (
        -- requests that were charged (protocol.md D4), so that none is served twice; swept after 65 seconds
        device BLOB NOT NULL,  -- the Ed25519 key that signed
        nonce TEXT NOT NULL,
        remember_until INTEGER NOT NULL,  -- epoch seconds; later its signature is too old anyway
        PRIMARY KEY (device, nonce)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX nonces_by_time ON nonces (remember_until)",
    """CREATE TABLE revocations (
        -- one row: how new the newest revocation list was, so that no older one is taken after a restart
        only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
        issued_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT""",
)


@_migration()
def national_meter(database: Database) -> None:
    """What all organisations together have used."""
    database.execute(
        """CREATE TABLE national_meter (
        -- one row, of the day that runs
        only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
        opened_at INTEGER NOT NULL,  -- midnight UTC, epoch seconds
        points INTEGER NOT NULL CHECK (points >= 0)  -- charged since, to all
    ) STRICT"""
    )


@_migration()
def exceptions(database: Database) -> None:
    """What custodians let organisations and accounts have for a while beside their budgets."""
    database.execute(
        """CREATE TABLE exceptions (
        -- approved by the custodian (protocol.md D6); swept when it ends
        organisation TEXT NOT NULL,
        account TEXT NOT NULL,  -- a pseudonymous username; empty for the whole organisation
        lookups INTEGER NOT NULL CHECK (lookups >= 0),
        until INTEGER NOT NULL,  -- epoch seconds
        PRIMARY KEY (organisation, account)
    ) STRICT, WITHOUT ROWID"""
    )


class BudgetUsed(Problem):
    """The account's or the organisation's budget here is used up; `limit` says whose."""

    def __init__(self, refused: OverBudget) -> None:
        super().__init__(ProblemCode.BUDGET_USED, retry_after=refused.retry_after)
        self.limit: Limit = refused.limit


@dataclass(frozen=True, slots=True)
class Spent:
    """The points that the account has been charged in its window (0 where it has no limit of its own), and those that
    an exception lets it have beside its budget.
    """

    points: int
    excepted: int


@dataclass(frozen=True, slots=True)
class Admission:
    """An organisation that this holder's custodian admitted, and its points a UTC day."""

    organisation: OrganisationId
    signing_key: VerifyKey
    budget: int


@dataclass(frozen=True, slots=True)
class RunningException:
    """An exception to a budget that this holder's custodian approved: so many lookups more here, until then."""

    organisation: OrganisationId
    account: AccountId | None
    lookups: int
    until: int


@final
class HolderStore:
    """Reads in the event loop, writes through the one writer. Every method may raise a database error: nothing is
    evaluated after one.
    """

    def __init__(self, writer: Writer, reader: Connection) -> None:
        self._writer = writer
        self._reader = reader

    # -- who is admitted ------------------------------------------------------------------------------------------

    def organisation_key(self, organisation: OrganisationId) -> VerifyKey | None:
        """The signing key of an organisation that was admitted."""
        row = self._reader.execute(
            "SELECT signing_key FROM organisations WHERE organisation = ?", (organisation,)
        ).fetchone()
        return None if row is None else VerifyKey(row[0])

    def admissions(self) -> list[Admission]:
        """Every organisation that was admitted, by name."""
        rows = self._reader.execute(
            "SELECT organisation, signing_key, budget FROM organisations ORDER BY organisation"
        ).fetchall()
        return [Admission(OrganisationId(name), VerifyKey(key), budget) for name, key, budget in rows]

    async def admit(self, admission: Admission, *, replace_key: bool) -> bool:
        """Admits an organisation, or sets its budget anew; whether its key is another one than before.

        Raises:
            Problem: ALREADY_EXISTS when it has another key and `replace_key` does not say that this is meant.
        """

        def write(connection: Connection) -> bool:
            row = connection.execute(
                "SELECT signing_key FROM organisations WHERE organisation = ?", (admission.organisation,)
            ).fetchone()
            other_key = row is not None and row[0] != admission.signing_key.encoding
            if other_key and not replace_key:
                raise Problem(ProblemCode.ALREADY_EXISTS)
            connection.execute(
                "INSERT INTO organisations VALUES (?1, ?2, ?3)"
                " ON CONFLICT (organisation) DO UPDATE SET signing_key = ?2, budget = ?3",
                (admission.organisation, admission.signing_key.encoding, admission.budget),
            )
            return other_key

        return await self._writer.submit(write)

    # -- who may have more for a while ------------------------------------------------------------------------------

    def exceptions(self, *, now: int) -> list[RunningException]:
        """Those that run, by organisation and account."""
        return _exceptions(self._reader, now)

    async def approve(self, exception: BudgetException, signed_by: VerifyKey, *, now: int) -> RunningException:
        """Lets an exception run from now on.

        Raises:
            Problem: NONCE_USED where it was approved before; EXCEPTION_OPEN where another of the same runs.
        """
        running = RunningException(
            exception.organisation, exception.account, exception.lookups, now + exception.hours * 60 * 60
        )

        def write(connection: Connection) -> RunningException:
            spent = connection.execute(
                "INSERT INTO nonces VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (signed_by.encoding, exception.identifier, exception.issued_at + APPROVABLE_SECONDS + 1),
            )
            if spent.rowcount != 1:
                raise Problem(ProblemCode.NONCE_USED)
            whose = (running.organisation, running.account or "")
            connection.execute(
                "DELETE FROM exceptions WHERE organisation = ? AND account = ? AND until <= ?", (*whose, now)
            )
            added = connection.execute(
                "INSERT INTO exceptions VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*whose, running.lookups, running.until),
            )
            if added.rowcount != 1:
                raise Problem(ProblemCode.EXCEPTION_OPEN)
            return running

        return await self._writer.submit(write)

    async def end(self, organisation: OrganisationId, account: AccountId | None, *, now: int) -> None:
        """Ends an exception before its time.

        Raises:
            Problem: EXCEPTION_UNKNOWN.
        """

        def write(connection: Connection) -> None:
            ended = connection.execute(
                "DELETE FROM exceptions WHERE organisation = ? AND account = ? AND until > ?",
                (organisation, account or "", now),
            )
            if ended.rowcount != 1:
                raise Problem(ProblemCode.EXCEPTION_UNKNOWN)

        await self._writer.submit(write)

    # -- what each has used ---------------------------------------------------------------------------------------

    async def spend(
        self,
        asker: Asker,
        signature: Signature,
        *,
        points: int,
        account_budget: int | None,
        nation_budget: int,
        points_of: Callable[[int], int],
        now: int,
    ) -> Spent:
        """Spends the request's nonce and charges its points, in one transaction, durable on return. `points_of`: what
        so many lookups are here, for those that exceptions add.

        Raises:
            Problem: NONCE_USED, ORGANISATION_UNKNOWN or `BudgetUsed`; nothing is then spent or charged.
        """

        def write(connection: Connection) -> Spent:
            _spend_nonce(connection, asker, signature)
            running = [each for each in _exceptions(connection, now) if each.organisation == asker.organisation]
            own = points_of(sum(each.lookups for each in running if each.account == asker.account))
            whole = points_of(sum(each.lookups for each in running))
            verdict = charge(
                points,
                now=now,
                account=_account_meter(connection, asker.organisation, asker.account),
                account_budget=account_budget + own if account_budget else account_budget,
                organisation=_organisation_meter(connection, asker.organisation),
                organisation_budget=_organisation_budget(connection, asker.organisation, whole),
                nation=_national_meter(connection),
                nation_budget=nation_budget,
            )
            match verdict:
                case OverBudget():
                    raise BudgetUsed(verdict)
                case Charged(account, organisation, nation):
                    _write_meters(connection, asker, account, organisation)
                    connection.execute(
                        "INSERT INTO national_meter VALUES (1, ?1, ?2)"
                        " ON CONFLICT (only_row) DO UPDATE SET opened_at = ?1, points = ?2",
                        (nation.opened_at, nation.points),
                    )
                    return Spent(0 if account is None else account.points, own)

        return await self._writer.submit(write)

    async def sweep(self, *, now: int) -> None:
        """Forgets nonces and meters whose time is over."""

        def write(connection: Connection) -> None:
            connection.execute("DELETE FROM nonces WHERE remember_until < ?", (now,))
            connection.execute("DELETE FROM account_meters WHERE opened_at <= ?", (now - ACCOUNT_SECONDS,))
            connection.execute("DELETE FROM exceptions WHERE until <= ?", (now,))
            connection.execute("DELETE FROM organisation_meters WHERE opened_at <= ?", (now - ORGANISATION_SECONDS,))

        await self._writer.submit(write)

    # -- the newest revocation list ---------------------------------------------------------------------------------

    def newest_revocations(self) -> int:
        """When the newest list that was ever taken was issued; 0 before the first."""
        row = self._reader.execute("SELECT issued_at FROM revocations").fetchone()
        return 0 if row is None else int(row[0])

    async def saw_revocations(self, issued_at: int) -> None:
        """Remembers how new the newest list is."""

        def write(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO revocations VALUES (1, ?1) ON CONFLICT (only_row) DO UPDATE SET issued_at = ?1"
                " WHERE issued_at < ?1",
                (issued_at,),
            )

        await self._writer.submit(write)


def _spend_nonce(connection: Connection, asker: Asker, signature: Signature) -> None:
    spent = connection.execute(
        "INSERT INTO nonces VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (asker.device.encoding, signature.nonce, signature.remember_until),
    )
    if spent.rowcount != 1:
        raise Problem(ProblemCode.NONCE_USED)


def _exceptions(connection: Connection, now: int) -> list[RunningException]:
    rows = connection.execute(
        "SELECT organisation, account, lookups, until FROM exceptions WHERE until > ? ORDER BY organisation, account",
        (now,),
    ).fetchall()
    return [
        RunningException(OrganisationId(organisation), AccountId(account) if account else None, lookups, until)
        for organisation, account, lookups, until in rows
    ]


def _organisation_budget(connection: Connection, organisation: OrganisationId, more: int) -> int:
    """A budget of nothing stays nothing: the custodian serves that organisation no longer."""
    row = connection.execute("SELECT budget FROM organisations WHERE organisation = ?", (organisation,)).fetchone()
    if row is None:
        raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
    budget = int(row[0])
    return budget + more if budget else 0


def _organisation_meter(connection: Connection, organisation: OrganisationId) -> Meter | None:
    row = connection.execute(
        "SELECT opened_at, points FROM organisation_meters WHERE organisation = ?", (organisation,)
    ).fetchone()
    return None if row is None else Meter(*row)


def _national_meter(connection: Connection) -> Meter | None:
    row = connection.execute("SELECT opened_at, points FROM national_meter").fetchone()
    return None if row is None else Meter(*row)


def _account_meter(connection: Connection, organisation: OrganisationId, account: AccountId) -> Meter | None:
    row = connection.execute(
        "SELECT opened_at, points FROM account_meters WHERE organisation = ? AND account = ?", (organisation, account)
    ).fetchone()
    return None if row is None else Meter(*row)


def _write_meters(connection: Connection, asker: Asker, account: Meter | None, organisation: Meter) -> None:
    connection.execute(
        "INSERT INTO organisation_meters VALUES (?1, ?2, ?3)"
        " ON CONFLICT (organisation) DO UPDATE SET opened_at = ?2, points = ?3",
        (asker.organisation, organisation.opened_at, organisation.points),
    )
    if account is not None:
        connection.execute(
            "INSERT INTO account_meters VALUES (?1, ?2, ?3, ?4)"
            " ON CONFLICT (organisation, account) DO UPDATE SET opened_at = ?3, points = ?4",
            (asker.organisation, asker.account, account.opened_at, account.points),
        )
