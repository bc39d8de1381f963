"""Nobody outside can tell a shielded child from an absent one; nor can the council that registered it (protocol.md C4).

Two indexes are set up, and asked the same by the same people, under the same chance: whatever an outsider sees must be
the same in both, byte for byte, now and for four weeks. In `one` Ada is shielded. In `other` nobody has registered her,
or whoever had has withdrawn her. So that nothing else differs, feeds and officers do as much in both: what is done with
Ada in one is done with Zoe, about whom nobody asks, in the other. For the council that registered a child, its own view
is compared: shielded against settled.

Each test is one way that a shield could leak, and its name says which.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from signpost.protocol.messages import (
    ContactRequest,
    ContactStatusRequest,
    DeclineReason,
    GlassRequest,
    InvolvementListRequest,
    LookupAgainRequest,
    Nothing,
    OutcomeRequest,
    OwnWorkEndRequest,
    OwnWorkHandOverRequest,
    OwnWorkRequest,
    RecordRequest,
    Registration,
    ReplyRequest,
)
from signpost.protocol.purposes import Basis, DeepReason, Kind, Role, Urgency
from signpost.protocol.shielding import (
    DeskDecision,
    DeskWork,
    ShieldEndReason,
    ShieldEndRequest,
    ShieldRequest,
    ShieldStatusRequest,
)
from tests.integration.index.conftest import Scene
from tests.integration.index.test_objections import objecting
from tests.support.running_index import RunningIndex
from tests.support.shielding import (
    add_shield,
    admit_desk,
    approve_shield,
    desk_queue,
    end_identity,
    officer,
    resolve,
    shield_request,
)
from tests.support.two_indexes import Seen, TwoIndexes, differences, watched
from tests.support.world import TODAY, Child, Device, changing, device_purpose, reference_of, whole_child

T = TypeVar("T")

DAY = 24 * 60 * 60
QUARTER = 15 * 60
NOBODY = "2222-2222"
"""A receipt, and a reference, that nobody was given."""

SEEN_BY_NOBODY_OUTSIDE = {
    "involvement_tags", "tag_bodies", "owned_involvements", "involvement_children", "seals", "seal_tags",
    "seal_children", "sealed_involvements", "sealed_tags", "desk_items", "desk_leaves", "gathering", "outcomes",
    "notices", "mails", "_sqlite_migrations",
}  # fmt: skip
"""Tables of what was registered, sealed, settled and told to desks, and when the tables were made. What a request
leaves is in all the others."""


def person(name: str) -> Child:
    """A child of whom everything is known. What is `probable` and `possible` of her hangs on where she lives."""
    return whole_child(name)


def hidden_by(name: str) -> Child:
    """What the officer's edge puts into a shield: nothing that hangs on an address."""
    return replace(person(name), probable=None, possible=())


def renamed(name: str) -> Child:
    """The same child under another surname: her number and her pupil number are what they were."""
    return replace(
        person(name), strong=(f"{name} strong renamed",), name=(f"{name} renamed",), undated=f"{name} undated renamed",
        probable=f"{name} probable renamed", possible=(f"{name} possible renamed",),
    )  # fmt: skip


@dataclass(frozen=True)
class Worlds:
    """Both indexes and everybody around them. `absent` is what Ada is in `other`."""

    two: TwoIndexes
    scene: Scene
    officer: Device
    desk: Device
    policeman: Device
    southerner: Device
    rights: Device
    auditor: Device
    absent: str

    def set_up(self, act: Callable[[RunningIndex, str], object]) -> None:
        """What makes Ada shielded in `one`, done with Zoe in `other`."""
        self.two.each(lambda index: act(index, self.whom(index)))

    def whom(self, index: RunningIndex) -> str:
        """Who is shielded there."""
        return "ada" if index is self.two.one else "zoe"

    def withdrawn(self) -> None:
        """Where Ada is absent because she was withdrawn: she was registered, and Zoe in the other index."""
        if self.absent == "withdrawn":

            def act(index: RunningIndex) -> None:
                other = "zoe" if index is self.two.one else "ada"
                self.unseen(lambda: self.register(index, person(other), "withdrawn"))
                index.ask(self.scene.feed, "/v1/involvements/changes", changing("withdrawn", "withdraw"))
                index.settle()

            self.two.each(act)

    def register(
        self, index: RunningIndex, child: Child, reference: str, *, of: str | None = None, **rest: Any
    ) -> bytes:
        """Northtown registers, settled; the acknowledgement. `of` is whom its own child reference names."""
        registration = self.registration(child, reference, of=of, **rest)
        request = self.two.world.registering(self.scene.feed, [registration])
        answer = index.ask(self.scene.feed, "/v1/registrations", request)
        assert answer.status_code == 202, answer.text
        index.settle()
        return answer.content

    def registration(self, child: Child, reference: str, *, of: str | None = None, **rest: Any) -> Registration:
        """As Northtown's feed would send it."""
        registration = self.two.world.registration(child, self.scene.handle, reference=reference, **rest)
        if of is not None:
            known = self.two.world.registration(person(of), self.scene.handle, reference=reference)
            registration = registration.model_copy(update={"child_reference": known.child_reference})
        return registration

    def shield(self, index: RunningIndex, name: str) -> str:
        """An officer of another council hides a child. What the desk's items draw of chance, nobody outside sees."""
        return self.unseen(lambda: add_shield(index, self.officer, hidden_by(name)))

    def unseen(self, act: Callable[[], T]) -> T:
        """An act after which chance is the same, whatever it drew for what nobody outside sees."""
        after = int.from_bytes(self.two.world.randomness(8), "big")
        done = act()
        self.two.world.reseed(after)
        return done

    # -- what outsiders see

    def ask(self, device: Device, path: str, message: BaseModel | bytes) -> Any:
        """One request, the same in both in everything that can be seen or measured of it; the answer."""
        one, other = self.two.watch(device, path, message, lines=False)
        return self.alike(path, one, other)

    def get(self, path: str) -> None:
        """What anybody may read."""
        self.alike(path, *self.two.each(lambda index: watched(index, lambda: index.get(path), lines=False)))

    @staticmethod
    def alike(path: str, one: Seen, other: Seen) -> Any:
        """The answer of both."""
        assert (path, differences(one, other)) == (path, [])
        return json.loads(one.body)

    def look_up(self, child: Child, *, device: Device | None = None, deep: DeepReason | None = None) -> Any:
        """A lookup's answer."""
        device = device or self.scene.nurse
        return self.ask(device, "/v1/lookups", self.two.world.lookup(device, child, deep=deep))

    def leave(self, receipt: str, urgency: Urgency = Urgency.NOW) -> None:
        """A call-back."""
        purpose = device_purpose(self.scene.nurse)
        self.ask(
            self.scene.nurse, "/v1/contact/asks", ContactRequest(receipt=receipt, purpose=purpose, urgency=urgency)
        )
        self.settle()

    def settle(self) -> None:
        """One tick after the other, as many of as much in both."""
        self.two.alike(lambda index: index.settle())

    def follow_up(self, receipt: str) -> list[Any]:
        """Everything that a receipt is good for: what was answered."""
        nurse = self.scene.nurse
        purpose = device_purpose(nurse)
        return [
            self.ask(nurse, "/v1/lookups/again", LookupAgainRequest(receipt=receipt)),
            self.ask(nurse, "/v1/contact/status", ContactStatusRequest(receipt=receipt)),
            self.ask(nurse, "/v1/contact/break-glass", GlassRequest(receipt=receipt, purpose=purpose)),
            self.ask(nurse, "/v1/contact/outcomes", OutcomeRequest(receipt=receipt, reached=False, new=False)),
        ]

    def look_around(self) -> None:
        """Everything that is asked of no child: lists, figures, and the record as an auditor of oversight reads it."""
        for device in (self.scene.nurse, self.southerner):
            self.ask(device, "/v1/inbox", Nothing())
            self.ask(device, "/v1/handles/list", Nothing())
        self.ask(self.rights, "/v1/reviews/list", Nothing())
        self.ask(self.scene.other_feed, "/v1/involvements/list", InvolvementListRequest(after=None, limit=1_000))
        for path in ("/v1/coverage", "/v1/revocations", "/health"):
            self.get(path)
        self.ask(self.auditor, "/v1/record", RecordRequest(after=0, limit=1_000))
        one, other = self.two.each(left_by_requests)
        assert [name for name in one if one[name] != other[name]] == []
        self.two.alike(lambda index: [index.operate(path).json() for path in ("/contact/outcomes", "/contact/reviews")])

    def see_all(self, children: Sequence[Child], *, answer: str = "none") -> None:
        """Everything that outsiders can ask about the children, and around them, now and for four weeks."""
        receipts = []
        for child in children:
            for device in (self.scene.nurse, self.policeman, self.southerner):
                assert self.look_up(child, device=device)["answer"] == answer
            receipts.append(self.look_up(child, deep=DeepReason.NAME_UNSURE)["receipt"])
            self.leave(receipts[-1])
        self.follow_on(receipts)

    def follow_on(self, receipts: Sequence[str]) -> None:
        """What becomes of receipts in four weeks, and everything around them."""
        nurse = self.scene.nurse
        for seconds in (0, QUARTER, QUARTER, 2 * DAY, 7 * DAY, 19 * DAY):
            self.two.world.clock.advance(seconds)
            self.two.each(lambda index: index.run(index.index.escalating.tick()))
            self.two.each(lambda index: index.sweep())
            again = self.signed_in(nurse)
            for receipt in receipts:
                replace(self, scene=replace(self.scene, nurse=again)).follow_up(receipt)
            anew = replace(
                self,
                scene=replace(self.scene, nurse=again, other_feed=self.signed_in(self.scene.other_feed)),
                southerner=self.signed_in(self.southerner),
                rights=self.signed_in(self.rights),
                auditor=self.signed_in(self.auditor),
            )
            anew.look_around()

    def signed_in(self, device: Device) -> Device:
        """The same account on a later day."""
        return self.two.one.enrol(device.organisation, device.role, device.kind, account=device.account)


def left_by_requests(index: RunningIndex) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that outsiders' requests left, in every byte; of spent receipts, which are sealed to the body that they
    came with, and so in setting up to another child, the size.
    """
    tables = {name: rows for name, rows in index.tables().items() if name not in SEEN_BY_NOBODY_OUTSIDE}
    return {
        **tables,
        "spent_receipts": [(name, len(row), at) for name, row, at in tables["spent_receipts"]],
        "sqlite_sequence": [row for row in tables["sqlite_sequence"] if row[0] not in SEEN_BY_NOBODY_OUTSIDE],
    }


@pytest.fixture(params=["never registered", "withdrawn"])
def worlds(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Worlds]:
    """Two indexes in which nothing has happened yet."""
    with TwoIndexes(tmp_path) as two:
        yield gathered(two, request.param)


@pytest.fixture
def own_worlds(tmp_path: Path) -> Iterator[Worlds]:
    """The same, for what a council sees of its own."""
    with TwoIndexes(tmp_path) as two:
        yield gathered(two, "settled")


def gathered(two: TwoIndexes, absent: str) -> Worlds:
    """Everybody around both."""
    scene = two.set_scene()
    two.admit("constabulary", Kind.POLICE)
    two.admit("commissioner", Kind.OVERSIGHT)
    two.admit("easttown")
    for organisation in ("shielding-desk",):
        two.world.organisation_key(organisation)
    desk, _ = two.each(admit_desk)
    enrol = two.one.enrol
    return Worlds(
        two=two,
        scene=scene,
        officer=officer(two.one, "southtown"),
        desk=desk,
        policeman=enrol("constabulary", Role.URGENT, Kind.POLICE),
        southerner=enrol("southtown", Role.PRACTITIONER),
        rights=enrol("st-elsewhere", Role.RIGHTS_OFFICER, Kind.HOSPITAL),
        auditor=enrol("commissioner", Role.AUDITOR, Kind.OVERSIGHT),
        absent=absent,
    )


# -- how a child comes to be hidden


def test_loaded_then_shielded(worlds: Worlds) -> None:
    """The first way: she stood there, and was moved away."""
    worlds.withdrawn()
    worlds.set_up(lambda index, name: (worlds.register(index, person(name), "one"), worlds.shield(index, name)))

    worlds.see_all([person("ada")])


def test_shielded_then_loaded(worlds: Worlds) -> None:
    """The other way: the shield waited for her."""
    worlds.withdrawn()
    worlds.set_up(lambda index, name: (worlds.shield(index, name), worlds.register(index, person(name), "one")))

    worlds.see_all([person("ada")])


@pytest.mark.parametrize("reference", ["one", "another"], ids=["in the same row", "in a new row"])
def test_fed_again_under_another_surname(worlds: Worlds, reference: str) -> None:
    """ContactPoint's leak: a row that was fed again stood beside the shielded one, unshielded."""
    worlds.withdrawn()

    def act(index: RunningIndex, name: str) -> None:
        worlds.register(index, person(name), "one")
        worlds.shield(index, name)
        worlds.register(index, renamed(name), reference, of=name, row="renamed")

    worlds.set_up(act)

    worlds.see_all([person("ada"), renamed("ada")])


def test_fed_again_without_her_number_and_under_another_surname(worlds: Worlds) -> None:
    """Nothing of the row is in the shield; the council's own reference of the child is what leads to it."""
    worlds.withdrawn()
    bare = {name: replace(renamed(name), identity=None, pupil=None) for name in ("ada", "zoe")}

    def act(index: RunningIndex, name: str) -> None:
        worlds.register(index, person(name), "one")
        worlds.shield(index, name)
        worlds.register(index, bare[name], "another", of=name, row="renamed")

    worlds.set_up(act)

    worlds.see_all([person("ada"), bare["ada"]])


def test_registered_under_a_second_identifier(worlds: Worlds) -> None:
    """A new NHS number of the same council's same child: hidden with the old one."""
    worlds.withdrawn()
    second = {name: replace(person(name), identity=f"{name} second number") for name in ("ada", "zoe")}

    def act(index: RunningIndex, name: str) -> None:
        worlds.register(index, person(name), "one")
        worlds.shield(index, name)
        worlds.register(index, second[name], "another", of=name, row="second")

    worlds.set_up(act)

    worlds.see_all([person("ada"), second["ada"]])


def test_both_surnames_after_an_adoption(worlds: Worlds) -> None:
    """The old identity is ended and the new one is shielded by itself: under neither is there anybody."""
    worlds.withdrawn()

    def act(index: RunningIndex, name: str) -> None:
        worlds.register(index, person(name), "one")
        shield = worlds.shield(index, name)
        end_identity(index, worlds.officer, shield, hidden_by(name))
        worlds.shield(index, f"{name} adopted")
        worlds.register(index, person(f"{name} adopted"), "one", of=name)

    worlds.set_up(act)

    worlds.see_all([person("ada"), person("ada adopted")])


@pytest.mark.parametrize("first", ["loaded", "objected"])
def test_objected_to(worlds: Worlds, first: str) -> None:
    """What rests on consent, once the family's objection is upheld: as what is shielded, and fed again likewise."""
    worlds.withdrawn()
    rights = worlds.two.one.enrol("southtown", Role.RIGHTS_OFFICER)

    def act(index: RunningIndex, name: str) -> None:
        def load(child: Child, row: str) -> bytes:
            return worlds.register(index, child, "one", of=name, row=row, basis=Basis.CONSENT)

        if first == "loaded":
            load(person(name), "first")
        request = objecting(worlds.scene, rights, hidden_by(name))
        assert index.ask(rights, "/v1/rights/objections", request).status_code == 201
        if first == "objected":
            load(person(name), "first")
        load(renamed(name), "renamed")

    worlds.set_up(act)

    worlds.see_all([person("ada"), renamed("ada")])


@pytest.mark.parametrize("state", ["approved", "ending", "asked to end, and refused"])
def test_in_every_state_of_her_shield(worlds: Worlds, state: str) -> None:
    """Approved by another council; about to end, which nobody has approved; and when the desk let it stand."""
    worlds.withdrawn()
    approver = officer(worlds.two.one, "easttown")

    def act(index: RunningIndex, name: str) -> None:
        worlds.register(index, person(name), "one")
        shield = worlds.shield(index, name)
        if state == "approved":
            approve_shield(index, approver, shield)
        else:
            request = ShieldEndRequest(shield=shield, why=ShieldEndReason.MISTAKEN)
            assert index.ask(worlds.officer, "/v1/shields/end", request).status_code == 200

    worlds.set_up(act)
    if state == "asked to end, and refused":
        worlds.two.world.clock.advance(4 * DAY)
        worlds = replace(
            worlds,
            scene=replace(worlds.scene, nurse=worlds.signed_in(worlds.scene.nurse)),
            policeman=worlds.signed_in(worlds.policeman),
            southerner=worlds.signed_in(worlds.southerner),
        )
        desk = worlds.signed_in(worlds.desk)
        worlds.set_up(lambda index, _: resolve(index, desk, DeskWork.END, DeskDecision.STAND))

    worlds.see_all([person("ada")])


def test_hidden_by_the_desk_who_knew_a_mistyped_number_for_hers(worlds: Worlds) -> None:
    """What carries another number stays visible until a person has looked; from then on it is hidden as well, and what
    is fed again with that number too.
    """
    worlds.withdrawn()
    mistyped = {name: replace(person(name), identity=f"{name} mistyped number") for name in ("ada", "zoe")}

    def act(index: RunningIndex, name: str) -> None:
        worlds.shield(index, name)
        worlds.register(index, mistyped[name], "one")
        index.run(index.index.gathering.tick())
        resolve(index, worlds.desk, DeskWork.UNSURE, DeskDecision.HIDE, with_number=True)
        index.register(worlds.scene.other_feed, mistyped[name], worlds.scene.other_handle, reference="south")
        index.settle()

    worlds.set_up(act)

    for child in (person("ada"), mistyped["ada"]):
        for device in (worlds.scene.nurse, worlds.policeman):
            assert worlds.look_up(child, device=device)["answer"] == "none"
    receipt = worlds.look_up(mistyped["ada"], deep=DeepReason.NAME_UNSURE)["receipt"]
    worlds.leave(receipt)
    worlds.follow_up(receipt)


# -- what an asker could try


def test_no_single_detail_finds_her(worlds: Worlds) -> None:
    """Hidden attributes as search: each tag alone, in an ordinary and a deep lookup."""
    worlds.withdrawn()
    worlds.set_up(lambda index, name: (worlds.register(index, person(name), "one"), worlds.shield(index, name)))
    ada = person("ada")
    alone = [
        replace(Child(), **{field: value})
        for field in ("identity", "pupil", "strong", "name", "undated", "probable", "possible")
        if (value := getattr(ada, field))
    ]

    receipts = []
    for child in alone:
        for deep in (None, DeepReason.NAME_UNSURE):
            answer = worlds.look_up(child, deep=deep)
            assert answer["answer"] == "none"
            receipts.append(answer["receipt"])
    for receipt in receipts:
        worlds.leave(receipt)
        worlds.follow_up(receipt)
    worlds.look_around()


def test_a_sibling_and_a_twin_tell_nothing_of_her_and_are_seen_as_ever(worlds: Worlds) -> None:
    """Her twin has all but her number; her sister an address. Both are answered, and nothing of them is of her."""
    worlds.withdrawn()
    twin = replace(person("ada"), identity="twin number", pupil="twin pupil")
    sister = replace(person("sister"), probable=None, possible=person("ada").possible)

    def everybody(index: RunningIndex) -> None:
        index.register(worlds.scene.other_feed, twin, worlds.scene.other_handle, reference="twin")
        index.register(worlds.scene.other_feed, sister, worlds.scene.other_handle, reference="sister")
        index.settle()

    worlds.two.each(everybody)
    worlds.set_up(lambda index, name: (worlds.register(index, person(name), "one"), worlds.shield(index, name)))

    for child in (twin, sister):
        assert worlds.look_up(child)["answer"] == "current"
        assert worlds.look_up(child, deep=DeepReason.NAME_UNSURE)["answer"] == "current"
    receipt = worlds.look_up(person("ada"))["receipt"]
    worlds.leave(receipt)
    worlds.follow_on([receipt])


def test_a_burst_of_lookups_right_after_the_shield(worlds: Worlds) -> None:
    """From the answer to the officer on, before the worker has turned and while it does."""
    worlds.withdrawn()
    worlds.set_up(lambda index, name: worlds.register(index, person(name), "one"))

    def only_asked_for(index: RunningIndex, name: str) -> None:
        request = shield_request(index.world, worlds.officer, hidden_by(name))
        assert index.ask(worlds.officer, "/v1/shields", request).status_code == 201

    worlds.set_up(only_asked_for)

    for device in (worlds.scene.nurse, worlds.policeman, worlds.southerner):
        for _ in range(4):
            receipt = worlds.look_up(person("ada"), device=device)["receipt"]
            worlds.two.alike(lambda index: index.run(index.index.settling.tick()))
            worlds.ask(device, "/v1/lookups/again", LookupAgainRequest(receipt=receipt))
    worlds.look_around()


def test_a_budget_is_used_up_as_fast_and_refused_alike(worlds: Worlds) -> None:
    """The same lookup after the other until there are no more: by repeats, and by the account's whole budget."""
    worlds.withdrawn()
    worlds.set_up(lambda index, name: (worlds.register(index, person(name), "one"), worlds.shield(index, name)))

    codes = [worlds.look_up(person("ada")).get("code") for _ in range(7)]
    assert codes == [None] * 5 + ["repeats-used"] * 2
    others = [worlds.look_up(person("ada"), device=worlds.policeman).get("code") for _ in range(6)]
    assert others[-1] == "repeats-used"
    stranger = iter(range(100))
    answers = [worlds.look_up(person(f"stranger {next(stranger)}"), device=worlds.southerner) for _ in range(62)]
    assert [answer.get("code") for answer in answers[58:]] == [None, None, "budget-used", "budget-used"]
    worlds.look_around()


def test_sizes_headers_and_refusals_are_alike(worlds: Worlds) -> None:
    """Every answer of a lookup has one length; every refusal of a follow-up says the same for every reason."""
    worlds.withdrawn()
    worlds.set_up(lambda index, name: (worlds.register(index, person(name), "one"), worlds.shield(index, name)))
    nurse, purpose = worlds.scene.nurse, device_purpose(worlds.scene.nurse)
    receipts = {name: worlds.look_up(person(name))["receipt"] for name in ("ada", "nobody")}

    def refused(receipt: str) -> list[tuple[int, bytes, list[tuple[str, str]]]]:
        asked = [
            ("/v1/contact/break-glass", GlassRequest(receipt=receipt, purpose=purpose)),
            ("/v1/contact/status", ContactStatusRequest(receipt=receipt)),
            ("/v1/contact/outcomes", OutcomeRequest(receipt=receipt, reached=True, new=True)),
        ]
        answers = [worlds.two.ask(nurse, path, message) for path, message in asked]
        return [(each.status_code, each.content, sorted(each.headers.items())) for each in answers]

    assert refused(receipts["ada"]) == refused(receipts["nobody"])
    assert [status for status, _, _ in refused(receipts["ada"])] == [403, 404, 404]
    length = {
        len(worlds.two.ask(nurse, "/v1/lookups/again", LookupAgainRequest(receipt=receipt)).content)
        for receipt in receipts.values()
    }
    assert length == {256}


# -- what was begun before the shield


@pytest.mark.parametrize("shared", [False, True], ids=["unanswered", "shared"])
def test_an_open_receipt_looks_like_one_whose_involvement_was_withdrawn(own_worlds: Worlds, shared: bool) -> None:
    """Both are registered in both; in one Ada is shielded and Zoe withdrawn, in the other the reverse. Whoever had
    asked before, been shown a desk, or broken a glass, sees no difference from then on.
    """
    worlds, nurse = own_worlds, own_worlds.scene.nurse
    worlds.two.each(lambda index: [worlds.register(index, person(name), name) for name in ("ada", "zoe")])
    receipt = worlds.look_up(person("ada"))["receipt"]
    glass = worlds.look_up(person("ada"))["receipt"]
    worlds.leave(receipt)
    purpose = device_purpose(nurse)
    worlds.ask(nurse, "/v1/contact/break-glass", GlassRequest(receipt=glass, purpose=purpose))
    if shared:
        for notice in worlds.ask(worlds.scene.worker, "/v1/inbox", Nothing())["notices"]:
            reply = ReplyRequest(notice=notice["notice"], reply="share", hand_over_to=None, reason=None)
            worlds.ask(worlds.scene.worker, "/v1/inbox/replies", reply)
        assert worlds.ask(nurse, "/v1/contact/status", ContactStatusRequest(receipt=receipt))["state"] == "answered"

    def falls(index: RunningIndex, name: str) -> None:
        worlds.shield(index, name)
        other = "zoe" if name == "ada" else "ada"
        index.ask(worlds.scene.feed, "/v1/involvements/changes", changing(other, "withdraw"))
        index.settle()

    worlds.set_up(falls)

    again, status, broken, _ = worlds.follow_up(receipt)
    assert (again["answer"], status["handles"], broken["code"]) == ("none", [], "glass-refused")
    worlds.leave(receipt)
    once_more = worlds.look_up(person("ada"))["receipt"]  # by somebody who was in touch with that desk about her
    worlds.leave(once_more)
    worlds.follow_up(once_more)
    worlds.follow_on([receipt, glass])


@pytest.mark.parametrize("how", ["share", "end", "decline"])
def test_what_her_council_answers_after_the_shield_reaches_the_desk_alone(own_worlds: Worlds, how: str) -> None:
    """It was told before, and may answer; whoever asked sees what they would of a withdrawn involvement."""
    worlds, nurse = own_worlds, own_worlds.scene.nurse
    worlds.two.each(lambda index: [worlds.register(index, person(name), name) for name in ("ada", "zoe")])
    receipt = worlds.look_up(person("ada"))["receipt"]
    worlds.leave(receipt, Urgency.WEEK)
    [notice] = worlds.ask(worlds.scene.worker, "/v1/inbox", Nothing())["notices"]

    def falls(index: RunningIndex, name: str) -> None:
        worlds.shield(index, name)
        index.ask(
            worlds.scene.feed, "/v1/involvements/changes", changing({"ada": "zoe", "zoe": "ada"}[name], "withdraw")
        )
        index.settle()

    worlds.set_up(falls)
    worlds.follow_up(receipt)  # or the desk's look below would prepare, in one of the two alone, what this prepares
    answer = ReplyRequest.model_validate(
        {
            "notice": notice["notice"],
            "reply": how,
            "hand_over_to": None,
            "reason": DeclineReason.MORE_DETRIMENTAL if how == "decline" else None,
        }
    )
    replied, unknown = worlds.two.asked(worlds.scene.worker, "/v1/inbox/replies", answer)
    assert (replied.status_code, unknown.status_code) == (200, 404)

    items, _ = worlds.two.each(lambda index: desk_queue(index, worlds.desk))
    told = [each["state"] for item in items if item["work"] == DeskWork.CALL_BACK for each in item["answers"]]
    assert told == [{"share": "shared", "end": "ended", "decline": "declined"}[how]]
    for seconds in (0, 7 * DAY, 20 * DAY):
        worlds.two.world.clock.advance(seconds)
        worlds.two.each(lambda index: index.run(index.index.escalating.tick()))
        asker = replace(worlds, scene=replace(worlds.scene, nurse=worlds.signed_in(nurse)))
        assert asker.follow_up(receipt)[1]["handles"] == []


def test_a_call_back_that_waits_finds_nobody(worlds: Worlds) -> None:
    """Somebody asked about Ada before anybody had registered her. Then a council does: as if nobody had."""
    worlds.withdrawn()
    receipt = worlds.look_up(person("ada"))["receipt"]
    worlds.leave(receipt, Urgency.WEEK)
    worlds.set_up(lambda index, name: (worlds.shield(index, name), worlds.register(index, person(name), "one")))

    worlds.leave(receipt)
    worlds.follow_on([receipt])


# -- what is counted and recorded


def test_the_record_is_the_same_to_the_byte(worlds: Worlds) -> None:
    """As an auditor of oversight reads it, from the first leaf: numbers, links and all."""
    worlds.withdrawn()
    worlds.set_up(lambda index, name: (worlds.register(index, person(name), "one"), worlds.shield(index, name)))
    receipt = worlds.look_up(person("ada"))["receipt"]
    worlds.leave(receipt)
    worlds.follow_up(receipt)

    page = worlds.ask(worlds.auditor, "/v1/record", RecordRequest(after=0, limit=1_000))

    actions = [json.loads(leaf["leaf"])["action"] for leaf in page["leaves"]]
    assert {"looked-up", "asked-for-call-back", "broke-glass"} <= set(actions)


def test_what_a_report_to_a_family_is_made_from_is_the_same(worlds: Worlds) -> None:
    """Access rows: as many, of the same sizes and values, whatever the child is."""
    worlds.withdrawn()
    worlds.set_up(lambda index, name: (worlds.register(index, person(name), "one"), worlds.shield(index, name)))
    for device in (worlds.scene.nurse, worlds.policeman):
        worlds.look_up(person("ada"), device=device)

    rows = worlds.two.alike(lambda index: index.tables()["access_rows"])

    assert len(rows) == 2 * 12


# -- the council that registered her, and those who register to find her


def test_the_registering_council_sees_her_as_it_would_have(own_worlds: Worlds) -> None:
    """Its acknowledgements, its list, its inbox and its own lookups: shielded in one index, settled in the other."""
    worlds = own_worlds
    scene = worlds.scene
    acknowledged = worlds.two.alike(lambda index: worlds.register(index, person("ada"), "one"))
    receipt = worlds.look_up(person("ada"))["receipt"]
    worlds.leave(receipt)
    worlds.set_up(lambda index, name: worlds.shield(index, name))

    def own_view() -> dict[str, Any]:
        feed, worker = worlds.signed_in(scene.feed), worlds.signed_in(scene.worker)
        looked = worlds.look_up(person("ada"), device=worker)
        receipt = looked["receipt"]
        call_back = ContactRequest(receipt=receipt, purpose=device_purpose(worker), urgency=Urgency.WEEK)
        worlds.ask(worker, "/v1/contact/asks", call_back)
        worlds.settle()
        worlds.ask(worker, "/v1/contact/status", ContactStatusRequest(receipt=receipt))
        return {
            "looked": looked["answer"],
            "list": worlds.ask(feed, "/v1/involvements/list", InvolvementListRequest(after=None, limit=100)),
            "inbox": worlds.ask(worker, "/v1/inbox", Nothing())["notices"],
        }

    view = own_view()
    assert (view["looked"], len(view["list"]["involvements"]), len(view["inbox"])) == ("none", 1, 1)
    worlds.two.world.clock.advance(QUARTER)
    worlds.two.each(lambda index: index.run(index.index.escalating.tick()))
    assert own_view()["inbox"][0]["state"] == "unanswered", "what was told before escalates as ever"
    again = worlds.two.alike(lambda index: worlds.register(index, renamed("ada"), "one", of="ada", row="renamed"))
    assert json.loads(again).keys() == json.loads(acknowledged).keys()
    own_view()
    worlds.two.world.clock.advance(DAY)
    for notice in own_view()["inbox"]:
        reply = ReplyRequest(
            notice=notice["notice"], reply="decline", hand_over_to=None, reason=DeclineReason.MORE_DETRIMENTAL
        )
        worlds.ask(worlds.signed_in(scene.worker), "/v1/inbox/replies", reply)
    own_view()
    feed = worlds.signed_in(scene.feed)
    for how in ("end", "withdraw"):
        worlds.ask(feed, "/v1/involvements/changes", changing("one", how))
        worlds.settle()
        own_view()


def test_whoever_answers_for_her_sees_and_changes_her_work_as_they_would_have(own_worlds: Worlds) -> None:
    """By its number: what it is, which desk has it, that it ended. Shielded in one index, settled in the other; and to
    a colleague elsewhere, who asked before, nothing tells that it was changed.
    """
    worlds = own_worlds
    scene = worlds.scene
    worlds.two.alike(lambda index: worlds.register(index, person("ada"), "one"))
    desk = worlds.two.alike(lambda index: index.handle("northtown"))
    worlds.set_up(lambda index, name: worlds.shield(index, name))
    name = reference_of("one")

    def sees() -> Any:
        return worlds.ask(worlds.signed_in(scene.worker), "/v1/involvements/own", OwnWorkRequest(reference=name))

    def acts(path: str, message: BaseModel) -> None:
        worlds.ask(worlds.signed_in(scene.worker), f"/v1/involvements/own/{path}", message)
        worlds.settle()

    assert (sees()["handle"], sees()["ended_on"]) == (scene.handle, None)
    acts("hand-over", OwnWorkHandOverRequest(reference=name, hand_over_to=desk))
    assert (sees()["handle"], sees()["ended_on"]) == (desk, None)
    for _ in range(2):
        acts("end", OwnWorkEndRequest(reference=name, ended_on=TODAY))
        assert (sees()["handle"], sees()["ended_on"]) == (desk, TODAY.isoformat())
    worlds.ask(worlds.signed_in(scene.feed), "/v1/involvements/list", InvolvementListRequest(after=None, limit=100))
    worlds.ask(worlds.auditor, "/v1/record", RecordRequest(after=0, limit=1_000))


def test_a_council_that_registers_her_to_see_whether_she_vanishes_sees_nothing(worlds: Worlds) -> None:
    """Its own registration, then its own lookup, list and inbox: as for a child whom nobody shields."""
    worlds.withdrawn()
    worlds.set_up(lambda index, name: (worlds.register(index, person(name), "one"), worlds.shield(index, name)))
    feed = worlds.two.one.enrol("easttown", Role.FEED)
    worker = worlds.two.one.enrol("easttown", Role.PRACTITIONER)
    handle = worlds.two.alike(lambda index: index.handle("easttown"))

    for row in ("first", "second"):
        registration = worlds.two.world.registration(person("ada"), handle, reference="decoy", row=row)
        worlds.ask(feed, "/v1/registrations", worlds.two.world.registering(feed, [registration]))
        worlds.look_up(person("ada"), device=worker)
        worlds.settle()
        receipt = worlds.look_up(person("ada"), device=worker)["receipt"]
        worlds.ask(worker, "/v1/lookups/again", LookupAgainRequest(receipt=receipt))
        worlds.ask(feed, "/v1/involvements/list", InvolvementListRequest(after=None, limit=100))
        worlds.ask(worker, "/v1/inbox", Nothing())
    for how in ("end", "withdraw"):
        worlds.ask(feed, "/v1/involvements/changes", changing("decoy", how))
        worlds.settle()
        worlds.look_up(person("ada"), device=worker)
    worlds.look_around()


def test_decoys_at_guessed_addresses_do_not_tell_where_she_is(own_worlds: Worlds) -> None:
    """Ada is shielded in both, and lives in another place in each. Somebody registers decoys at both places and has
    them looked up by somebody else: which vanish, and which do not, is the same.
    """
    worlds = own_worlds
    places = ("here", "there")

    def living(at: str) -> Child:
        return replace(person("ada"), probable=f"ada at {at}", possible=(f"someone at {at}",))

    def act(index: RunningIndex, _: str) -> None:
        worlds.register(index, living(places[index is worlds.two.other]), "one")
        worlds.shield(index, "ada")

    worlds.set_up(act)
    feed = worlds.two.one.enrol("easttown", Role.FEED)
    handle = worlds.two.alike(lambda index: index.handle("easttown"))
    decoys = {
        f"{number} {at}": replace(living(at), identity=number, pupil=None, strong=(), name=(), undated=None)
        for number, at in itertools.product(("made-up number", None), places)
    }
    for reference, decoy in decoys.items():
        registration = worlds.two.world.registration(decoy, handle, reference=reference)
        worlds.ask(feed, "/v1/registrations", worlds.two.world.registering(feed, [registration]))
    worlds.settle()

    for decoy in decoys.values():
        for deep in (None, DeepReason.NAME_UNSURE):
            worlds.look_up(decoy, deep=deep)
    for at in places:
        worlds.look_up(living(at), device=worlds.policeman)
    worlds.ask(feed, "/v1/involvements/list", InvolvementListRequest(after=None, limit=100))
    worlds.look_around()


def test_an_officer_is_told_the_same_whether_there_was_anybody_to_hide(own_worlds: Worlds) -> None:
    """Ada is registered and asked about in one, and nobody in the other; the officer who hides her, and the one who
    approves, read the same bytes throughout.
    """
    worlds = own_worlds
    receipt = worlds.look_up(person("nobody"))["receipt"]
    worlds.leave(receipt)
    worlds.two.each(lambda index: worlds.register(index, person(worlds.whom(index)), "one"))
    approver = officer(worlds.two.one, "easttown")
    request = shield_request(worlds.two.world, worlds.officer, hidden_by("ada"))
    shield = worlds.two.ask(worlds.officer, "/v1/shields", request).json()["shield"]
    worlds.settle()

    own = ShieldStatusRequest(shield=None)
    worlds.two.ask(approver, "/v1/shields/approve", ShieldRequest(shield=shield, ends=False))
    worlds.two.ask(worlds.officer, "/v1/shields/status", own)
    more = shield_request(worlds.two.world, worlds.officer, renamed("ada"), shield=shield)
    worlds.two.ask(worlds.officer, "/v1/shields", more)
    ending = ShieldEndRequest(shield=shield, why=ShieldEndReason.MISTAKEN)
    worlds.two.ask(worlds.officer, "/v1/shields/end", ending)
    worlds.two.ask(worlds.officer, "/v1/shields/status", own)
    worlds.two.ask(approver, "/v1/shields/approve", ShieldRequest(shield=shield, ends=True))
    assert worlds.two.ask(worlds.officer, "/v1/shields/status", own).json()["shields"] == []
