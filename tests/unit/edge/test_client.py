"""The one question, from a child's details to a verified answer, against services that keep the protocol."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from signpost.edge.client import Answer, Client
from signpost.edge.desk import Desk
from signpost.edge.failures import BudgetUsed, CouldNotCheck, DeskUnusable, Failure, NothingToAsk, Refused, SignIn
from signpost.edge.identifiers import UPN, NHSNumber
from signpost.edge.match_inputs import ChildDetails, match_inputs
from signpost.edge.slots import registration_slots
from signpost.edge.transport import Transport
from signpost.protocol.classes import MatchClass, Use, fits_profile
from signpost.protocol.encoding import from_base64url
from signpost.protocol.group import multiply
from signpost.protocol.messages import AnswerWord, EvaluationRequest, LookupRequest
from signpost.protocol.oprf import SUITE
from signpost.protocol.purposes import DeepReason, Purpose, Role, Urgency
from signpost.protocol.secret import Secret
from tests.support.pretend_services import Fault, Pretence

CHILD = ChildDetails(
    nhs_number=NHSNumber.parse("999 000 0042"), upns=(UPN.parse("A950000178301"),), date_of_birth=date(2015, 4, 3)
)


def client_of(pretence: Pretence, folder: Path) -> Client:
    desk = Desk.load(pretence.make_desk(folder / "desk"))
    return Client(desk, clock=pretence.clock, transport=Transport(transport=pretence.transport()))


def look_up(
    pretence: Pretence,
    folder: Path,
    child: ChildDetails = CHILD,
    *,
    purpose: Purpose | None = None,
    deep: DeepReason | None = None,
) -> Answer:
    async def ask() -> Answer:
        async with client_of(pretence, folder) as client:
            return await client.lookup(child, purpose=purpose, urgency=Urgency.NOW, deep=deep)

    return asyncio.run(ask())


def asked_of_the_index(pretence: Pretence) -> LookupRequest:
    """The last question that reached it."""
    return LookupRequest.model_validate_json(pretence.arrived[0][-1].body)


def test_an_authority_that_is_none_is_named(tmp_path: Path) -> None:
    desk = Desk.load(Pretence().make_desk(tmp_path / "desk"))
    for content in (None, "no certificate"):
        if content is not None:
            (tmp_path / "desk" / "ca.pem").write_text(content)
        broken = replace(desk, settings=desk.settings.model_copy(update={"ca_file": "ca.pem"}))

        with pytest.raises(DeskUnusable, match="ca_file"):
            Client(broken)


@pytest.mark.parametrize("word", ["current", "previous", "possible", "none"])
def test_the_answer_is_the_indexs_one_word(tmp_path: Path, word: AnswerWord) -> None:
    pretence = Pretence(word=word)

    answer = look_up(pretence, tmp_path)

    assert (answer.word, answer.receipt, answer.call_back_waits_days) == (word, "K7Q2-94KD", 28)
    assert (answer.coverage.up_to_date, answer.coverage.expected) == (147, 153)
    assert answer.faults == ()


def test_the_tags_are_those_of_the_key_that_nobody_has(tmp_path: Path) -> None:
    """k · H2C(x) for each match input, and twelve tags in all."""
    pretence = Pretence()

    look_up(pretence, tmp_path)

    sent = json.loads(pretence.arrived[0][-1].body)
    expected = {
        multiply(pretence.whole_key(), SUITE.hash_to_group(found.encoded())).encoding
        for found in match_inputs(CHILD, Use.LOOKUP)
    }
    tags = {from_base64url(each["tag"]) for each in sent["tags"]}
    assert len(expected) == 2
    assert expected <= tags
    assert len(tags) == 12


def test_two_lookups_of_one_child_share_only_the_childs_own_tags(tmp_path: Path) -> None:
    """Padding and order are fresh each time."""
    pretence = Pretence()

    look_up(pretence, tmp_path / "first")
    look_up(pretence, tmp_path / "second")

    first, second = (
        [each["tag"] for each in json.loads(arrived.body)["tags"]]
        for arrived in pretence.arrived[0]
        if arrived.path == "/v1/lookups"
    )
    assert len(set(first) & set(second)) == len(match_inputs(CHILD, Use.LOOKUP))


def test_an_ordinary_lookup_looks_alike_whatever_the_name(tmp_path: Path) -> None:
    """A name so common that no input is made of it, a rare one, and none."""
    named = ChildDetails(forename="Zebedee", surname="Quillfeather", date_of_birth=date(2015, 4, 3))
    for child in (CHILD, named, replace(named, forename="Oliver", surname="Smith", nhs_number=CHILD.nhs_number)):
        pretence = Pretence()

        look_up(pretence, tmp_path / str(child.forename), child)

        asked = asked_of_the_index(pretence)
        assert asked.deep is None
        assert fits_profile(Use.LOOKUP, (tag.place for tag in asked.tags))


def test_a_deep_lookup_is_of_24_points_and_says_why(tmp_path: Path) -> None:
    """At the holders a kind of its own, at the index its reason."""
    pretence = Pretence(word="possible")

    assert look_up(pretence, tmp_path, deep=DeepReason.NAME_UNSURE).word == "possible"

    asked = asked_of_the_index(pretence)
    assert asked.deep is DeepReason.NAME_UNSURE
    assert fits_profile(Use.DEEP, (tag.place for tag in asked.tags))
    evaluated = [
        EvaluationRequest.model_validate_json(arrived.body) for n in (1, 2, 3) for arrived in pretence.arrived[n]
    ]
    assert {(each.kind, len(each.points)) for each in evaluated} == {(Use.DEEP, 24 * 32)}


MOTHER = NHSNumber.parse("999 000 0018")
LAST_MONTHS = timedelta(days=200)


@pytest.mark.parametrize(
    ("role", "born", "due", "asked"),
    [
        (Role.URGENT, None, LAST_MONTHS, True),
        (Role.URGENT, -timedelta(days=1), None, True),
        (Role.URGENT, -timedelta(days=546), None, True),
        (Role.URGENT, -timedelta(days=547), None, False),
        (Role.URGENT, None, -timedelta(days=547), False),
        (Role.PRACTITIONER, None, LAST_MONTHS, False),
        (Role.PRACTITIONER, -timedelta(days=1), None, False),
    ],
)
@pytest.mark.parametrize("deep", [None, DeepReason.NO_NUMBER])
def test_the_mothers_number_is_used_by_urgent_roles_about_the_very_young(
    tmp_path: Path, role: Role, born: timedelta | None, due: timedelta | None, asked: bool, deep: DeepReason | None
) -> None:
    """Unborn or under eighteen months; otherwise it is left out before anything is asked."""
    pretence = Pretence(role=role)
    today = datetime.fromtimestamp(pretence.clock.now(), tz=UTC).date()
    child = ChildDetails(
        forename="Zebedee",
        surname="Quillfeather",
        nhs_number=CHILD.nhs_number,
        date_of_birth=None if born is None else today + born,
        expected_on=None if due is None else today + due,
        mother_nhs_number=MOTHER,
    )

    try:
        look_up(pretence, tmp_path, child, deep=deep)
    except NothingToAsk:  # of an unborn child there is nothing else
        assert (born, asked) == (None, False)
        assert not any(pretence.arrived.values())
        return

    classes = [tag.match_class for tag in asked_of_the_index(pretence).tags]
    assert classes.count(MatchClass.MATERNAL) == (3 if asked else 0)


def test_exactly_t_holders_are_asked_and_their_receipts_presented(tmp_path: Path) -> None:
    pretence = Pretence()

    look_up(pretence, tmp_path)

    asked = [number for number in (1, 2, 3) if pretence.arrived[number]]
    assert len(asked) == 2
    assert len(json.loads(pretence.arrived[0][-1].body)["receipts"]) == 2


def test_nothing_that_is_sent_holds_the_childs_details(tmp_path: Path) -> None:
    pretence = Pretence()

    look_up(pretence, tmp_path)

    sent = b"".join(
        arrived.path.encode() + str(arrived.headers).encode() + arrived.body
        for service in pretence.arrived.values()
        for arrived in service
    )
    for secret in (b"9990000042", b"999 000 0042", b"A950000178301", b"2015-04-03", b"2015-03-04"):
        assert secret not in sent


def test_a_child_that_gives_no_match_input_is_asked_about_nowhere(tmp_path: Path) -> None:
    pretence = Pretence()

    with pytest.raises(NothingToAsk):
        look_up(pretence, tmp_path, ChildDetails(date_of_birth=date(2015, 4, 3)))

    assert not any(pretence.arrived.values())


def test_the_purpose_is_the_first_of_the_roles_when_none_is_named(tmp_path: Path) -> None:
    pretence = Pretence(role=Role.PRACTITIONER)

    look_up(pretence, tmp_path)

    assert json.loads(pretence.arrived[0][-1].body)["purpose"] == "s11"


def test_a_purpose_the_role_may_not_use_is_refused_here(tmp_path: Path) -> None:
    pretence = Pretence(role=Role.URGENT)

    with pytest.raises(Refused):
        look_up(pretence, tmp_path, purpose=Purpose.SECTION_17)

    assert not any(pretence.arrived.values())


def test_a_feeds_device_looks_nobody_up(tmp_path: Path) -> None:
    pretence = Pretence(role=Role.FEED)

    with pytest.raises(Refused):
        look_up(pretence, tmp_path)

    assert not any(pretence.arrived.values())


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (Fault.SILENT, CouldNotCheck),
        (Fault.NOT_JSON, CouldNotCheck),
        (Fault.REDIRECT, CouldNotCheck),
        (Fault.ENDLESS, CouldNotCheck),
        (Fault.OVERLOADED, CouldNotCheck),
        (Fault.EPOCH_UNKNOWN, CouldNotCheck),
        (Fault.UNKNOWN_REFUSAL, CouldNotCheck),
        (Fault.BUDGET_USED, BudgetUsed),
        (Fault.CREDENTIAL_EXPIRED, SignIn),
        (Fault.REVOKED, SignIn),
        (Fault.ROLE_REFUSED, Refused),
    ],
)
def test_an_index_that_gives_no_definite_answer_is_never_a_no(
    tmp_path: Path, fault: Fault, failure: type[Failure]
) -> None:
    """Whatever it does instead is raised, by what the asker can do about it."""
    pretence = Pretence(faults={0: fault})

    with pytest.raises(failure):
        look_up(pretence, tmp_path)


def test_a_lost_answer_is_not_asked_for_twice(tmp_path: Path) -> None:
    """The receipts are spent: a second request could only be refused."""
    pretence = Pretence(drop_replies=1)

    with pytest.raises(CouldNotCheck):
        look_up(pretence, tmp_path)

    assert len(pretence.arrived[0]) == 1


def test_a_feeds_batch_comes_back_child_by_child(tmp_path: Path) -> None:
    """21 children are one batch of 252 points; each gets the tags of its own slots, in their order."""
    pretence = Pretence(role=Role.FEED)
    secret = Secret(os.urandom(32))
    children = [
        registration_slots(match_inputs(CHILD, Use.REGISTER), reference=bytes([n]) * 16, organisation_secret=secret)
        for n in range(21)
    ]

    async def evaluate() -> None:
        async with client_of(pretence, tmp_path) as client:
            batch = await client.evaluate_batch(Use.REGISTER, children)

            key = pretence.whole_key()
            assert (batch.epoch, len(batch.receipts), len(batch.children)) == (1, 2, 21)
            for number, slots in enumerate(children):
                tags = batch.tags(number)
                assert [tag.match_class for tag in tags] == [slot.match_class for slot in slots]
                assert tags[3].tag == multiply(key, SUITE.hash_to_group(slots[3].x)).encoding

    asyncio.run(evaluate())
