"""The index, put together: its use cases over one database, one manifest, one clock.

It is made in the event loop's thread, which is the only one that uses its reading connection, and it opens and closes
nothing itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final, final

from signpost.index.administration import Administration
from signpost.index.audit import AuditAction
from signpost.index.break_glass import BreakGlass
from signpost.index.change import ChangeInvolvements
from signpost.index.contact import Contact
from signpost.index.coverage import NationalCoverage
from signpost.index.desk import Desk, Gathering
from signpost.index.enrolling import Enrolling
from signpost.index.escalating import Escalating
from signpost.index.evenly import Evenly
from signpost.index.exceptions import ReviewedExceptions
from signpost.index.handles import OwnHandles
from signpost.index.hashing import Hashing
from signpost.index.involvements import OwnInvolvements
from signpost.index.keyfile import IndexKeys
from signpost.index.lookup import Lookup
from signpost.index.objections import Objections
from signpost.index.organisations import Admission
from signpost.index.own_accounts import OwnAccounts
from signpost.index.own_work import Answering
from signpost.index.permissions import Act
from signpost.index.reading_record import ReadingRecord
from signpost.index.register import Register
from signpost.index.reports import FamilyReports
from signpost.index.requests import Signed
from signpost.index.retiring import Retiring
from signpost.index.revocations import Revoking
from signpost.index.rights import FamilyRights
from signpost.index.settings import IndexSettings
from signpost.index.settle import Settling
from signpost.index.shield import Shield
from signpost.index.sign_in import SigningIn
from signpost.index.storage.accounts import SqliteAccounts
from signpost.index.storage.call_backs import SqliteCallBacks
from signpost.index.storage.covering import Covering
from signpost.index.storage.delivery import Delivery
from signpost.index.storage.desk import SqliteDesk
from signpost.index.storage.desk_items import DeskItems
from signpost.index.storage.exceptions import SqliteExceptions
from signpost.index.storage.feeds import SqliteFeeds
from signpost.index.storage.glasses import SqliteGlasses
from signpost.index.storage.handles import SqliteHandles
from signpost.index.storage.involvements import SqliteInvolvements
from signpost.index.storage.lookups import SqliteLookups
from signpost.index.storage.mails import SqliteMails
from signpost.index.storage.organisations import SqliteOrganisations
from signpost.index.storage.outcomes import Outcomes
from signpost.index.storage.own_work import SqliteOwnWorks
from signpost.index.storage.record import THE_DESKS, SqliteRecord
from signpost.index.storage.reports import SqliteReports
from signpost.index.storage.retirement import SqliteRetirement
from signpost.index.storage.revocations import SqliteRevocations
from signpost.index.storage.rights import SqliteRights
from signpost.index.storage.sealing import Sealing
from signpost.index.storage.seals import SqliteSeals
from signpost.index.storage.upkeep import SqliteUpkeep
from signpost.index.storage.vault import Vault
from signpost.index.sweep import Sweeping
from signpost.index.wrapping import Wrappers
from signpost.protocol.askers import Authenticator
from signpost.protocol.keys import VerifyKey, digest
from signpost.protocol.labels import Label
from signpost.protocol.manifest import Manifest, ManifestInvalid, SignedManifest
from signpost.protocol.named_users import named_in
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import NAMING_ROLES, Role
from signpost.protocol.signatures import PresentedRequest
from signpost.service.clock import Clock, Randomness
from signpost.service.database import Connection
from signpost.service.refusals import RefusalCode, StartRefused
from signpost.service.writer import Writer

__all__ = ["Index", "read_manifest"]


def read_manifest(settings: IndexSettings, *, file: Path | None = None) -> Manifest:
    """The manifest that the settings name, signed by all its holders and of the fingerprint they name.

    Raises:
        StartRefused: SETTINGS_MALFORMED, naming the settings' `file`; FILE_UNREADABLE, DOCUMENT_REFUSED or
            MANIFEST_UNEXPECTED.
    """
    fields = ("manifest", "manifest_fingerprint")
    if absent := tuple(f"{field}: is missing" for field in fields if getattr(settings, field) is None):
        raise StartRefused(RefusalCode.SETTINGS_MALFORMED, path=file, details=absent)
    path = settings.manifest
    assert isinstance(path, Path)
    try:
        manifest = SignedManifest.verify(path.read_bytes()).manifest
    except OSError as error:
        raise StartRefused(RefusalCode.FILE_UNREADABLE, path=path) from error
    except ManifestInvalid:
        raise StartRefused(RefusalCode.DOCUMENT_REFUSED, path=path) from None
    if manifest.fingerprint() != settings.manifest_fingerprint:
        raise StartRefused(RefusalCode.MANIFEST_UNEXPECTED, path=path)
    return manifest


@final
class Index:
    """Every use case of one index."""

    def __init__(
        self,
        *,
        settings: IndexSettings,
        keys: IndexKeys,
        manifest: Manifest,
        vault: Vault,
        reader: Connection,
        writer: Writer,
        clock: Clock,
        randomness: Randomness,
        hashing: Hashing | None = None,
    ) -> None:
        """`hashing` is for tests, which cannot wait for the real cost."""
        self.clock = clock
        self.public_url = settings.public_url
        self.evenly = Evenly(settings.officer_answer_ms / 1000)
        credential_key = keys.credential_key()
        wrappers = Wrappers.of(keys, manifest.epoch)

        involvements = SqliteInvolvements(reader=reader, writer=writer, vault=vault)
        organisations = SqliteOrganisations(reader=reader, writer=writer, vault=vault)
        handles = SqliteHandles(reader=reader, writer=writer, vault=vault)
        revocations = SqliteRevocations(reader=reader, writer=writer, vault=vault)
        record = SqliteRecord(reader=reader, writer=writer, vault=vault)
        rules = settings.contact_rules
        delivery = Delivery(vault=vault, wrappers=wrappers, rules=rules, randomness=randomness)
        sealing = Sealing(vault)
        outcomes = Outcomes(vault=vault, sealing=sealing, delivery=delivery)
        items = DeskItems(vault, randomness=randomness)
        upkeep = SqliteUpkeep(
            reader=reader, writer=writer, vault=vault, delivery=delivery, sealing=sealing, outcomes=outcomes,
            items=items,
        )  # fmt: skip
        covering = Covering(sealing=sealing, delivery=delivery, items=items)
        self.seals = SqliteSeals(
            reader=reader, writer=writer, vault=vault, sealing=sealing, covering=covering, items=items,
            outcomes=outcomes,
        )  # fmt: skip
        queues = SqliteDesk(
            reader=reader, writer=writer, vault=vault, sealing=sealing, covering=covering, items=items,
            outcomes=outcomes,
        )  # fmt: skip
        desk_record = SqliteRecord(reader=reader, writer=writer, vault=vault, of=THE_DESKS)
        self.shield = Shield(
            seals=self.seals, record=desk_record, wrappers=wrappers, manifest=manifest, randomness=randomness
        )
        self.desk = Desk(queues=queues, record=desk_record, randomness=randomness)
        self.gathering = Gathering(queues=queues, clock=clock, randomness=randomness)
        glasses = SqliteGlasses(reader=reader, writer=writer, vault=vault, delivery=delivery)
        self.mails = SqliteMails(reader=reader, writer=writer, vault=vault)
        call_backs = SqliteCallBacks(reader=reader, writer=writer, vault=vault, delivery=delivery, rules=rules)

        exceptions = SqliteExceptions(reader=reader, writer=writer, vault=vault)
        self.exceptions = ReviewedExceptions(exceptions=exceptions, organisations=organisations, randomness=randomness)

        self.coverage = NationalCoverage(
            feeds=SqliteFeeds(reader=reader, writer=writer, vault=vault),
            expected=settings.expected_organisations,
            randomness=randomness,
        )
        lookups = SqliteLookups(reader=reader, writer=writer, vault=vault)
        self.lookup = Lookup(
            lookups=lookups,
            record=record,
            wrappers=wrappers,
            manifest=manifest,
            coverage=self.coverage,
            look_back_months=settings.look_back_months,
            strict_t1=settings.strict_t1,
            budgets=settings.budgets,
            exceptions=exceptions,
            randomness=randomness,
        )
        self.contact = Contact(
            lookups=lookups,
            call_backs=call_backs,
            glasses=glasses,
            handles=handles,
            record=record,
            patience=rules.patience,
            randomness=randomness,
        )
        self.break_glass = BreakGlass(lookups=lookups, glasses=glasses, record=record, randomness=randomness)
        self.reports = FamilyReports(
            reports=SqliteReports(reader=reader, writer=writer, vault=vault, wrappers=wrappers, delivery=delivery),
            record=record,
            wrappers=wrappers,
            manifest=manifest,
            randomness=randomness,
        )
        own_rights = SqliteRights(writer=writer, vault=vault, sealing=sealing)
        self.rights = FamilyRights(
            rights=own_rights, seals=self.seals, wrappers=wrappers, manifest=manifest, randomness=randomness
        )
        self.objections = Objections(
            rights=own_rights, seals=self.seals, wrappers=wrappers, manifest=manifest, randomness=randomness
        )
        self.escalating = Escalating(
            call_backs=call_backs,
            clock=clock,
            ahead_seconds=60 * settings.worker_ahead_minutes,
            randomness=randomness,
        )
        self.register = Register(
            involvements=involvements, handles=handles, wrappers=wrappers, manifest=manifest, randomness=randomness
        )
        self.change = ChangeInvolvements(involvements=involvements, randomness=randomness)
        self.involvements = OwnInvolvements(involvements=involvements, record=record, randomness=randomness)
        self.own_work = Answering(
            works=SqliteOwnWorks(writer=writer, vault=vault),
            handles=handles,
            limits=settings.own_work,
            randomness=randomness,
        )
        self.handles = OwnHandles(handles=handles, organisations=organisations, record=record, randomness=randomness)
        self.organisations = Admission(organisations=organisations, randomness=randomness)
        self.revoking = Revoking(
            revocations=revocations,
            known=organisations.organisation,
            credential_key=credential_key,
            randomness=randomness,
        )
        self._accounts = accounts = SqliteAccounts(reader=reader, writer=writer, vault=vault)
        hashing = hashing or Hashing()
        self.administration = Administration(
            accounts=accounts,
            organisations=organisations,
            changed=self.revoking.changed,
            randomness=randomness,
        )
        self.own_accounts = OwnAccounts(
            accounts=accounts, record=record, changed=self.revoking.changed, randomness=randomness
        )
        self.enrolling = Enrolling(accounts=accounts, hashing=hashing, randomness=randomness)
        self.signing_in = SigningIn(
            accounts=accounts,
            organisations=organisations,
            record=record,
            hashing=hashing,
            credential_key=credential_key,
            changed=self.revoking.changed,
            refuse_certificate=self.revoking.refuse_certificate,
            randomness=randomness,
        )
        self.reading_record = ReadingRecord(
            record=record, act=Act.READ_RECORD, noted=AuditAction.READ_RECORD, randomness=randomness
        )
        self.reading_desk_record = ReadingRecord(
            record=desk_record, act=Act.READ_DESK_RECORD, noted=AuditAction.READ_DESK_RECORD, randomness=randomness
        )
        self._record, self._desk_record, self._randomness = record, desk_record, randomness
        self.settling = Settling(upkeep=upkeep, clock=clock, randomness=randomness)
        self.sweeping = Sweeping(upkeep=upkeep, changed=self.revoking.changed, clock=clock, randomness=randomness)
        self.retiring = Retiring(
            retirement=SqliteRetirement(reader=reader, writer=writer, vault=vault), clock=clock, randomness=randomness
        )
        self.credential_key: VerifyKey = credential_key.verify_key
        self._authenticator = Authenticator(
            organisation_key=self.organisations.signing_key, credential_key=credential_key.verify_key
        )

    def authenticate(self, request: PresentedRequest) -> Signed:
        """Who signed this request, here and now. Its nonce is still to be spent.

        Raises:
            Problem: SIGNATURE_*, ORGANISATION_UNKNOWN, CERTIFICATE_*, CREDENTIAL_*, REVOKED, SHIFT_ENDED.
        """
        now = self.clock.now()
        asker, signature = self._authenticator.authenticate(request, now=now)
        self.revoking.refuse(asker)
        if self._accounts.over(asker):
            raise Problem(ProblemCode.SHIFT_ENDED)
        if asker.role in NAMING_ROLES:
            # Here, so that what is refused is on the record in their name too.
            asker = replace(asker, user=named_in(request.body))
        return Signed(
            asker=asker,
            nonce=signature.nonce,
            remember_until=signature.remember_until,
            body_digest=digest(Label.REQUEST_BODY, request.body),
            at=now,
        )

    async def refused(self, signed: Signed, problem: Problem) -> None:
        """Record that a signed request was refused by policy. What is wrong with its form is nobody's act."""
        if problem.code in _POLICY:
            audit = signed.audit(AuditAction.REFUSED, self._randomness, refused=problem.code)
            # What a shielding officer is refused says what one is at, as what they did does.
            of_shields = signed.asker.role is Role.SHIELDING_OFFICER
            # Its nonce is spent with it: sent again, it is a replay and leaves nothing more.
            await (self._desk_record if of_shields else self._record).note(audit, signed=signed)


_POLICY: Final = frozenset(
    {
        ProblemCode.ROLE_REFUSED,
        ProblemCode.PURPOSE_REFUSED,
        ProblemCode.BUDGET_USED,
        ProblemCode.REPEATS_USED,
    }
)
