"""A request about a shielded child runs what one about an absent child runs (protocol.md C4): the gate.

Comparing answers proves nothing: a flag in the SQL, and a check after fetching, both answer byte for byte alike and are
told apart by the time they take. So two indexes are asked the same about 1,000 children, each of whom is shielded in
one of them and, in the other, was never registered or was withdrawn. Whatever can be seen or measured of a request
(`tests.support.two_indexes`) must be the same in both: the statements with their values, so the rows written too; the
steps of SQLite's virtual machine on either connection; the answer in every byte; and every line of Python. Lines are
watched of a tenth of the children, since that takes three times as long; everything else of all of them.

What is done so that nothing else tells the two indexes apart:
- Officers and feeds do as much in both: where one index registers and shields a child, the other does so with another,
  so that both hold as many rows and their records are the same.
- A day passes between setting up and asking, and what has run out is swept: the nonces and receipts of the setting up,
  among which a seek could end otherwise, are gone from both.
- Every kind of request is made before one is watched: statements are prepared, the caseload is counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from signpost.index.storage import lookups as lookups_module
from signpost.index.storage.schema import SENTINEL_KEY
from signpost.index.storage.seals import MOST_A_DAY
from signpost.protocol.messages import (
    ContactRequest,
    ContactStatusRequest,
    GlassRequest,
    InvolvementListRequest,
    LookupAgainRequest,
    Nothing,
    OutcomeRequest,
    OwnWorkEndRequest,
    OwnWorkHandOverRequest,
    OwnWorkRequest,
    ReplyRequest,
    ReviewRequest,
)
from signpost.protocol.purposes import DeepReason, Kind, Role, Urgency
from tests.support.running_index import RunningIndex
from tests.support.shielding import add_shield, officer
from tests.support.two_indexes import NO_LIMITS, Seen, TwoIndexes, differences, watched
from tests.support.world import TODAY, Child, Device, chance, changing, device_purpose, reference_of, whole_child

CHILDREN = 1_000
TOGETHER = 20
"""Children who are asked about before the next are, and registered in one request."""
DAY = 24 * 60 * 60


def some_child(number: int) -> Child:
    """Of some much is known, of others little; never so little that their shield would not hide them."""
    name, draw = f"child {number}", chance(number)

    def some(what: str, least: int, most: int) -> tuple[str, ...]:
        return tuple(f"{name} {what} {at}" for at in range(draw.randint(least, most)))

    def perhaps(what: str) -> str | None:
        return f"{name} {what}" if draw.random() < 0.7 else None

    return Child(
        identity=perhaps("number"),
        pupil=perhaps("pupil"),
        strong=some("strong", 1, 2),
        name=some("name", 0, 3),
        undated=perhaps("undated"),
        probable=perhaps("probable"),
        possible=(f"{name} possible", *some("possible", 0, 1)),
    )


def sibling(number: int) -> Child:
    """Somebody like a child, whom everybody sees."""
    return replace(whole_child(f"sibling {number}"), possible=(f"child {number} possible",))


@dataclass(frozen=True)
class Asked:
    """Two indexes that were set up, and who asks them."""

    two: TwoIndexes
    nurse: Device
    """Of a hospital."""
    colleagues: Sequence[Device]
    """Of another council, and the hospital's rights officer."""
    feed: Device
    """Of a third council, which registers the children as well."""
    worker: Device
    """Of the same."""
    handle: str

    def watch(self, device: Device, path: str, message: BaseModel, *, lines: bool) -> Seen:
        """One request, the same in both in everything that is seen of it."""
        return self.alike(path, *self.two.watch(device, path, message, lines=lines))

    def get(self, path: str, *, lines: bool) -> None:
        """As anybody may."""
        self.alike(path, *self.two.each(lambda index: watched(index, lambda: index.get(path), lines=lines)))

    @staticmethod
    def alike(path: str, one: Seen, other: Seen) -> Seen:
        """What was seen in both."""
        assert (path, differences(one, other)) == (path, [])
        return one


@contextmanager
def set_up(folder: Path, children: Sequence[Child]) -> Iterator[Asked]:
    """`one` holds shields of the children of even numbers, `other` of those of odd numbers. Every other pair is loaded
    and then shielded, and the rest are shielded and then loaded. A fifth of those who are not shielded were withdrawn.
    """
    with TwoIndexes(folder, **NO_LIMITS) as two:
        scene = two.set_scene()
        two.admit("easttown")
        handle = two.alike(lambda index: index.handle("easttown"))
        officers = officers_of(two, len(children) // 2)
        pairs = list(enumerate(zip(children[::2], children[1::2], strict=True)))

        def register(index: RunningIndex, chosen: Sequence[tuple[int, Child]]) -> None:
            for at in range(0, len(chosen), TOGETHER):
                registrations = [
                    two.world.registration(child, scene.handle, reference=str(number))
                    for number, child in chosen[at : at + TOGETHER]
                ]
                answer = index.ask(scene.feed, "/v1/registrations", two.world.registering(scene.feed, registrations))
                assert answer.status_code == 202, answer.text
            index.settle()

        def shield(index: RunningIndex, chosen: Sequence[tuple[int, Child]]) -> None:
            for number, child in chosen:
                add_shield(index, officers[number // MOST_A_DAY], child)

        def load(index: RunningIndex) -> None:
            of_index = [(number, pair[index is two.other]) for number, pair in pairs]
            others = [(number, pair[index is two.one]) for number, pair in pairs[::5]]
            index.register(scene.other_feed, sibling(0), scene.other_handle, reference="sibling")
            register(index, of_index[::2])
            shield(index, of_index)
            register(index, of_index[1::2])
            register(index, [(len(children) + number, child) for number, child in others])
            for number, _ in others:
                changes = changing(str(len(children) + number), "withdraw")
                assert index.ask(scene.feed, "/v1/involvements/changes", changes).status_code == 202
            index.settle()

        two.each(load)
        two.world.clock.advance(DAY + DAY // 8)
        two.each(swept)
        for index in (two.one, two.other):
            assert visible(index) == 1, "only the sibling stands where an asker looks"
        yield Asked(
            two,
            nurse=two.one.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL),
            colleagues=(
                two.one.enrol("southtown", Role.PRACTITIONER),
                two.one.enrol("st-elsewhere", Role.RIGHTS_OFFICER, Kind.HOSPITAL),
            ),
            feed=two.one.enrol("easttown", Role.FEED),
            worker=two.one.enrol("easttown", Role.PRACTITIONER),
            handle=handle,
        )


def officers_of(two: TwoIndexes, shields: int) -> list[Device]:
    """As many, of councils of their own, as it takes to ask for so many shields in a day."""
    names = [f"council-{number}" for number in range(-(-shields // MOST_A_DAY))]
    for name in names:
        two.admit(name)
    return [officer(two.one, name) for name in names]


def swept(index: RunningIndex) -> None:
    """All that has run out is gone, once the desk has what it is to see of it."""
    index.run(index.index.gathering.tick())
    while index.sweep():
        pass


def visible(index: RunningIndex) -> int:
    """How many involvements an asker may meet."""
    return len({row[1:3] for row in index.tables()["involvement_tags"] if row[0] != SENTINEL_KEY})


def follow_up(asked: Asked, children: Sequence[Child], *, lines: bool) -> list[str]:
    """Every question that there is about each of the children; the words that they were answered."""
    two, nurse, purpose = asked.two, asked.nurse, device_purpose(asked.nurse)
    receipts, words = [], []
    for child in children:
        ordinary, deep = (
            json.loads(asked.watch(nurse, "/v1/lookups", two.world.lookup(nurse, child, deep=why), lines=lines).body)
            for why in (None, DeepReason.NAME_UNSURE)
        )
        words += [ordinary["answer"], deep["answer"]]
        receipts.append(deep["receipt"])
        asked.watch(nurse, "/v1/lookups/again", LookupAgainRequest(receipt=receipts[-1]), lines=lines)
        call_back = ContactRequest(receipt=receipts[-1], purpose=purpose, urgency=Urgency.NOW)
        asked.watch(nurse, "/v1/contact/asks", call_back, lines=lines)
    two.alike(lambda index: index.settle())
    for receipt in receipts:
        asked.watch(nurse, "/v1/contact/status", ContactStatusRequest(receipt=receipt), lines=lines)
        asked.watch(
            nurse, "/v1/contact/outcomes", OutcomeRequest(receipt=receipt, reached=False, new=False), lines=lines
        )
        asked.watch(nurse, "/v1/contact/break-glass", GlassRequest(receipt=receipt, purpose=purpose), lines=lines)
    return words


def look_around(asked: Asked, *, lines: bool) -> None:
    """Everything that is asked of no child in particular."""
    colleague, rights = asked.colleagues
    unknown = receipt_nobody_has()
    reply = ReplyRequest(notice=unknown, reply="share", hand_over_to=None, reason=None)
    for device in (asked.nurse, colleague):
        asked.watch(device, "/v1/inbox", Nothing(), lines=lines)
        asked.watch(device, "/v1/inbox/replies", reply, lines=lines)
        asked.watch(device, "/v1/handles/list", Nothing(), lines=lines)
        asked.watch(device, "/v1/contact/status", ContactStatusRequest(receipt=unknown), lines=lines)
    asked.watch(rights, "/v1/reviews/list", Nothing(), lines=lines)
    asked.watch(rights, "/v1/reviews", ReviewRequest(reference=unknown, justified=True), lines=lines)
    for path in ("/v1/coverage", "/v1/revocations", "/health"):
        asked.get(path, lines=lines)


def register_as_well(asked: Asked, children: Sequence[Child], *, lines: bool) -> None:
    """A third council registers the same children, and sees of them what it sent."""
    two, feed = asked.two, asked.feed
    registrations = [two.world.registration(child, asked.handle, reference=repr(child)) for child in children]
    asked.watch(feed, "/v1/registrations", two.world.registering(feed, registrations), lines=lines)
    two.alike(lambda index: index.settle())
    asked.watch(feed, "/v1/involvements/list", InvolvementListRequest(after=None, limit=1_000), lines=lines)
    asked.watch(feed, "/v1/handles/list", Nothing(), lines=lines)
    for child in children[::5]:
        asked.watch(asked.worker, "/v1/lookups", two.world.lookup(asked.worker, child), lines=lines)


def receipt_nobody_has() -> str:
    """Of the right form."""
    return "2222-2222"


def test_every_request_about_a_shielded_child_runs_what_one_about_an_absent_child_runs(tmp_path: Path) -> None:
    """1,000 children; each endpoint and each follow-up that somebody outside the registering council can reach."""
    children = [some_child(number) for number in range(CHILDREN)]
    with set_up(tmp_path, children) as asked:
        warm = [whole_child(f"warm {number}") for number in range(2)]
        for lines in (False, True):
            follow_up(asked, warm, lines=lines)
            look_around(asked, lines=lines)
        words: list[str] = []
        for at in range(0, CHILDREN, TOGETHER):
            lines = at % (10 * TOGETHER) == 0
            words += follow_up(asked, children[at : at + TOGETHER], lines=lines)
            look_around(asked, lines=lines)
        register_as_well(asked, warm, lines=False)
        for at in range(0, CHILDREN, TOGETHER):
            register_as_well(asked, children[at : at + TOGETHER], lines=at % (10 * TOGETHER) == 0)

    assert words.count("none") == 2 * CHILDREN - 1
    assert words.count("possible") == 1, "of the one who has a sibling that everybody sees"


# -- the registering council's own view: shielded against settled

OWN_CHILDREN = 60


@contextmanager
def set_up_own(folder: Path, children: Sequence[Child]) -> Iterator[tuple[TwoIndexes, Owner]]:
    """A council registered the children in both, and was told of call-backs about them; `one` shields them, `other`
    as many whom nobody registered.
    """
    with TwoIndexes(folder, **NO_LIMITS) as two:
        scene = two.set_scene()
        officers = officers_of(two, len(children))

        def load(index: RunningIndex) -> None:
            for number, child in enumerate(children):
                index.register(scene.feed, child, scene.handle, reference=str(number))
                index.settle()
                answer = index.ask(scene.nurse, "/v1/lookups", two.world.lookup(scene.nurse, child))
                call_back = ContactRequest(
                    receipt=answer.json()["receipt"], purpose=device_purpose(scene.nurse), urgency=Urgency.WEEK
                )
                assert index.ask(scene.nurse, "/v1/contact/asks", call_back).status_code == 200
            index.settle()
            for number, child in enumerate(children):
                hidden = child if index is two.one else whole_child(f"stranger {number}")
                add_shield(index, officers[number // MOST_A_DAY], hidden)

        two.each(load)
        other_handle = two.alike(lambda index: index.handle("northtown"))
        two.world.clock.advance(DAY + DAY // 8)
        two.each(swept)
        assert (visible(two.one), visible(two.other)) == (0, len(children))
        yield (
            two,
            Owner(
                feed=two.one.enrol("northtown", Role.FEED),
                worker=two.one.enrol("northtown", Role.PRACTITIONER),
                handle=scene.handle,
                other_handle=other_handle,
            ),
        )


@dataclass(frozen=True)
class Owner:
    """The registering council."""

    feed: Device
    worker: Device
    handle: str
    other_handle: str


def test_the_registering_council_runs_the_same_whether_its_child_was_shielded_or_not(tmp_path: Path) -> None:
    """It asks about its own children, reads its lists and inbox, answers what it was told before, registers the
    children again under another surname; sees, hands over and ends them by their numbers; ends and withdraws.
    """
    children = [some_child(number) for number in range(OWN_CHILDREN)]
    with set_up_own(tmp_path, children) as (two, owner):

        def watch(device: Device, path: str, message: BaseModel) -> Any:
            seen = Asked.alike(path, *two.watch(device, path, message, lines=lines))
            return json.loads(seen.body)

        for at in range(0, OWN_CHILDREN, TOGETHER):
            lines = not at
            some = list(enumerate(children))[at : at + TOGETHER]
            for _, child in some:
                answer = watch(owner.worker, "/v1/lookups", two.world.lookup(owner.worker, child))
                assert answer["answer"] == "none", "its own rows are never visited"
                receipt = answer["receipt"]
                watch(owner.worker, "/v1/lookups/again", LookupAgainRequest(receipt=receipt))
                call_back = ContactRequest(receipt=receipt, purpose=device_purpose(owner.worker), urgency=Urgency.WEEK)
                watch(owner.worker, "/v1/contact/asks", call_back)
                watch(owner.worker, "/v1/contact/status", ContactStatusRequest(receipt=receipt))
            notices = watch(owner.worker, "/v1/inbox", Nothing())["notices"]
            assert len(notices) == OWN_CHILDREN or at, "those that were told before stay"
            for number, notice in enumerate(notices[: TOGETHER // 2]):
                reply = ReplyRequest.model_validate(
                    {
                        "notice": notice["notice"],
                        "reply": ("share", "end")[number % 2],
                        "hand_over_to": None,
                        "reason": None,
                    }
                )
                watch(owner.worker, "/v1/inbox/replies", reply)
            renamed = [
                two.world.registration(
                    replace(child, name=(f"renamed {number}",)), owner.handle, reference=str(number), row="renamed"
                )
                for number, child in some
            ]
            watch(owner.feed, "/v1/registrations", two.world.registering(owner.feed, renamed))
            two.alike(lambda index: index.settle())
            watch(owner.feed, "/v1/involvements/list", InvolvementListRequest(after=None, limit=1_000))
            for number, _ in some:
                name = reference_of(str(number))
                watch(owner.worker, "/v1/involvements/own", OwnWorkRequest(reference=name))
                watch(
                    owner.worker,
                    "/v1/involvements/own/hand-over",
                    OwnWorkHandOverRequest(reference=name, hand_over_to=owner.other_handle),
                )
                ended = OwnWorkEndRequest(reference=name, ended_on=TODAY)
                for _ in range(2):  # the second is refused: it has ended
                    watch(owner.worker, "/v1/involvements/own/end", ended)
                found = watch(owner.worker, "/v1/involvements/own", OwnWorkRequest(reference=name))
                assert (found["handle"], found["ended_on"]) == (owner.other_handle, TODAY.isoformat())
            two.alike(lambda index: index.settle())
            for number, _ in some:
                changes = changing(str(number), "end" if number % 2 else "withdraw")
                watch(owner.feed, "/v1/involvements/changes", changes)
            two.alike(lambda index: index.settle())
            left = watch(owner.feed, "/v1/involvements/list", InvolvementListRequest(after=None, limit=1_000))
            assert len(left["involvements"]) == OWN_CHILDREN - (at + TOGETHER) // 2
            watch(owner.feed, "/v1/handles/list", Nothing())


# -- the gate has teeth: three leaks that answer alike in every byte


COLUMNS = "key, organisation, involvement, class, tier, ended_on, identity_key"
FOUND = lookups_module.hits_statement
READ = lookups_module.read_hits


def put_back(index: RunningIndex, *, flagged: bool) -> None:
    """What a shield took from where askers look stands there again, to be hidden in another way."""

    def work(connection: Any) -> None:
        if flagged:
            connection.execute("ALTER TABLE involvement_tags ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0")
        connection.execute(
            f"INSERT INTO involvement_tags SELECT {COLUMNS} {', 1' if flagged else ''} "  # noqa: S608 - names of columns
            "FROM sealed_tags WHERE key <> ?",
            (SENTINEL_KEY,),
        )

    index.writer.run(work)


def looked_up(two: TwoIndexes, device: Device, child: Child) -> list[str]:
    """In what one lookup differs, after one of the same kind."""
    two.watch(device, "/v1/lookups", two.world.lookup(device, whole_child("warm")), lines=True)
    return differences(*two.watch(device, "/v1/lookups", two.world.lookup(device, child), lines=True))


@pytest.fixture
def leaking(tmp_path: Path) -> Iterator[Asked]:
    """A few children, to be hidden badly."""
    with set_up(tmp_path, [some_child(number) for number in range(10)]) as asked:
        yield asked


def test_a_flag_in_the_statement_is_found(leaking: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is read and passed over: byte for byte the same answer, and more steps."""
    for index in (leaking.two.one, leaking.two.other):
        put_back(index, flagged=True)
    statement = FOUND(12).replace("< ?1", "< ?1 AND hidden = 0").replace("> ?1", "> ?1 AND hidden = 0")
    monkeypatch.setattr(lookups_module, "hits_statement", lambda *_: statement)

    for number in range(10):
        assert looked_up(leaking.two, leaking.nurse, some_child(number)) == ["reader_steps"]


def test_fetching_and_then_checking_is_found(leaking: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched is dropped in Python: byte for byte the same answer, and more steps and lines."""
    hidden = {}
    for index in (leaking.two.one, leaking.two.other):
        hidden[index.reader] = {row[1:3] for row in index.tables()["sealed_tags"]}
        put_back(index, flagged=False)

    def checked(connection: Any, *rest: Any, **others: Any) -> list[Any]:
        found = READ(connection, *rest, **others)
        return [hit for hit in found if (hit.organisation, hit.involvement) not in hidden[connection]]

    monkeypatch.setattr(lookups_module, "read_hits", checked)

    for number in range(10):
        assert looked_up(leaking.two, leaking.nurse, some_child(number)) == ["reader_steps", "loop_lines"]


def test_filtering_ones_own_rows_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A council asks about its own child: what is filtered out costs steps until a shield has taken it away."""
    children = [some_child(number) for number in range(3)]
    statement = " UNION ALL ".join(
        part.replace("organisation <", "organisation <>") for part in FOUND(12).split(" UNION ALL ") if "<" in part
    )
    with set_up_own(tmp_path, children) as (two, owner):
        monkeypatch.setattr(lookups_module, "hits_statement", lambda *_: statement)

        for child in children:
            assert looked_up(two, owner.worker, child) == ["reader_steps"]
