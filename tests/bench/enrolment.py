"""Devices that may ask, made without anybody's commands, and what services are told over their local sockets."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import httpx2

from signpost.edge.signed_sender import Identity
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import JSON
from signpost.protocol.keys import SigningKey
from signpost.protocol.purposes import Kind, Role
from tests.support.askers import Organisation

__all__ = ["Enrolled", "enrol", "tell"]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device of an organisation, signed in for a shift."""

    organisation: Organisation
    account: AccountId
    role: Role
    identity: Identity


def enrol(name: str, kind: Kind, role: Role, *, credential_key: SigningKey) -> Enrolled:
    """One device of a new organisation. `credential_key` is the index's."""
    organisation = Organisation(OrganisationId(name), kind)
    account = AccountId("account-1")
    device = organisation.device(account, role, index_key=credential_key, now=int(time.time()))
    identity = Identity(
        device.certificate.sign(organisation.signing_key), device.credential.sign(credential_key), device.key
    )
    return Enrolled(organisation, account, role, identity)


def tell(socket: Path, path: str, **fields: JSON) -> dict[str, str]:
    """What the operator or a custodian sends over a service's local socket; its answer."""
    with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(socket)), base_url="http://local", timeout=30) as client:
        answer = client.post(path, json=fields).raise_for_status()
        document: dict[str, str] = answer.json()
        return document
