"""One holder's side of a ceremony rests on its disk: killed, it goes on; cheated, it names who did (A1, A2)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signpost.protocol.encoding import canonical_json, from_base64url, to_base64url
from signpost.protocol.group import Scalar, base_multiply
from signpost.protocol.key_generation import Round
from signpost.protocol.keys import VerifyKey, digest
from signpost.protocol.labels import Label
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.roster import Roster, RosterEntry
from signpost.protocol.sealing import OpeningKey, SealKey
from signpost.protocol.secret import Secret
from signpost.protocol.threshold import lagrange_at_zero
from signpost_keys.ceremony import Ceremony, CeremonyStopped, Exchange
from signpost_keys.custody import Custody, make_identity
from signpost_keys.folder import HolderFolder
from tests.support.one_holder import CHEAP, PASSPHRASE

Change = Callable[[dict[str, Any]], None]


@dataclass
class Custodian:
    """One holder's folder and address; `ceremony()` is what a process that has just started and been opened has."""

    folder: HolderFolder
    url: str

    def custody(self) -> Custody:
        custody = Custody(self.folder, url=self.url)
        custody.unlock(*custody.open_files(PASSPHRASE))
        return custody

    def ceremony(self) -> Ceremony:
        return Ceremony(self.custody(), os.urandom)

    def exchange(self, *messages: bytes) -> Exchange:
        return self.ceremony().exchange(messages)

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.path.iterdir()}


def _custodians(path: Path, count: int = 3) -> list[Custodian]:
    made = [Custodian(HolderFolder(path / str(n)), f"http://127.0.0.1:{9000 + n}") for n in range(1, count + 1)]
    for custodian in made:
        make_identity(custodian.folder, PASSPHRASE, os.urandom, cost=CHEAP)
    return made


def _roster(custodians: Sequence[Custodian], threshold: int = 2) -> Roster:
    entries = []
    for custodian in custodians:
        identity = custodian.custody().identity.at(custodian.url)
        entries.append(
            RosterEntry(identity.url, VerifyKey.parse(identity.signing_key), SealKey.parse(identity.sealing_key))
        )
    return Roster(os.urandom(16), threshold, tuple(entries))


@pytest.fixture
def three(tmp_path: Path) -> list[Custodian]:
    """Three custodians who have approved one roster."""
    custodians = _custodians(tmp_path)
    roster = _roster(custodians)
    for custodian in custodians:
        custodian.ceremony().approve(roster.canonical())
    return custodians


def _play(custodians: Sequence[Custodian], *, passes: int = 10) -> bool:
    """Relays everything to everybody; whether all have finished."""
    said: list[bytes] = []
    finished = 0
    for _ in range(passes):
        finished = 0
        for custodian in custodians:
            own = set(custodian.exchange().messages)
            exchange = custodian.exchange(*(message for message in said if message not in own))
            said += [message for message in exchange.messages if message not in said]
            finished += exchange.finished
        if finished == len(custodians):
            return True
    return False


def _round(custodians: Sequence[Custodian], *messages: Sequence[bytes]) -> list[bytes]:
    """Gives each custodian its list of messages, and the newest message of each."""
    given = messages or ([],) * len(custodians)
    return [custodian.exchange(*own).messages[-1] for custodian, own in zip(custodians, given, strict=True)]


def _others(messages: Sequence[bytes], own: int) -> list[bytes]:
    return [message for at, message in enumerate(messages) if at != own]


def _forge(liar: Custodian, message: bytes, change: Change) -> bytes:
    """The liar's message with another payload, signed by the liar all the same."""
    opened = liar.custody().opened
    assert opened is not None
    fields = json.loads(message)
    change(fields["payload"])
    signature = opened.signing_key.sign(
        Label.CEREMONY_MESSAGE,
        fields["roster"],
        bytes([fields["round"], fields["sender"]]),
        canonical_json(fields["payload"]),
    )
    fields["signature"] = to_base64url(signature)
    return canonical_json(fields)


def _until(custodians: Sequence[Custodian], last: Round) -> list[bytes]:
    """An honest ceremony up to and including this round; its messages of that round, in order."""
    messages = _round(custodians)
    for _ in range(last - 1):
        messages = _round(custodians, *(_others(messages, own) for own in range(len(custodians))))
    return messages


# -- an honest ceremony -----------------------------------------------------------------------------------------------


def test_every_holder_ends_with_its_share_of_one_key(three: list[Custodian]) -> None:
    assert _play(three)

    keys = [custodian.custody().key for custodian in three]
    assert all(key is not None for key in keys)
    shares = {key.entry.number: key.share for key in keys if key is not None}
    manifests = {custodian.folder.manifest.read_bytes() for custodian in three}
    assert len(manifests) == 1
    custody = three[0].custody()
    assert custody.manifest is not None
    for chosen in ((1, 2), (1, 3), (2, 3)):
        whole = Scalar.from_int(0)
        for number, weight in lagrange_at_zero(chosen).items():
            whole = whole + weight * shares[number]
        assert base_multiply(whole) == custody.manifest.manifest.public_key


def test_a_holder_that_dies_after_every_single_step_goes_on(three: list[Custodian]) -> None:
    """Each exchange of these tests is by a new process's worth of objects: nothing but the disk is carried over. Here
    the answer is also lost each time, and asked for again: it is the same, byte for byte.
    """
    said: list[bytes] = []
    for _ in range(6):
        for custodian in three:
            custodian.exchange()
            own = set(custodian.exchange().messages)
            for message in said:
                if message not in own:
                    lost = custodian.exchange(message)
                    assert custodian.exchange(message) == lost
            said += [message for message in custodian.exchange().messages if message not in said]

    assert all(custodian.custody().key is not None for custodian in three)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_messages_may_come_in_any_order_and_again(tmp_path_factory: pytest.TempPathFactory, random: Any) -> None:
    """A relay that shuffles, repeats and delays only delays."""
    custodians = _custodians(tmp_path_factory.mktemp("holders"))
    roster = _roster(custodians)
    for custodian in custodians:
        custodian.ceremony().approve(roster.canonical())
    said: list[bytes] = []

    for _ in range(40):
        custodian = random.choice(custodians)
        own = set(custodian.exchange().messages)
        others = [message for message in said if message not in own]
        chosen = random.choices(others, k=random.randint(0, 2 * len(others))) if others else []
        said += [message for message in custodian.exchange(*chosen).messages if message not in said]

    assert _play(custodians)


def test_a_share_is_kept_before_the_dealing_is_erased(three: list[Custodian], monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the two, a holder has its share and finishes the erasing when it is opened."""
    confirms = _until(three, Round.CONFIRM)
    replace = HolderFolder.replace
    kept: list[str] = []

    def dies_at_the_second_ceremony_file(self: HolderFolder, path: Path, content: bytes) -> None:
        kept.append(path.name)
        if kept.count("ceremony.sealed") == 2:
            raise KeyboardInterrupt
        replace(self, path, content)

    with monkeypatch.context() as killed:
        killed.setattr(HolderFolder, "replace", dies_at_the_second_ceremony_file)
        with pytest.raises(KeyboardInterrupt):
            three[0].exchange(*_others(confirms, 0))
    assert kept == ["ceremony.sealed", "manifest.json", "share.sealed", "ceremony.sealed"]
    state_before = three[0].contents()["ceremony.sealed"]

    exchange = three[0].exchange()

    assert exchange.finished
    assert exchange.messages == (confirms[0],)
    assert len(three[0].contents()["ceremony.sealed"]) < len(state_before)
    assert three[0].custody().state == "serving"


@pytest.mark.parametrize("survives", [0, 1, 2, 3])
def test_a_holder_killed_while_it_keeps_its_share_keeps_it_later(
    three: list[Custodian], monkeypatch: pytest.MonkeyPatch, survives: int
) -> None:
    """Whichever of the last four files was the last to reach the disk, the next exchange finishes."""
    confirms = _until(three, Round.CONFIRM)
    replace = HolderFolder.replace
    kept: list[str] = []

    def dies(self: HolderFolder, path: Path, content: bytes) -> None:
        if len(kept) == survives:
            raise KeyboardInterrupt
        kept.append(path.name)
        replace(self, path, content)

    with monkeypatch.context() as killed:
        killed.setattr(HolderFolder, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            three[0].exchange(*_others(confirms, 0))

    assert three[0].exchange(*_others(confirms, 0)).finished
    assert three[0].custody().state == "serving"


def test_when_it_is_over_only_a_public_signature_is_left_of_it(three: list[Custodian]) -> None:
    """The dealing, from which with all others' the key could be made, is gone with everything others sent."""
    assert _play(three)

    for custodian in three:
        opened = custodian.custody().opened
        assert opened is not None
        state = json.loads(opened.open_ceremony(custodian.folder.ceremony.read_bytes()))
        assert state["dealing"] is None
        assert state["others"] == []
        assert list(state["own"]) == [str(int(Round.CONFIRM))]


# -- the custodian's approval -----------------------------------------------------------------------------------------


def test_nothing_is_said_before_the_custodian_approves(tmp_path: Path) -> None:
    (custodian,) = _custodians(tmp_path, 1)

    with pytest.raises(Problem) as refused:
        custodian.exchange()

    assert refused.value.code is ProblemCode.CEREMONY_NOT_OPEN


def test_a_locked_holder_takes_part_in_nothing(three: list[Custodian]) -> None:
    ceremony = Ceremony(Custody(three[0].folder, url=three[0].url), os.urandom)

    for attempt in (lambda: ceremony.exchange([]), lambda: ceremony.approve(b""), ceremony.roster):
        with pytest.raises(Problem) as refused:
            attempt()
        assert refused.value.code is ProblemCode.HOLDER_LOCKED


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"\xff", b'{"format":"signpost.roster/1"}'])
def test_what_is_not_a_roster_is_refused(tmp_path: Path, text: bytes) -> None:
    (custodian,) = _custodians(tmp_path, 1)
    before = custodian.contents()

    with pytest.raises(Problem) as refused:
        custodian.ceremony().approve(text)

    assert refused.value.code is ProblemCode.ROSTER_REFUSED
    assert custodian.contents() == before


def test_a_roster_that_names_this_holder_wrongly_is_refused(tmp_path: Path) -> None:
    """By another address, by another sealing key, or not at all."""
    first, second, third, stranger = _custodians(tmp_path, 4)
    elsewhere = Custodian(first.folder, "http://127.0.0.1:9999")
    fine = _roster([first, second, third])
    wrong_seal = Roster(
        fine.name, 2, (RosterEntry(first.url, fine.holders[0].signing_key, _seal_key()), *fine.holders[1:])
    )

    for custodian, roster in ((elsewhere, fine), (first, wrong_seal), (stranger, fine)):
        with pytest.raises(Problem) as refused:
            custodian.ceremony().approve(roster.canonical())
        assert refused.value.code is ProblemCode.ROSTER_REFUSED
        assert "ceremony.sealed" not in custodian.contents()


def _seal_key() -> SealKey:
    return OpeningKey(Secret(os.urandom(32))).seal_key


def test_a_holder_with_a_share_refuses_another_ceremony(three: list[Custodian]) -> None:
    """Even its own custodian cannot lose the share by approving a second roster."""
    assert _play(three)
    before = three[0].contents()

    with pytest.raises(Problem) as refused:
        three[0].ceremony().approve(_roster(three).canonical())

    assert refused.value.code is ProblemCode.ALREADY_EXISTS
    assert three[0].contents() == before


def test_approving_the_same_roster_again_changes_nothing(three: list[Custodian]) -> None:
    """A second dealing would make an honest holder contradict itself."""
    roster = three[0].ceremony().roster()
    assert roster is not None
    said = three[0].exchange().messages
    before = three[0].contents()

    three[0].ceremony().approve(roster.canonical())

    assert three[0].contents() == before
    assert three[0].exchange().messages == said


def test_another_roster_takes_the_place_of_a_ceremony_that_has_not_ended(three: list[Custodian]) -> None:
    _until(three, Round.SHARES)
    again = _roster(three)

    for custodian in three:
        custodian.ceremony().approve(again.canonical())

    assert _play(three)


def test_a_roster_that_was_left_for_another_is_not_taken_up_again(three: list[Custodian]) -> None:
    """Under its old name this holder would say something else than before, and be called a cheat; or forget a stop."""
    first, second = three[0].ceremony().roster(), _roster(three)
    assert first is not None
    three[0].exchange()
    three[0].ceremony().approve(second.canonical())
    before = three[0].contents()

    with pytest.raises(Problem) as caught:
        three[0].ceremony().approve(first.canonical())

    assert caught.value.code is ProblemCode.ROSTER_REFUSED
    assert three[0].contents() == before
    three[0].ceremony().approve(_roster(three).canonical())
    with pytest.raises(Problem):
        three[0].ceremony().approve(second.canonical())


def test_messages_of_another_ceremony_are_refused(three: list[Custodian]) -> None:
    """Every roster has a name of its own, and every message is signed for one."""
    stale = _until(three, Round.COMMIT)
    again = _roster(three)
    for custodian in three:
        custodian.ceremony().approve(again.canonical())
    before = three[0].contents()

    with pytest.raises(Problem) as refused:
        three[0].exchange(stale[1])

    assert refused.value.code is ProblemCode.CEREMONY_MESSAGE_REFUSED
    assert three[0].contents() == before


# -- who cheats -------------------------------------------------------------------------------------------------------


def _refused_for_good(custodian: Custodian, *messages: bytes) -> CeremonyStopped:
    with pytest.raises(CeremonyStopped) as stopped:
        custodian.exchange(*messages)
    with pytest.raises(CeremonyStopped) as still:
        custodian.exchange()
    assert still.value.dealer == stopped.value.dealer
    assert (stopped.value.just_now, still.value.just_now) == (True, False)
    assert custodian.custody().key is None
    return stopped.value


def _shift_first(payload: dict[str, Any]) -> None:
    """The first commitment becomes another element."""
    commitment = base_multiply(Scalar.from_int(7))
    payload["commitments"][0] = to_base64url(commitment.encoding)


def _another_proof(payload: dict[str, Any]) -> None:
    response = Scalar.parse(from_base64url(payload["proof"][1])) + Scalar.from_int(1)
    payload["proof"][1] = to_base64url(response.encoding())


def _spoil_shares(payload: dict[str, Any]) -> None:
    payload["shares"] = {holder: to_base64url(os.urandom(80)) for holder in payload["shares"]}


@pytest.mark.parametrize("change", [_shift_first, _another_proof])
def test_a_dealer_that_reveals_something_else_than_it_committed_to_is_named(
    three: list[Custodian], change: Change
) -> None:
    reveals = _until(three, Round.REVEAL)
    lie = _forge(three[2], reveals[2], change)

    stopped = _refused_for_good(three[0], reveals[1], lie)

    assert stopped.code is ProblemCode.CEREMONY_FAILED
    assert stopped.dealer == 3
    assert stopped.pointers == ("/holders/2",)


def test_a_dealer_whose_proof_is_wrong_from_the_start_is_named(three: list[Custodian]) -> None:
    """It commits to its wrong proof as well, so that only the proof itself can give it away."""
    liar = three[2]
    honest_commits = _until(three[:2], Round.COMMIT)
    commit = liar.exchange().messages[0]
    roster = liar.ceremony().roster()
    assert roster is not None
    reveal = liar.exchange(*honest_commits).messages[1]
    lie = _forge(liar, reveal, _another_proof)
    payload = canonical_json(json.loads(lie)["payload"])
    wrong = to_base64url(digest(Label.CEREMONY_COMMITMENT, roster.fingerprint(), bytes([3]), payload))
    lying_commit = _forge(liar, commit, lambda fields: fields.update(commitment=wrong))

    three[0].exchange(honest_commits[1], lying_commit)
    reveal_2 = three[1].exchange(honest_commits[0], lying_commit).messages[1]
    stopped = _refused_for_good(three[0], reveal_2, lie)

    assert stopped.dealer == 3


def test_a_dealer_whose_share_does_not_open_is_named(three: list[Custodian]) -> None:
    shares = _until(three, Round.SHARES)
    lie = _forge(three[1], shares[1], _spoil_shares)

    stopped = _refused_for_good(three[0], lie, shares[2])

    assert stopped.dealer == 2


def test_a_dealer_whose_share_does_not_fit_its_commitments_is_named(three: list[Custodian]) -> None:
    """It opens, and is of another polynomial."""
    shares = _until(three, Round.SHARES)
    roster = three[0].ceremony().roster()
    assert roster is not None
    other = roster.holders[0].sealing_key.seal(
        Secret(Scalar.from_int(5).encoding()), Label.CEREMONY_SHARE, roster.fingerprint(), bytes([2, 1])
    )
    lie = _forge(three[1], shares[1], lambda payload: payload["shares"].update({"1": to_base64url(other)}))

    stopped = _refused_for_good(three[0], lie, shares[2])

    assert stopped.dealer == 2


def test_a_dealer_that_says_two_things_in_one_round_is_named(three: list[Custodian]) -> None:
    """Both are signed by it, and nobody else could have signed them."""
    commits = _until(three, Round.COMMIT)
    other = _forge(three[1], commits[1], lambda payload: payload.update(commitment=to_base64url(os.urandom(32))))
    three[0].exchange(commits[1])

    stopped = _refused_for_good(three[0], other)

    assert stopped.dealer == 2


def test_holders_that_were_told_different_things_stop(three: list[Custodian]) -> None:
    """A dealer and a relay that work together: nobody can be named, and nobody gets a share."""
    commits = _until(three, Round.COMMIT)
    other = _forge(three[2], commits[2], lambda payload: payload.update(commitment=to_base64url(os.urandom(32))))
    reveal_1 = three[0].exchange(commits[1], commits[2]).messages[-1]
    reveal_2 = three[1].exchange(commits[0], other).messages[-1]
    reveal_3 = three[2].exchange(commits[0], commits[1]).messages[-1]
    transcript_1 = three[0].exchange(reveal_2, reveal_3).messages[-1]
    transcript_3 = three[2].exchange(reveal_1, reveal_2).messages[-1]

    told_otherwise = _refused_for_good(three[1], reveal_1, reveal_3)

    assert told_otherwise.dealer == 3  # its reveal does not fit the commitment that this holder was given
    assert json.loads(transcript_1)["payload"] == json.loads(transcript_3)["payload"]


def test_a_transcript_that_differs_stops_without_naming_anybody(three: list[Custodian]) -> None:
    transcripts = _until(three, Round.TRANSCRIPT)
    other = _forge(three[1], transcripts[1], lambda payload: payload.update(transcript=to_base64url(os.urandom(32))))

    stopped = _refused_for_good(three[0], other, transcripts[2])

    assert stopped.dealer is None
    assert stopped.pointers == ()


def test_a_holder_that_confirms_another_manifest_stops_it(three: list[Custodian]) -> None:
    confirms = _until(three, Round.CONFIRM)
    lie = _forge(three[1], confirms[1], lambda payload: payload.update(signature=to_base64url(os.urandom(64))))

    stopped = _refused_for_good(three[0], lie, confirms[2])

    assert stopped.code is ProblemCode.CEREMONY_FAILED


def test_after_a_lie_another_roster_begins_anew_and_the_same_one_does_not(three: list[Custodian]) -> None:
    shares = _until(three, Round.SHARES)
    _refused_for_good(three[0], _forge(three[1], shares[1], _spoil_shares), shares[2])
    roster = three[0].ceremony().roster()
    assert roster is not None

    with pytest.raises(CeremonyStopped):
        three[0].ceremony().approve(roster.canonical())
    again = _roster(three)
    for custodian in three:
        custodian.ceremony().approve(again.canonical())

    assert _play(three)


_junk = st.one_of(
    st.binary(max_size=40),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ).map(canonical_json),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_junk)
def test_what_is_not_a_message_is_refused_and_changes_nothing(three: list[Custodian], junk: bytes) -> None:
    three[0].exchange()
    before = three[0].contents()

    with pytest.raises(Problem) as refused:
        three[0].exchange(junk)

    assert refused.value.code is ProblemCode.CEREMONY_MESSAGE_REFUSED
    assert three[0].contents() == before


@pytest.mark.parametrize("field", ["format", "payload", "roster", "round", "sender", "signature"])
@pytest.mark.parametrize("value", [None, 0, -1, 99, True, 1.0, "", "x", [], {}, {"commitment": 1}])
def test_every_field_of_a_message_is_checked(three: list[Custodian], field: str, value: Any) -> None:
    """Whatever a field is turned into, the answer is a refusal by name, and nothing is changed. That holds for 1.0
    and true as well, which Python takes for 1: else a relay could make an honest holder seem to say two things.
    """
    message = three[1].exchange().messages[0]
    fields = json.loads(message)
    fields[field] = value
    before = three[0].contents()

    with pytest.raises(Problem) as refused:
        three[0].exchange(canonical_json(fields))

    assert refused.value.code is ProblemCode.CEREMONY_MESSAGE_REFUSED
    assert three[0].contents() == before
