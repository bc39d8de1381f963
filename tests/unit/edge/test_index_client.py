"""Writing to the index: what is sent again, what is not, and what its refusals mean."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from signpost.edge.client import Client
from signpost.edge.desk import Desk
from signpost.edge.failures import CouldNotCheck, InvalidRequest, Refused
from signpost.edge.identifiers import NHSNumber
from signpost.edge.index_client import Index
from signpost.edge.match_inputs import ChildDetails, EncodedInput
from signpost.edge.signed_sender import SignedSender
from signpost.edge.slots import Slot
from signpost.edge.transport import Transport
from signpost.protocol.askers import Authenticator
from signpost.protocol.classes import REGISTER_PROFILE, Use
from signpost.protocol.messages import CASE_REFERENCE_BYTES, Change, ChangeRequest, RegisterRequest, Registration
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Basis, Kind, Role
from signpost.protocol.shielding import (
    ShieldAddRequest,
    ShieldAnswer,
    ShieldIdentityRequest,
    ShieldReason,
    ShieldRequest,
)
from signpost.protocol.signatures import PresentedRequest
from tests.support.pretend_services import HANDLE, Fault, Pretence


@dataclass
class Pauses:
    """A sleep that takes no time and remembers how long it should have been."""

    slept: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


def with_index(
    pretence: Pretence, folder: Path, work: Callable[[Client, Index], Awaitable[None]], pauses: Pauses | None = None
) -> None:
    desk = Desk.load(pretence.make_desk(folder / "desk"))

    async def run() -> None:
        transport = Transport(transport=pretence.transport())
        async with Client(desk, clock=pretence.clock, transport=transport) as client:
            sender = SignedSender(transport, desk.identity, clock=pretence.clock, randomness=os.urandom)
            await work(client, Index(desk.settings.index_url, sender, sleep=pauses or Pauses()))

    asyncio.run(run())


async def registration_of(client: Client, *names: str) -> RegisterRequest:
    children = [
        [Slot(place, EncodedInput(f"{name} {n}".encode())) for n, place in enumerate(REGISTER_PROFILE)]
        for name in names
    ]
    batch = await client.evaluate_batch(Use.REGISTER, children)
    registrations = [
        Registration(
            reference=name.encode().ljust(16),
            child_reference=name.encode().ljust(16),
            row_digest=os.urandom(16),
            handle=HANDLE,
            started_on=dt.date(2026, 1, 5),
            ended_on=None,
            basis=Basis.STATUTORY,
            sealed_case_reference=bytes(CASE_REFERENCE_BYTES),
            remove_after="2033-09",
            tags=batch.tags(place),
        )
        for place, name in enumerate(names)
    ]
    return RegisterRequest(epoch=batch.epoch, registrations=registrations, receipts=list(batch.receipts))


def test_a_registration_whose_acknowledgement_is_lost_is_sent_again_as_it_was(tmp_path: Path) -> None:
    """The same bytes under a new signature get the stored acknowledgement, and nothing is registered twice."""
    pretence = Pretence(role=Role.FEED, drop_replies=2)
    pauses = Pauses()

    async def work(client: Client, index: Index) -> None:
        receipt = await index.register(await registration_of(client, "first", "second"))
        assert receipt.accepted == 2

    with_index(pretence, tmp_path, work, pauses)

    sent = [arrived for arrived in pretence.arrived[0] if arrived.path == "/v1/registrations"]
    assert len(sent) == 3
    assert len({arrived.body for arrived in sent}) == 1
    assert len({arrived.headers["signature"] for arrived in sent}) == 3
    assert len(pretence.registered) == 2
    assert pauses.slept == [0.25, 1.0]


def test_a_registration_that_nobody_acknowledges_is_given_up(tmp_path: Path) -> None:
    pretence = Pretence(role=Role.FEED, drop_replies=100)

    async def work(client: Client, index: Index) -> None:
        with pytest.raises(CouldNotCheck):
            await index.register(await registration_of(client, "first"))

    with_index(pretence, tmp_path, work)

    assert len(pretence.arrived[0]) == 5


def test_ends_and_withdrawals_are_not_sent_again_once_they_may_have_arrived(tmp_path: Path) -> None:
    """A second withdrawal of the same would be refused as unknown, and be taken for a fault."""
    pretence = Pretence(role=Role.FEED, drop_replies=1)
    change = Change(reference=bytes(16), action="withdraw", ended_on=None, row_digest=None)

    async def work(_: Client, index: Index) -> None:
        with pytest.raises(CouldNotCheck):
            await index.change(ChangeRequest(changes=[change]))

    with_index(pretence, tmp_path, work)

    assert len(pretence.arrived[0]) == 1


def test_what_never_arrived_is_sent_again(tmp_path: Path) -> None:
    pretence = Pretence(role=Role.FEED, faults={0: Fault.SILENT})
    change = Change(reference=bytes(16), action="withdraw", ended_on=None, row_digest=None)

    class Restarted(Pauses):
        async def __call__(self, seconds: float) -> None:
            pretence.faults.clear()

    async def work(_: Client, index: Index) -> None:
        assert (await index.change(ChangeRequest(changes=[change]))).accepted == 1

    with_index(pretence, tmp_path, work, Restarted())


def test_the_organisations_own_list_comes_page_by_page(tmp_path: Path) -> None:
    pretence = Pretence(role=Role.FEED, page=2)
    names = ["a", "b", "c", "d", "e"]

    async def work(client: Client, index: Index) -> None:
        await index.register(await registration_of(client, *names))
        pages = [page async for page in index.involvements()]
        assert [len(page) for page in pages] == [2, 2, 1]
        assert [each.reference.decode().strip() for page in pages for each in page] == names

    with_index(pretence, tmp_path, work)


def test_a_list_without_an_end_is_not_followed_for_ever(tmp_path: Path) -> None:
    pretence = Pretence(role=Role.FEED, faults={0: Fault.ENDLESS_LIST})

    async def work(client: Client, index: Index) -> None:
        await index.register(await registration_of(client, "a"))
        with pytest.raises(CouldNotCheck):
            _ = [page async for page in index.involvements()]

    with_index(pretence, tmp_path, work)


def test_the_handles_are_the_organisations_own(tmp_path: Path) -> None:
    async def work(_: Client, index: Index) -> None:
        assert (await index.handles()).handles == [HANDLE]

    with_index(Pretence(role=Role.FEED), tmp_path, work)


def test_a_refusal_is_told_by_what_can_be_done_about_it(tmp_path: Path) -> None:
    pretence = Pretence(role=Role.FEED, faults={0: Fault.ROLE_REFUSED})

    async def work(_: Client, index: Index) -> None:
        with pytest.raises(Refused) as raised:
            await index.feed_finished("csv")
        assert raised.value.code is ProblemCode.ROLE_REFUSED

    with_index(pretence, tmp_path, work)
    assert len(pretence.arrived[0]) == 1


def test_the_places_a_refusal_names_come_with_it(tmp_path: Path) -> None:
    """The pipeline learns which record of a batch was meant; a value that came with it is left out."""
    pretence = Pretence(role=Role.FEED, faults={0: Fault.HANDLE_UNKNOWN})

    async def work(client: Client, index: Index) -> None:
        with pytest.raises(InvalidRequest) as raised:
            await index.register(await registration_of(client, "a"))
        assert raised.value.code is ProblemCode.HANDLE_UNKNOWN
        assert raised.value.pointers == ("/registrations/0/handle",)

    with_index(pretence, tmp_path, work)


def test_an_acknowledgement_of_another_number_is_not_one(tmp_path: Path) -> None:
    pretence = Pretence(role=Role.FEED, faults={0: Fault.MISCOUNTS})

    async def work(client: Client, index: Index) -> None:
        with pytest.raises(CouldNotCheck):
            await index.register(await registration_of(client, "a"))

    with_index(pretence, tmp_path, work)


def test_every_request_is_signed_for_this_index_alone(tmp_path: Path) -> None:
    """The same request presented at another address is refused by the protocol's own check."""
    pretence = Pretence(role=Role.FEED)

    async def work(_: Client, index: Index) -> None:
        await index.handles()

    with_index(pretence, tmp_path, work)
    (arrived,) = pretence.arrived[0]
    elsewhere = PresentedRequest("POST", "http://127.0.0.1:1/v1/handles/list", arrived.headers, arrived.body)
    authenticator = Authenticator(
        organisation_key=lambda _: pretence.organisation.signing_key.verify_key,
        credential_key=pretence.index_key.verify_key,
    )

    with pytest.raises(Problem, match="signature-invalid"):
        authenticator.authenticate(elsewhere, now=pretence.clock.now())


async def shield_of(client: Client, number: str) -> ShieldAddRequest:
    """What hides the child of an NHS number."""
    batch = await client.officer_tags(
        ChildDetails(nhs_number=NHSNumber.parse(number), date_of_birth=dt.date(2015, 4, 3))
    )
    return ShieldAddRequest(
        epoch=batch.epoch, reason=ShieldReason.ADOPTION, review_on=dt.date(2027, 9, 22), shield=None,
        tags=batch.tags(0), receipts=list(batch.receipts),
    )  # fmt: skip


def an_officers() -> Pretence:
    """Services, and a shielding officer's desk."""
    return Pretence(role=Role.SHIELDING_OFFICER, kind=Kind.COUNCIL)


def test_a_shield_whose_acknowledgement_is_lost_is_sent_again_as_it_was(tmp_path: Path) -> None:
    """A child is not hidden twice, nor left in doubt because a line went dead; an ended identity likewise."""
    pretence = an_officers()

    async def work(client: Client, index: Index) -> None:
        pretence.drop_replies = 2
        added = await index.add_shield(await shield_of(client, "9990000042"))
        pretence.drop_replies = 2
        again = await shield_of(client, "9990000042")
        kept = await index.end_identity(
            ShieldIdentityRequest(shield=added.shield, epoch=again.epoch, tags=again.tags, receipts=again.receipts)
        )
        assert kept.shield == added.shield

    with_index(pretence, tmp_path, work)

    for path in ("/v1/shields", "/v1/shields/identity-ended"):
        sent = [arrived for arrived in pretence.arrived[0] if arrived.path == path]
        assert len(sent) == 3
        assert len({arrived.body for arrived in sent}) == 1
    assert len(pretence.shields) == 1
    assert len(pretence.shielded) == 2


def test_an_approval_is_not_sent_again_once_it_may_have_arrived(tmp_path: Path) -> None:
    """A second one would be refused as decided, and be taken for a fault."""
    pretence = an_officers()

    async def work(client: Client, index: Index) -> None:
        added: ShieldAnswer = await index.add_shield(await shield_of(client, "9990000042"))
        pretence.drop_replies = 1
        with pytest.raises(CouldNotCheck):
            await index.approve_shield(ShieldRequest(shield=added.shield, ends=False))

    with_index(pretence, tmp_path, work)

    assert len([arrived for arrived in pretence.arrived[0] if arrived.path == "/v1/shields/approve"]) == 1
