"""Another organisation beside a gateway: its feed registers a child, and its practitioner asks, through key holders."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from signpost.edge.case_reference import seal_case_reference
from signpost.edge.client import Client
from signpost.edge.desk import Desk, DeskSettings
from signpost.edge.match_inputs import ChildDetails, match_inputs
from signpost.edge.signed_sender import Identity
from signpost.edge.slots import registration_slots
from signpost.protocol.classes import Use
from signpost.protocol.messages import RegisterRequest
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.secret import Secret
from tests.support.whole_gateway import WholeGateway
from tests.support.world import Child, reference_of

__all__ = ["client_of", "register"]


def client_of(whole: WholeGateway, organisation: str, role: Role, kind: Kind = Kind.COUNCIL) -> Client:
    """A device of an organisation's, signed in."""
    world = whole.index.world
    device = world.device(organisation, role, kind)
    settings = DeskSettings.checked(
        index_url=world.url, organisation=organisation, account=device.account, role=role.value, kind=kind.value,
        manifest_fingerprint=world.manifest.fingerprint(), out_of_hours="0113 496 0000",
    )  # fmt: skip
    identity = Identity(device.certificate, device.credential, device.key)
    desk = Desk(folder=Path("nowhere"), settings=settings, manifest=world.manifest, identity=identity)
    return Client(desk, clock=world.clock, transport=whole.transport)


def register(
    whole: WholeGateway, organisation: str, child: ChildDetails, *, local_id: str = "case 17",
    reference: bytes | None = None,
) -> None:  # fmt: skip
    """Have an organisation's feed register a child, and let it settle. `reference`: where it is not to be any."""
    world, handle = whole.index.world, whole.index.handle(organisation)
    client = client_of(whole, organisation, Role.FEED)
    slots = registration_slots(
        match_inputs(child, Use.REGISTER), reference=reference_of(local_id), organisation_secret=Secret(os.urandom(32))
    )

    async def registering() -> None:
        batch = await client.evaluate_batch(Use.REGISTER, [slots])
        sealed = seal_case_reference(local_id, to=world.sealing_key(organisation).seal_key, organisation=organisation)
        registration = world.registration(
            Child(identity=local_id), handle, reference=local_id, started_on=dt.date(2025, 1, 6)
        ).model_copy(
            update={
                "tags": batch.tags(0),
                "sealed_case_reference": sealed,
                "reference": reference or reference_of(local_id),
            }
        )
        await client.index.register(
            RegisterRequest(epoch=batch.epoch, registrations=[registration], receipts=list(batch.receipts))
        )

    whole.index.run(registering())
    whole.index.settle()
