"""An index run by an attacker, with all its keys and its code, can mint no request that a key holder answers.

What stands against it: each holder knows the organisations' signing keys from its own custodian, and the index never
has one. So an account's device must be of a certificate that the organisation signed; and the administrator signs a
device key only where the enrolment token's own seal says that it was made on that device (protocol.md D1, D2).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from signpost.edge.administrator import Administrator
from signpost.edge.failures import VerificationFailed
from signpost.edge.organisation_keys import Organisation
from signpost.edge.transport import Transport
from signpost.protocol.administration import AccountTerms
from signpost.protocol.askers import Authenticator
from signpost.protocol.credentials import AccountId, EnrolmentCertificate, OrganisationId, ShiftCredential
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import PendingDevice
from signpost.protocol.problems import Problem
from signpost.protocol.purposes import Kind, Role, purposes_of
from signpost.protocol.sealing import OpeningKey
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import PresentedRequest, sign_request
from tests.integration.index.conftest import Scene, set_scene
from tests.support.people import Person, enrol, terms
from tests.support.running_index import RunningIndex

EVIL = SigningKey(Secret(b"e" * 32))
URL = "https://holder.example/v1/evaluations"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """An index that the test has whole."""
    with RunningIndex(tmp_path / "data") as index:
        yield set_scene(index)


def holder(scene: Scene) -> Authenticator:
    """How a holder knows who asks: by what its custodian admitted and pinned."""
    keys = {
        OrganisationId(name): scene.world.organisation_key(name).verify_key for name in ("st-elsewhere", "northtown")
    }
    return Authenticator(organisation_key=keys.get, credential_key=scene.world.credential_key.verify_key)


def presented(certificate: str, credential: str, key: SigningKey, now: int) -> PresentedRequest:
    """A request to the holder, signed."""
    headers = sign_request(
        method="POST", url=URL, body=b"{}", certificate=certificate, credential=credential, key=key, created=now,
        nonce=to_base64url(os.urandom(16)),
    )  # fmt: skip
    return PresentedRequest("POST", URL, {name.lower(): value for name, value in headers.items()}, b"{}")


def credential(scene: Scene, person: Person, device: SigningKey, **changed: object) -> str:
    """A credential that the attacker signs with the index's own key: whatever it likes."""
    now = scene.world.clock.now()
    shift = ShiftCredential(
        organisation=OrganisationId(person.organisation),
        account=AccountId(person.account),
        role=person.role,
        kind=person.kind,
        purposes=purposes_of(person.role, person.kind),
        device_thumbprint=device.verify_key.thumbprint(),
        issued_at=now,
        expires_at=now + 3600,
        identifier=to_base64url(os.urandom(16)),
    )
    return replace(shift, **changed).sign(scene.world.credential_key)  # type: ignore[arg-type]


def test_it_can_sign_for_no_device_of_its_own(scene: Scene) -> None:
    """Every statement it can make, put together with every one it has seen: refused; the person's own is answered."""
    person = enrol(scene.index)
    told = person.sign_in().json()
    now = scene.world.clock.now()
    certificate = EnrolmentCertificate(
        organisation=OrganisationId("st-elsewhere"), account=AccountId("nurse-1"), role=Role.URGENT, kind=Kind.HOSPITAL,
        device=EVIL.verify_key, issued_at=now, expires_at=now + 3600, identifier=to_base64url(os.urandom(16)),
    )  # fmt: skip
    forged = [
        # its own key beside the true certificate: under the person's credential, and under one of its own making
        (told["certificate"], told["credential"], EVIL),
        (told["certificate"], credential(scene, person, EVIL), EVIL),
        (told["certificate"], credential(scene, person, person.key), EVIL),
        # a certificate of its own making, signed by each key it has
        (certificate.sign(EVIL), credential(scene, person, EVIL), EVIL),
        (certificate.sign(scene.world.credential_key), credential(scene, person, EVIL), EVIL),
        # another organisation's account, and an organisation that it invents
        (replace(certificate, organisation=OrganisationId("northtown")).sign(EVIL),
         credential(scene, person, EVIL, organisation=OrganisationId("northtown")), EVIL),
        (replace(certificate, organisation=OrganisationId("invented")).sign(EVIL),
         credential(scene, person, EVIL, organisation=OrganisationId("invented")), EVIL),
        # a role that the organisation did not give
        (told["certificate"], credential(scene, person, person.key, role=Role.FEED), person.key),
    ]  # fmt: skip

    for certificate_token, credential_token, key in forged:
        with pytest.raises(Problem) as refused:
            holder(scene).authenticate(presented(certificate_token, credential_token, key, now), now=now)
        assert refused.value.status in (401, 403)
    asker, _ = holder(scene).authenticate(presented(told["certificate"], told["credential"], person.key, now), now=now)
    assert asker.account == "nurse-1"


@pytest.mark.parametrize("seal", ["the device's own", "made up", "of another enrolment"])
def test_it_can_put_no_key_of_its_own_before_the_administrator(scene: Scene, tmp_path: Path, seal: str) -> None:
    """It passes the device's key on. A key of its own comes with a seal that does not fit, and nothing is signed."""
    (tmp_path / "keys").mkdir(mode=0o700)
    from signpost.index.web.public import public_app
    from signpost.protocol.enrolment import DeviceSeal
    from signpost.service.log import Log, Word

    app = public_app(scene.index.index, Log(Word("index"), scene.index.log_lines))
    transport = Transport(transport=httpx2.ASGITransport(app=app))
    administrator = Administrator(
        folder=tmp_path / "keys",
        organisation=Organisation(
            OrganisationId("st-elsewhere"), Kind.HOSPITAL, scene.world.organisation_key("st-elsewhere").verify_key,
            OpeningKey(Secret(bytes(32))).seal_key,
        ),
        key=scene.world.organisation_key("st-elsewhere"),
        index_url="http://127.0.0.1:1",
        transport=transport,
        clock=scene.world.clock,
        randomness=os.urandom,
    )  # fmt: skip
    token = scene.index.run(
        administrator.enrol(
            AccountId("nurse-9"), Role.URGENT, terms(scene.index),
            manifest_fingerprint=scene.world.manifest.fingerprint(), out_of_hours="0113 496 0000",
        )
    )  # fmt: skip
    person = Person(
        scene.index, "st-elsewhere", Kind.HOSPITAL, "nurse-9", Role.URGENT, token, SigningKey(Secret(os.urandom(32))),
        Secret(os.urandom(20)),
    )  # fmt: skip
    person.enrol()
    true_seal = token.device_seal.seal(person.key.verify_key)
    offered = {
        "the device's own": true_seal,
        "made up": os.urandom(32),
        "of another enrolment": DeviceSeal(Secret(bytes(32))).seal(EVIL.verify_key),
    }[seal]
    real = scene.index.index.administration.act

    async def substituted(statement: str, *, now: int) -> object:
        answer = await real(statement, now=now)
        if answer.pending is None:
            return answer
        return answer.model_copy(
            update={"pending": PendingDevice(device=EVIL.verify_key.encoding, device_seal=offered)}
        )

    scene.index.index.administration.act = substituted  # type: ignore[method-assign,assignment]
    with pytest.raises(VerificationFailed, match="not made with the token"):
        scene.index.run(administrator.approve(AccountId("nurse-9")))

    scene.index.index.administration.act = real  # type: ignore[method-assign]
    approved = scene.index.run(administrator.approve(AccountId("nurse-9")))
    assert approved.state == "active"
    assert not list((tmp_path / "keys" / "enrolments").iterdir())
    assert AccountTerms(approved.vetting_until, approved.training_until) == terms(scene.index)
