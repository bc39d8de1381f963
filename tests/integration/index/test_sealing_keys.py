"""The organisation's sealing key, on its way to a device by the index, which cannot open it (protocol.md D1)."""

from __future__ import annotations

import os

import pytest

from signpost.index.records import Account
from signpost.index.storage.accounts import _packed, _unpacked
from signpost.protocol.administration import AccountAct
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.device_opening import SEALED_KEY_BYTES, open_organisation_key
from signpost.protocol.encoding import canonical_json, parse_canonical_json
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import SignInAnswer
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.sealing import SealBroken
from tests.integration.index.conftest import Scene
from tests.integration.index.test_at_rest import everything_stored, spellings
from tests.integration.index.test_signing_in import act, told
from tests.support.people import Person, enrol, opened


def given_back(person: Person) -> bytes | None:
    """What a sign-in brings of it."""
    person.index.world.clock.advance(60)
    answer = person.sign_in()
    assert answer.status_code == 200, answer.text
    return SignInAnswer.model_validate_json(answer.text).sealing_key


def opens(person: Person, sealed: bytes, device: SigningKey) -> bool:
    """Whether a device opens it, as the key that the organisation has."""
    organisation, account = OrganisationId(person.organisation), AccountId(person.account)
    try:
        key = open_organisation_key(sealed, device=device, organisation=organisation, account=account)
    except SealBroken:
        return False
    assert key.seed == person.index.world.sealing_key(person.organisation).seed
    return True


def row_of(scene: Scene) -> Account:
    """The nurse's account as the index keeps it."""
    kept = scene.index.index.signing_in._accounts.account(OrganisationId("st-elsewhere"), AccountId("nurse-1"))
    assert kept is not None
    return kept


@pytest.mark.parametrize("role", [Role.URGENT, Role.PRACTITIONER, Role.MATERNITY])
def test_it_opens_on_the_device_that_was_approved_and_on_no_other(scene: Scene, role: Role) -> None:
    """At every sign-in, also after the account was suspended and reinstated; a colleague's is another."""
    person, colleague = enrol(scene.index, role=role), enrol(scene.index, "nurse-2", role)

    sealed = given_back(person)

    assert sealed is not None
    assert opens(person, sealed, person.key)
    assert not opens(person, sealed, colleague.key)
    assert not opens(colleague, sealed, colleague.key)
    for what in (AccountAct.SUSPEND, AccountAct.REINSTATE):
        assert told(act(person, what)) == (200, None)
    assert given_back(person) == sealed


@pytest.mark.parametrize(
    ("role", "organisation", "kind"),
    [
        (Role.FEED, "northtown", Kind.COUNCIL),
        (Role.SHIELDING_OFFICER, "northtown", Kind.COUNCIL),
        (Role.RIGHTS_OFFICER, "northtown", Kind.COUNCIL),
        (Role.AUDITOR, "st-elsewhere", Kind.HOSPITAL),
    ],
)
def test_who_answers_no_notices_has_none(scene: Scene, role: Role, organisation: str, kind: Kind) -> None:
    """And the index takes none for them, should an administrator's program say one."""
    person = opened(scene.index, "other-1", role, organisation, kind)
    assert told(person.enrol()) == (202, None)

    assert told(person.approve(sealing_key=os.urandom(SEALED_KEY_BYTES))) == (401, "statement-invalid")
    assert told(person.approve()) == (200, None)
    assert given_back(person) is None


def test_a_machine_offers_no_opening_key_and_a_person_must(scene: Scene) -> None:
    """Refused before anything is bound: the token stays good."""
    feed = opened(scene.index, "feed-1", Role.FEED, organisation="northtown", kind=Kind.COUNCIL)
    person = opened(scene.index)

    assert told(feed.enrol(opening=os.urandom(32))) == (422, "malformed")
    assert told(person.enrol(opening=None)) == (422, "malformed")
    assert [told(each.enrol()) for each in (feed, person)] == [(202, None)] * 2


def test_the_administrator_is_handed_the_opening_key_that_was_offered(scene: Scene) -> None:
    """With the seal that covers it; a machine's is null."""
    feed = opened(scene.index, "feed-1", Role.FEED, organisation="northtown", kind=Kind.COUNCIL)
    person = opened(scene.index)
    for each in (feed, person):
        each.enrol()

    waiting = [act(each, AccountAct.PENDING).json()["pending"] for each in (feed, person)]

    assert person.opening is not None
    assert waiting[0]["opening"] is None
    assert waiting[1]["opening"] == person.opening.text


def test_enrolling_anew_leaves_nothing_of_the_old_one(scene: Scene) -> None:
    """The old device had it; the account has none until its new device is approved, and then one for that."""
    person = enrol(scene.index)
    before = given_back(person)
    assert before is not None

    again = opened(scene.index)
    assert again.enrol().status_code == 202
    kept = row_of(scene)
    assert kept.sealing_key is None
    assert again.opening is not None
    assert kept.opening == again.opening.encoding
    assert told(again.approve()) == (200, None)
    after = given_back(again)
    assert after is not None
    assert not opens(again, before, again.key)
    assert not opens(again, after, person.key)
    assert opens(again, after, again.key)


def test_the_index_holds_nothing_that_opens_it(scene: Scene) -> None:
    """Neither the organisation's key nor what it is sealed to, in any file or log line; nor the sealed key in clear."""
    person = enrol(scene.index)
    sealed = given_back(person)
    assert sealed is not None
    assert person.opening is not None

    everything = everything_stored(scene.index.folder) + scene.index.log_lines.getvalue().encode()

    for raw in (scene.world.sealing_key("st-elsewhere").seed.reveal(), sealed, person.opening.encoding):
        assert not any(spelling in everything for spelling in spellings(raw))


def test_an_account_from_before_has_none_and_signs_in(scene: Scene) -> None:
    """A row of an earlier version lacks both fields."""
    person = enrol(scene.index)
    kept = row_of(scene)
    packed = parse_canonical_json(_packed(kept))
    assert isinstance(packed, dict)
    older = canonical_json({name: value for name, value in packed.items() if name not in ("opening", "sealing_key")})

    read = _unpacked(kept.organisation, older)

    assert (read.opening, read.sealing_key) == (None, None)
    assert (read.device, read.certificate) == (kept.device, kept.certificate)
    again = opened(scene.index, "nurse-2")
    again.enrol()
    assert told(again.approve(sealing_key=None)) == (200, None)
    assert given_back(again) is None
    assert given_back(person) is not None


def test_a_sign_in_answer_of_another_form_is_none() -> None:
    """79 bytes are no sealed key."""
    answer = {
        "certificate": "c" * 20, "credential": "c" * 20, "expires_at": 1, "ended_shift_of": None,
        "sealing_key": "A" * 106,
    }  # fmt: skip

    with pytest.raises(ValueError, match="sealing_key"):
        SignInAnswer.model_validate(answer)
    assert SignInAnswer.model_validate({**answer, "sealing_key": None}).sealing_key is None
