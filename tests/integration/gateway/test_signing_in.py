"""Somebody at their organisation's gateway: enrolled, approved and signed in by the programs that do it, and answered
by real key holders and a real index (D2).
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from signpost.edge.client import Client
from signpost.edge.failures import CouldNotCheck, DeskUnusable, Failure, Refused, VerificationFailed
from signpost.edge.gateway.files import GatewayFiles, install, make_gateway_key, read_certified
from signpost.edge.gateway.signing_in import OpenedShift, enrol_at_gateway
from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.signed_sender import Identity
from signpost.edge.signing_in import Chosen, enrol_device
from signpost.protocol.credentials import SHIFT_SECONDS, AccountId, EnrolmentCertificate
from signpost.protocol.messages import AnswerWord
from signpost.protocol.one_time_codes import STEP_SECONDS, code_of
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Role, Urgency
from signpost.protocol.secret import Secret
from tests.support.people import terms
from tests.support.whole_gateway import WholeGateway, open_whole_gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[WholeGateway]:
    """Northtown's."""
    with open_whole_gateway(tmp_path) as whole:
        yield whole


def look_up(gateway: WholeGateway, shift: OpenedShift) -> AnswerWord:
    """What a lookup of a made-up child is answered, through the key holders."""
    child = ChildDetails(nhs_number=NHSNumber.parse("9990000018"), date_of_birth=dt.date(2018, 3, 4))
    client = Client(shift.desk, clock=gateway.index.world.clock, transport=gateway.transport)
    return gateway.index.run(client.lookup(child, urgency=Urgency.TODAY)).word


def lie(gateway: WholeGateway, monkeypatch: pytest.MonkeyPatch, **lies: object) -> None:
    """Have the index say these of whoever signs in."""
    signing_in = gateway.index.index.signing_in
    real = signing_in.sign_in

    async def lying(*given: object, **named: object) -> object:
        answer = await real(*given, **named)  # type: ignore[arg-type]
        return answer.model_copy(update=lies)

    monkeypatch.setattr(signing_in, "sign_in", lying)


def test_a_session_is_answered_by_the_key_holders_and_the_index(gateway: WholeGateway) -> None:
    """And its organisation's own sealing key is there to read case references with."""
    worker = gateway.enrol("worker-1")

    shift = gateway.sign_in(worker)

    assert look_up(gateway, shift) == "none"
    assert shift.opening is not None
    assert shift.opening.seed == gateway.index.world.sealing_key("northtown").seed


def test_a_role_that_answers_no_notices_opens_no_case_references(
    gateway: WholeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who answered notices has another role now, and an index gives what their key was sealed to then."""
    key, certificate = gateway.index.world.organisation_key("northtown"), gateway.files.certified.certificate
    wider = replace(certificate, roles=certificate.roles | {Role.RIGHTS_OFFICER})
    certified = replace(gateway.files.certified, token=wider.sign(key), certificate=wider)
    gateway.files = replace(gateway.files, certified=certified)
    worker = gateway.enrol("worker-1")
    identity = gateway.sign_in(worker).desk.identity
    assert isinstance(identity, Identity)
    own = EnrolmentCertificate.read(identity.certificate.split("~")[0], key.verify_key)
    lie(gateway, monkeypatch, certificate=replace(own, role=Role.RIGHTS_OFFICER).sign(key))

    shift = gateway.sign_in(worker)

    assert shift.desk.settings.role is Role.RIGHTS_OFFICER
    assert shift.opening is None


def test_nothing_of_a_session_is_on_the_gateways_disk(gateway: WholeGateway) -> None:
    """Its key is in memory alone: restart the gateway, and everybody signs in again."""
    before = {path.name: path.read_bytes() for path in gateway.files.folder.iterdir()}

    shift = gateway.sign_in(gateway.enrol("worker-1"))

    assert {path.name: path.read_bytes() for path in gateway.files.folder.iterdir()} == before
    assert set(before) == {"gateway.key", "gateway.json", "manifest.json"}
    assert (gateway.files.folder / "gateway.key").stat().st_mode & 0o777 == 0o600
    assert "key" not in repr(shift)


@pytest.mark.parametrize("whose", ["certificate", "account"])
def test_the_key_holders_refuse_what_was_taken_back(gateway: WholeGateway, whose: str) -> None:
    """Once their list says so: the whole gateway by its certificate's identifier, or the account."""
    worker = gateway.enrol("worker-1")
    shift = gateway.sign_in(worker)
    revoked = {
        "certificate": {"certificates": (gateway.files.certified.certificate.identifier,)},
        "account": {"accounts": (("northtown", "worker-1"),)},
    }[whose]

    for holder in gateway.holders:
        holder.take_revocations(**revoked)  # type: ignore[arg-type]

    with pytest.raises(Failure) as refused:
        look_up(gateway, shift)
    assert refused.value.code is ProblemCode.REVOKED


def test_a_token_of_another_organisation_is_not_used_here(gateway: WholeGateway) -> None:
    """The gateway would bind its key to nothing that it can sign in."""
    token = gateway.open_account("worker-1", Role.PRACTITIONER)
    chosen = Chosen("x", Secret(os.urandom(20)), "000000")
    for other in (replace(token, index_url="https://elsewhere.example"), replace(token, organisation="southtown")):  # type: ignore[arg-type]
        with pytest.raises(Refused):
            gateway.index.run(enrol_at_gateway(gateway.files, other, chosen, transport=gateway.transport))


def test_an_account_that_was_opened_for_a_device_is_not_approved_at_a_gateway(gateway: WholeGateway) -> None:
    """Else the gateway's own key, which rests on a disk, would be that account's device."""
    token = gateway.index.run(
        gateway.administrator.enrol(
            AccountId("worker-1"), Role.PRACTITIONER, terms(gateway.index),
            manifest_fingerprint=gateway.index.world.manifest.fingerprint(), out_of_hours="0113 496 0000",
        )
    )  # fmt: skip
    codes = Secret(os.urandom(20))
    chosen = Chosen(
        "quiet harbour violin ladder", codes, code_of(codes, gateway.index.world.clock.now() // STEP_SECONDS)
    )
    gateway.index.run(enrol_at_gateway(gateway.files, token, chosen, transport=gateway.transport))

    with pytest.raises(VerificationFailed, match="used at a gateway"):
        gateway.index.run(gateway.administrator.approve(AccountId("worker-1")))
    assert [each.state for each in gateway.index.run(gateway.administrator.accounts())] == ["awaiting-approval"]


@pytest.mark.parametrize("whose", ["nobody's", "a colleague's", "a device's"])
def test_an_index_that_gives_another_certificate_is_not_believed(
    gateway: WholeGateway, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """Not signed by the organisation, of another of its accounts, or of one with a device of its own."""
    worker = gateway.enrol("worker-1")
    identity = gateway.sign_in(gateway.enrol("worker-2", Role.URGENT)).desk.identity
    assert isinstance(identity, Identity)
    mine = identity.certificate.split("~")[0]
    key = gateway.index.world.organisation_key("northtown")
    own = EnrolmentCertificate.read(mine, key.verify_key)
    given = {
        "nobody's": gateway.files.certified.token,
        "a colleague's": mine,
        "a device's": replace(own, account=worker.account, role=worker.role, at_gateway=False).sign(key),
    }[whose]
    lie(gateway, monkeypatch, certificate=given)

    with pytest.raises(CouldNotCheck, match="did not sign"):
        gateway.sign_in(worker)


def test_an_index_that_says_longer_makes_no_session_longer(
    gateway: WholeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session's key would stay in the gateway's memory for as long as anybody used it."""
    worker = gateway.enrol("worker-1")
    lie(gateway, monkeypatch, expires_at=gateway.index.world.clock.now() + 365 * 86_400)

    shift = gateway.sign_in(worker)

    assert shift.expires_at == gateway.index.world.clock.now() + SHIFT_SECONDS


def test_a_gateways_folder_is_of_one_key_and_the_manifest_that_was_named(gateway: WholeGateway, tmp_path: Path) -> None:
    """What was certified for another key is not taken, nor another manifest; nor a key that others can read."""
    certified, manifest = gateway.files.certified, (gateway.files.folder / "manifest.json").read_bytes()
    other = tmp_path / "other"
    make_gateway_key(other, randomness=os.urandom)

    with pytest.raises(DeskUnusable, match="another gateway"):
        install(other, certified, manifest=manifest)
    with pytest.raises(VerificationFailed):
        install(gateway.files.folder, certified, manifest=manifest.replace(b"1", b"2", 1))
    with pytest.raises(DeskUnusable, match="key already"):
        make_gateway_key(other, randomness=os.urandom)
    (gateway.files.folder / "gateway.key").chmod(0o644)
    with pytest.raises(DeskUnusable):
        GatewayFiles.load(gateway.files.folder)


@pytest.mark.parametrize("spoilt", [b"{}", b"not json", b""])
def test_what_was_certified_is_of_its_form_or_not_taken(tmp_path: Path, spoilt: bytes) -> None:
    (tmp_path / "gateway.json").write_bytes(spoilt)

    with pytest.raises(DeskUnusable):
        read_certified(tmp_path / "gateway.json")


def test_an_administrator_stops_every_account_of_a_gateway_at_once(gateway: WholeGateway) -> None:
    """Those of this gateway alone, and whoever is suspended already is passed over."""
    shifts = [gateway.sign_in(gateway.enrol(name)) for name in ("worker-1", "worker-2")]
    other = gateway.administrator.folder / "gateway-accounts" / "worker-3.key"
    other.write_text("A" * 43)
    gateway.index.run(gateway.administrator.suspend(AccountId("worker-2")))

    stopped = gateway.index.run(gateway.administrator.suspend_at(gateway.files.key.verify_key))

    assert [(each.account, each.state) for each in stopped] == [("worker-1", "suspended")]
    for shift in shifts:
        with pytest.raises(Failure) as refused:
            gateway.index.run(
                Client(shift.desk, clock=gateway.index.world.clock, transport=gateway.transport).index.inbox()
            )
        assert refused.value.code is ProblemCode.REVOKED
    assert gateway.index.run(gateway.administrator.suspend_at(gateway.files.key.verify_key)) == []


def test_an_account_whose_approval_went_unanswered_is_stopped_with_the_gateway(
    gateway: WholeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index has approved it; the administrator's own line failed."""
    administration = gateway.index.index.administration
    real = administration.act

    async def unanswered(token: str, *, now: int) -> object:
        answer = await real(token, now=now)
        if answer.accounts[0].state == "active":
            raise Problem(ProblemCode.OVERLOADED)
        return answer

    monkeypatch.setattr(administration, "act", unanswered)
    with pytest.raises(Failure):
        gateway.enrol("worker-1")
    monkeypatch.undo()

    stopped = gateway.index.run(gateway.administrator.suspend_at(gateway.files.key.verify_key))

    assert [(each.account, each.state) for each in stopped] == [("worker-1", "suspended")]


def test_an_account_that_is_enrolled_on_a_device_is_a_gateways_no_more(gateway: WholeGateway) -> None:
    gateway.enrol("worker-1")
    noted = gateway.administrator.folder / "gateway-accounts" / "worker-1.key"
    assert noted.stat().st_mode & 0o777 == 0o600
    token = gateway.index.run(
        gateway.administrator.enrol(
            AccountId("worker-1"), Role.PRACTITIONER, terms(gateway.index),
            manifest_fingerprint=gateway.index.world.manifest.fingerprint(), out_of_hours="0113 496 0000",
        )
    )  # fmt: skip
    codes = Secret(os.urandom(20))
    code = code_of(codes, gateway.index.world.clock.now() // STEP_SECONDS)
    gateway.index.run(
        enrol_device(
            gateway.files.folder.parent / "device", token, Chosen("quiet harbour violin ladder", codes, code),
            ca_file=None, transport=gateway.transport, randomness=os.urandom,
        )
    )  # fmt: skip
    gateway.index.run(gateway.administrator.approve(AccountId("worker-1")))

    assert not noted.exists()
    assert gateway.index.run(gateway.administrator.suspend_at(gateway.files.key.verify_key)) == []
