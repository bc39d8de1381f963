"""An index run by an attacker, with all its keys and its code, can mint no request that a key holder answers.

What stands against it: each holder knows the organisations' signing keys from its own custodian, and the index never
has one. So an account's device must be of a certificate that the organisation signed; and the administrator signs a
device key, and seals the organisation's sealing key to it, only where the enrolment token's own seal says that it was
made on that device (protocol.md D1, D2). A gateway between them is certified by the organisation too, and the
key of each session by the gateway: of either the index has only the public half.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from signpost.edge.administrator import Administrator
from signpost.edge.atomic_file import PUBLIC, replace_file
from signpost.edge.failures import DeskUnusable, InvalidRequest, VerificationFailed
from signpost.edge.organisation_keys import Organisation
from signpost.edge.transport import Transport
from signpost.protocol.administration import AccountTerms
from signpost.protocol.askers import Authenticator
from signpost.protocol.credentials import (
    SHIFT_SECONDS,
    AccountId,
    EnrolmentCertificate,
    OrganisationId,
    ShiftCredential,
)
from signpost.protocol.device_opening import device_opening_key, open_organisation_key
from signpost.protocol.encoding import to_base64url
from signpost.protocol.enrolment import DeviceSeal
from signpost.protocol.gateways import GATEWAY_ROLES, GatewayCertificate, SessionCertificate, joined
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import SignInAnswer
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Kind, Role, purposes_of
from signpost.protocol.sealing import SealKey
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import PresentedRequest, sign_request
from tests.integration.index.conftest import Scene, set_scene
from tests.support.gateways import Gateway, enrol_at
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


def test_it_can_make_no_gateway_and_no_session(scene: Scene) -> None:
    """Nor lengthen one, move it to another account, role or key, or turn a device's account into a gateway's. What the
    gateway signed itself is answered.
    """
    gateway = Gateway(scene.index)
    nurse, own = enrol_at(gateway), enrol(scene.index)
    scene.world.clock.advance(60)
    device, of_a_device = gateway.signed_in(nurse), own.sign_in().json()
    now = scene.world.clock.now()
    enrolment, certificate, session = device.certificate.split("~")
    evil = replace(gateway.certificate, key=EVIL.verify_key, roles=GATEWAY_ROLES)
    fresh = SessionCertificate(
        organisation=OrganisationId("st-elsewhere"), account=AccountId("nurse-7"),
        gateway=gateway.certificate.identifier, key=EVIL.verify_key, issued_at=now, expires_at=now + 3600,
        identifier=to_base64url(os.urandom(16)),
    )  # fmt: skip
    of_evil, index_key = credential(scene, nurse, EVIL), scene.world.credential_key
    forged = [
        # a session of its own making, under the true gateway and under gateways of its own
        (joined(enrolment, certificate, fresh.sign(EVIL)), of_evil, EVIL),
        (joined(enrolment, certificate, fresh.sign(index_key)), of_evil, EVIL),
        (joined(enrolment, evil.sign(EVIL), fresh.sign(EVIL)), of_evil, EVIL),
        (joined(enrolment, evil.sign(index_key), fresh.sign(EVIL)), of_evil, EVIL),
        # the true session under its own key, and for another account of the organisation
        (device.certificate, of_evil, EVIL),
        (device.certificate, credential(scene, own, EVIL), EVIL),
        (joined(of_a_device["certificate"], certificate, session), credential(scene, own, device.key), device.key),
        # a role that the account has not, and an account without its session
        (device.certificate, credential(scene, nurse, device.key, role=Role.MATERNITY), device.key),
        (enrolment, credential(scene, nurse, gateway.key), gateway.key),
        (enrolment, of_evil, EVIL),
    ]  # fmt: skip

    for chain, credential_token, key in forged:
        with pytest.raises(Problem) as refused:
            holder(scene).authenticate(presented(chain, credential_token, key, now), now=now)
        assert refused.value.status in (401, 403)
    asker, _ = holder(scene).authenticate(presented(device.certificate, device.credential, device.key, now), now=now)
    assert asker.account == "nurse-7"
    # A credential of a year is no longer than the session.
    longer = credential(scene, nurse, device.key, expires_at=now + 365 * 86_400)
    later = now + SHIFT_SECONDS
    with pytest.raises(Problem) as refused:
        holder(scene).authenticate(presented(device.certificate, longer, device.key, later), now=later)
    assert refused.value.code is ProblemCode.CREDENTIAL_EXPIRED


def test_it_can_put_no_key_before_an_administrator_who_opened_the_account_for_the_gateway(
    scene: Scene, tmp_path: Path
) -> None:
    """Even with the token: an account of the gateway has the gateway's key for its device, or is not approved."""
    administrator = administering(scene, tmp_path / "keys")
    gateway = Gateway(scene.index)
    person = waiting(scene, administrator, gateway=gateway.certificate)  # on a device of their own
    with pytest.raises(VerificationFailed, match="opened for a gateway"):
        scene.index.run(administrator.approve(AccountId("nurse-9")))

    person = waiting(scene, administrator, gateway=gateway.certificate, key=gateway.key)
    assert scene.index.run(administrator.approve(AccountId("nurse-9"))).state == "active"
    scene.world.clock.advance(60)
    device = gateway.signed_in(person)
    assert scene.index.ask(device, "/v1/inbox", b"{}").status_code == 200


def test_no_account_is_opened_for_a_gateway_in_a_role_that_it_does_not_have(scene: Scene, tmp_path: Path) -> None:
    administrator = administering(scene, tmp_path / "keys")

    with pytest.raises(InvalidRequest, match="not certified for accounts of that role"):
        waiting(scene, administrator, Role.MATERNITY, gateway=Gateway(scene.index).certificate)
    assert scene.index.run(administrator.accounts()) == []


def administering(scene: Scene, folder: Path) -> Administrator:
    """The hospital's administrator, with the hospital's keys, before an index that is not to be trusted."""
    from signpost.index.web.public import public_app
    from signpost.service.log import Log, Word

    folder.mkdir(mode=0o700)
    organisation = Organisation(
        OrganisationId("st-elsewhere"), Kind.HOSPITAL, scene.world.organisation_key("st-elsewhere").verify_key,
        scene.world.sealing_key("st-elsewhere").seal_key,
    )  # fmt: skip
    replace_file(folder / "organisation.json", organisation.document(), mode=PUBLIC)
    replace_file(folder / "sealing.key", scene.world.sealing_key("st-elsewhere").seed.reveal())
    app = public_app(scene.index.index, Log(Word("index"), scene.index.log_lines))
    return Administrator(
        folder=folder,
        organisation=organisation,
        key=scene.world.organisation_key("st-elsewhere"),
        index_url="http://127.0.0.1:1",
        transport=Transport(transport=httpx2.ASGITransport(app=app)),
        clock=scene.world.clock,
        randomness=os.urandom,
    )


def waiting(
    scene: Scene,
    administrator: Administrator,
    role: Role = Role.URGENT,
    *,
    gateway: GatewayCertificate | None = None,
    key: SigningKey | None = None,
) -> Person:
    """Somebody who has enrolled their device by the administrator's token, and is not approved yet."""
    name = AccountId("nurse-9")
    token = scene.index.run(
        administrator.enrol(
            name, role, terms(scene.index), manifest_fingerprint=scene.world.manifest.fingerprint(),
            out_of_hours="0113 496 0000", gateway=gateway,
        )
    )  # fmt: skip
    person = Person(
        scene.index, "st-elsewhere", Kind.HOSPITAL, name, role, token, key or SigningKey(Secret(os.urandom(32))),
        Secret(os.urandom(20)),
    )  # fmt: skip
    assert person.enrol().status_code == 202
    return person


def substitute(scene: Scene, **changed: object) -> Callable[[], None]:
    """Have the index hand on something else of the device that waits; what is returned has it hand on the truth."""
    real = scene.index.index.administration.act

    async def substituted(statement: str, *, now: int) -> object:
        answer = await real(statement, now=now)
        if answer.pending is None:
            return answer
        return answer.model_copy(update={"pending": answer.pending.model_copy(update=changed)})

    def honest() -> None:
        scene.index.index.administration.act = real  # type: ignore[method-assign]

    scene.index.index.administration.act = substituted  # type: ignore[method-assign,assignment]
    return honest


@pytest.mark.parametrize("seal", ["the device's own", "made up", "of another enrolment"])
@pytest.mark.parametrize("keys", ["both", "device", "opening"])
def test_it_can_put_no_key_of_its_own_before_the_administrator(
    scene: Scene, tmp_path: Path, seal: str, keys: str
) -> None:
    """It passes the device's keys on. One of its own comes with a seal that does not fit, and nothing is signed, nor
    sealed to it.
    """
    administrator = administering(scene, tmp_path / "keys")
    person = waiting(scene, administrator)
    true_device, true_opening, evil_opening = person.key.verify_key, person.opening, device_opening_key(EVIL).seal_key
    device = true_device if keys == "opening" else EVIL.verify_key
    opening = true_opening if keys == "device" else evil_opening
    offered = {
        "the device's own": person.token.device_seal.seal(true_device, true_opening),
        "made up": os.urandom(32),
        "of another enrolment": DeviceSeal(Secret(bytes(32))).seal(device, opening),
    }[seal]
    assert opening is not None

    honest = substitute(scene, device=device.encoding, opening=opening.encoding, device_seal=offered)
    with pytest.raises(VerificationFailed, match="not made with the token"):
        scene.index.run(administrator.approve(AccountId("nurse-9")))

    honest()
    approved = scene.index.run(administrator.approve(AccountId("nurse-9")))
    assert approved.state == "active"
    assert not list((tmp_path / "keys" / "enrolments").iterdir())
    assert AccountTerms(approved.vetting_until, approved.training_until) == terms(scene.index)


def test_it_cannot_keep_a_devices_opening_key_back(scene: Scene, tmp_path: Path) -> None:
    """Nor put one of low order in its place, to which whatever is sealed anybody opens; even with the device's help."""
    administrator = administering(scene, tmp_path / "keys")
    person = waiting(scene, administrator)
    device, seal = person.key.verify_key, person.token.device_seal
    offered: list[tuple[dict[str, object], str]] = [
        ({"opening": None}, "not made with the token"),
        ({"opening": bytes(32)}, "not made with the token"),
        ({"opening": None, "device_seal": seal.seal(device, None)}, "no key to seal to"),
        ({"opening": bytes(32), "device_seal": seal.seal(device, SealKey(bytes(32)))}, "is none"),
    ]

    for changed, why in offered:
        honest = substitute(scene, **changed)
        with pytest.raises(VerificationFailed, match=why):
            scene.index.run(administrator.approve(AccountId("nurse-9")))
        honest()
    assert [account.state for account in scene.index.run(administrator.accounts())] == ["awaiting-approval"]


@pytest.mark.parametrize("lie", ["role", "vetting", "training"])
def test_it_cannot_have_an_account_certified_as_more_than_it_was_opened_for(
    scene: Scene, tmp_path: Path, lie: str
) -> None:
    """The administrator remembers the role and the dates; what changed since by their own word is remembered too."""
    administrator = administering(scene, tmp_path / "keys")
    waiting(scene, administrator)
    real, told = scene.index.index.administration.act, terms(scene.index)
    later = told.vetting_until + dt.timedelta(days=90)
    lies: dict[str, dict[str, object]] = {
        "role": {"role": Role.MATERNITY}, "vetting": {"vetting_until": later}, "training": {"training_until": later},
    }  # fmt: skip

    async def lying(statement: str, *, now: int) -> object:
        answer = await real(statement, now=now)
        accounts = [each.model_copy(update=lies[lie]) for each in answer.accounts]
        return answer.model_copy(update={"accounts": accounts})

    scene.index.index.administration.act = lying  # type: ignore[method-assign,assignment]
    with pytest.raises(VerificationFailed, match="another role or other dates"):
        scene.index.run(administrator.approve(AccountId("nurse-9")))

    scene.index.index.administration.act = real  # type: ignore[method-assign]
    sooner = AccountTerms(told.vetting_until, told.training_until - dt.timedelta(days=7))
    scene.index.run(administrator.change_dates(AccountId("nurse-9"), sooner))
    assert scene.index.run(administrator.approve(AccountId("nurse-9"))).training_until == sooner.training_until


def test_what_is_approved_for_a_device_that_answers_notices_opens_there(scene: Scene, tmp_path: Path) -> None:
    """As the administrator's own program seals it, and the index hands it on."""
    administrator = administering(scene, tmp_path / "keys")
    person = waiting(scene, administrator)
    scene.index.run(administrator.approve(AccountId("nurse-9")))
    scene.world.clock.advance(60)

    sealed = SignInAnswer.model_validate_json(person.sign_in().text).sealing_key

    assert sealed is not None
    opened = open_organisation_key(
        sealed, device=person.key, organisation=OrganisationId("st-elsewhere"), account=AccountId("nurse-9")
    )
    assert opened.seed == scene.world.sealing_key("st-elsewhere").seed


@pytest.mark.parametrize("fault", ["missing", "of another organisation"])
def test_without_the_organisations_sealing_key_no_device_that_answers_notices_is_approved(
    scene: Scene, tmp_path: Path, fault: str
) -> None:
    """Nothing is stated, so that it can be approved once the key is there; who answers none needs none."""
    administrator = administering(scene, tmp_path / "keys")
    person = waiting(scene, administrator)
    key = tmp_path / "keys" / "sealing.key"
    key.unlink()
    if fault != "missing":
        replace_file(key, os.urandom(32))

    with pytest.raises(DeskUnusable):
        scene.index.run(administrator.approve(AccountId("nurse-9")))
    assert [account.state for account in scene.index.run(administrator.accounts())] == ["awaiting-approval"]
    replace_file(key, scene.world.sealing_key("st-elsewhere").seed.reveal())
    assert scene.index.run(administrator.approve(AccountId("nurse-9"))).state == "active"

    key.unlink()
    auditor = waiting(scene, administrator, Role.AUDITOR)
    assert auditor.opening != person.opening
    assert scene.index.run(administrator.approve(AccountId("nurse-9"))).state == "active"
