"""Brokered contact against a small model (protocol.md C3-C7): whatever order people ask, answer, register and withdraw
in, and wherever the index stops and starts, nobody is lost, told twice, or learns what they must not.

The model is plain dictionaries: who registered what, what has settled, who waits, what was shared. What a step may have
done is then compared with what everybody can read, and with every notice that rests in the database.
"""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from unittest import mock

import httpx2
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import BaseModel

from signpost.index import settle
from signpost.index.contact_states import ANSWERED, WAITING, NoticeState
from signpost.index.records import KeptNotice
from signpost.index.storage.call_back_rows import CallBackRows
from signpost.index.working_time import Patience, due_at, read_hours
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.messages import (
    ContactRequest,
    ContactStatusRequest,
    LookupAgainRequest,
    Nothing,
    OutcomeRequest,
    ReplyRequest,
)
from signpost.protocol.purposes import Kind, Role, Urgency
from tests.integration.index.test_record import leaves
from tests.support.running_index import RunningIndex
from tests.support.world import NOON, TODAY, Child, Device, changing, device_purpose, reference_of, whole_child

HOUR: Final = 60 * 60
QUARTER: Final = HOUR // 4
DAY: Final = 24 * HOUR
LAST: Final = NOON + 300 * DAY
"""No end of work leaves the look-back window before it."""
FOUND_A_DAY: Final = 2
COUNCILS: Final = ("northtown", "southtown")
REFERENCES: Final = ("one", "two", "three")
_LIKE_ADA: Final = Child(
    strong=("like strong",), name=("like name",), probable="ada probable", possible=("like possible",)
)
CHILDREN: Final = {"ada": whole_child("ada"), "ben": whole_child("ben"), "like": _LIKE_ADA}
SOONEST_FIRST: Final = (Urgency.NOW, Urgency.TODAY, Urgency.WEEK)

Key = tuple[str, str]
"""An involvement: whose, and by which reference."""


@dataclass(frozen=True)
class Account:
    """Somebody who signs in again whenever their shift is over."""

    organisation: str
    name: str
    role: Role
    kind: Kind


ASKERS: Final = (
    Account("st-elsewhere", "nightingale", Role.URGENT, Kind.HOSPITAL),
    Account("st-elsewhere", "seacole", Role.URGENT, Kind.HOSPITAL),
    Account("northtown", "lowell", Role.PRACTITIONER, Kind.COUNCIL),
)
WORKERS: Final = {
    "northtown": ASKERS[2],
    "southtown": Account("southtown", "addams", Role.PRACTITIONER, Kind.COUNCIL),
}
FEEDS: Final = {name: Account(name, f"feed-of-{name}", Role.FEED, Kind.COUNCIL) for name in COUNCILS}
EVERYBODY: Final = (*ASKERS, *WORKERS.values(), *FEEDS.values())


@dataclass(frozen=True)
class Involvement:
    """As the model knows it."""

    child: str
    handle: str
    ended: bool
    sealed: bytes


@dataclass
class Looked:
    """A lookup, and the call-back that was left by its receipt."""

    account: Account
    child: str
    kept_until: int
    urgency: Urgency | None = None
    asked_at: int = 0
    waits_until: int = 0
    settled: bool = False


@dataclass(frozen=True)
class Arrival:
    """What waits to settle: of an involvement, or a call-back by its receipt."""

    what: Literal["register", "end", "withdraw", "ask", "look"]
    of: Key
    involvement: Involvement | None = None


def tier(looked_up: str, registered: str) -> int | None:
    """How well one child's details match another's: 1 is surely, 2 perhaps."""
    if looked_up == registered:
        return 1
    return 2 if {looked_up, registered} == {"ada", "like"} else None


def whole_hour(moment: int) -> int:
    """The next one."""
    return moment + -moment % HOUR


class BrokeredContact(RuleBasedStateMachine):
    """Two councils, a hospital, and whoever goes between them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="signpost-")
        self.index = self.opened(None)
        self.world = self.index.world
        self.now = self.world.clock.now
        self.devices: dict[Account, tuple[int, Device]] = {}
        self.handles: dict[str, dict[str, Any]] = {}
        self.handed_over: dict[str, str] = {}
        self.owned: dict[Key, Involvement] = {}
        self.visible: dict[Key, Involvement] = {}
        self.inbox: list[Arrival] = []
        self.lookups: dict[str, Looked] = {}
        self.shared: defaultdict[str, dict[Key, str]] = defaultdict(dict)
        self.notices: dict[str, KeptNotice] = {}
        self.councils: dict[str, str] = {}
        self.seen: list[str] = []
        self.excused: set[tuple[str, Key]] = set()
        self.found: Counter[tuple[str, int]] = Counter()
        self.all_told: Counter[tuple[str, int]] = Counter()
        self.act = ""
        self.replied: str | None = None
        self.batch: list[Arrival] = []

    def opened(self, before: RunningIndex | None) -> RunningIndex:
        """The index over its folder, for the first time or again."""
        return RunningIndex(
            Path(self.folder.name) / "data",
            keys=None if before is None else before.keys,
            world=None if before is None else before.world,
            found_a_day=FOUND_A_DAY,
            practitioner_lookups=2_000,
            urgent_lookups=2_000,
            repeats_of_an_account=10_000,
            repeats_of_an_organisation=10_000,
        )

    @initialize(asked_first=st.booleans())
    def set_scene(self, asked_first: bool) -> None:
        """Everybody is there, and all ask about one child, whom both councils register before or after. Each council's
        day desk falls back to its night desk.
        """
        for council in COUNCILS:
            self.index.admit(council)
            night = self.added(council, title="Night desk", hours="24/7", out_of_hours=None)
            self.added(council, title="Day desk", hours=None, out_of_hours=night)
        self.index.admit("st-elsewhere", Kind.HOSPITAL)
        for each in ("asked", "registered") if asked_first else ("registered", "asked"):
            if each == "asked":
                for account in ASKERS:
                    self.look_up(account, "ada", Urgency.TODAY)
            else:
                for council in COUNCILS:
                    self.register((council, "one"), "ada", desk=1, ended=False, now=True)

    def added(self, council: str, **point: object) -> str:
        """A desk."""
        telephone = f"01632 96000{len(self.handles)}"
        answer = self.index.operate("/handles", {"organisation": council, "telephone": telephone, **point})
        assert answer.status_code == 201
        handle = str(answer.json()["handle"])
        self.handles[handle] = {"organisation": council, "telephone": telephone, "email": None, **point}
        return handle

    def teardown(self) -> None:
        """Stop."""
        self.index.close()
        self.folder.cleanup()

    # -- speaking to it

    def say(self, account: Account, path: str, message: BaseModel) -> httpx2.Response:
        """What an account is answered. Nobody is ever told another organisation's name, nor its people's."""
        since, device = self.devices.get(account, (-DAY, None))
        if device is None or self.now() - since >= 11 * HOUR:
            device = self.index.enrol(account.organisation, account.role, account.kind, account=account.name)
            self.devices[account] = (self.now(), device)
        answer = self.index.ask(device, path, message)
        for other in EVERYBODY:
            if other.organisation != account.organisation:
                assert other.organisation.encode() not in answer.content
                assert other.name.encode() not in answer.content
        return answer

    def device(self, account: Account) -> Device:
        """Signed in."""
        self.say(account, "/v1/handles/list", Nothing())
        return self.devices[account][1]

    @staticmethod
    def refusal(answer: httpx2.Response) -> tuple[int, str]:
        """Its status and code."""
        return answer.status_code, answer.json()["code"]

    # -- what the model knows

    def standing(self, handle: str) -> str:
        """Which desk answers for a handle."""
        return self.handed_over.get(handle, handle)

    def waits(self, receipt: str) -> bool:
        """Whether a call-back was left by it and has not run out."""
        looked = self.lookups[receipt]
        return looked.urgency is not None and self.now() < looked.waits_until

    def hits(self, looked: Looked, *, strongest: bool) -> dict[Key, Involvement]:
        """The involvements of other organisations that match now."""
        tiers = {
            key: how
            for key, each in self.visible.items()
            if key[0] != looked.account.organisation and (how := tier(looked.child, each.child)) is not None
        }
        best = min(tiers.values(), default=None)
        return {key: self.visible[key] for key, how in tiers.items() if how == best or not strongest}

    def word(self, looked: Looked) -> str:
        """What a lookup is answered now."""
        hits = self.hits(looked, strongest=True)
        if not hits:
            return "none"
        if all(each.child != looked.child for each in hits.values()):
            return "possible"
        return "current" if any(not each.ended for each in hits.values()) else "previous"

    def expected(self, receipt: str) -> dict[str, Any]:
        """What its asker is to be told: of those who match, who shared; and else only the time."""
        looked = self.lookups[receipt]
        assert looked.urgency is not None
        matching = self.hits(looked, strongest=False)
        desks = {self.standing(handle) for key, handle in self.shared[receipt].items() if key in matching}
        answer_by = due_at(looked.asked_at, looked.urgency, None, Patience())
        over = self.now() >= due_at(answer_by, looked.urgency, None, Patience())
        return {
            "receipt": receipt,
            "state": "answered" if desks else "no-reply" if over else "pending",
            "urgency": looked.urgency.value,
            "asked_at": looked.asked_at,
            "answer_by": answer_by,
            "waits_until": looked.waits_until,
            "handles": [
                {word: self.handles[desk][word] for word in ("title", "telephone", "email", "hours")}
                for desk in sorted(desks)
            ],
        }

    def due(self, handle: str, urgency: Urgency) -> int:
        """When a desk that is told now has to have answered."""
        return due_at(self.now(), urgency, read_hours(self.handles[self.standing(handle)]["hours"]), Patience())

    # -- what rests in the database

    def resting(self) -> dict[str, KeptNotice]:
        """Every notice, by its reference."""
        return {each.reference: each for each in CallBackRows(self.index.vault).all_notices(self.index.reader)}

    def receipt_of(self, notice: KeptNotice) -> str:
        """Of which call-back."""
        [receipt] = [
            receipt
            for receipt, looked in self.lookups.items()
            if notice.call_back
            == self.index.vault.call_back(
                OrganisationId(looked.account.organisation), AccountId(looked.account.name), receipt
            )
        ]
        return receipt

    def key_of(self, notice: KeptNotice) -> Key:
        """About which involvement."""
        [reference] = [
            reference
            for reference in REFERENCES
            if notice.involvement == self.index.vault.involvement(notice.organisation, reference_of(reference))
        ]
        return notice.organisation, reference

    # -- what people do

    @rule(
        account=st.sampled_from(ASKERS),
        child=st.sampled_from(["ada", "ada", "like", "ben"]),
        urgency=st.sampled_from([None, *Urgency]),
    )
    @precondition(lambda self: len(self.lookups) < 12)
    def look_up(self, account: Account, child: str, urgency: Urgency | None) -> None:
        """Somebody looks a child up, and may ask to be rung at once."""
        device = self.device(account)
        request = self.world.lookup(device, CHILDREN[child], purpose=device_purpose(device))
        answer = self.say(account, "/v1/lookups", request).json()
        looked = Looked(account, child, kept_until=whole_hour(self.now() + DAY))
        assert answer["answer"] == self.word(looked)
        self.lookups[answer["receipt"]] = looked
        alone = not self.inbox
        self.inbox.append(Arrival("look", ("", answer["receipt"])))
        if alone:
            self.settle_all()
        if urgency is not None:
            self.ask(len(self.lookups) - 1, urgency, now=True)

    @rule(pick=st.integers(0, 11), urgency=st.sampled_from(Urgency), now=st.booleans())
    @precondition(lambda self: self.lookups)
    def ask(self, pick: int, urgency: Urgency, now: bool) -> None:
        """Somebody asks to be rung, for the first time or again."""
        receipt = list(self.lookups)[pick % len(self.lookups)]
        looked = self.lookups[receipt]
        request = ContactRequest(receipt=receipt, purpose=device_purpose(self.device(looked.account)), urgency=urgency)
        answer = self.say(looked.account, "/v1/contact/asks", request)
        if not self.waits(receipt):
            if self.now() >= looked.kept_until:
                assert self.refusal(answer) == (404, "lookup-unknown")
                return
            looked.waits_until = whole_hour(self.now() + 28 * DAY)
        if looked.urgency is None or SOONEST_FIRST.index(urgency) < SOONEST_FIRST.index(looked.urgency):
            looked.urgency, looked.asked_at = urgency, self.now()
        self.inbox.append(Arrival("ask", ("", receipt)))
        assert answer.status_code == 200
        told = self.expected(receipt)
        assert answer.json() == {word: told[word] for word in ("receipt", "urgency", "answer_by", "waits_until")}
        if now:
            self.settle_all()

    @rule(
        key=st.tuples(st.sampled_from(COUNCILS), st.sampled_from(REFERENCES)),
        child=st.sampled_from(["ada", "ada", "like", "ben"]),
        desk=st.integers(0, 1),
        ended=st.booleans(),
        now=st.booleans(),
    )
    def register(self, key: Key, child: str, desk: int, ended: bool, now: bool) -> None:
        """A council registers an involvement, or says it anew: of another child or another desk, too."""
        council, reference = key
        handle = [name for name, of in self.handles.items() if of["organisation"] == council][desk]
        feed = FEEDS[council]
        registration = self.world.registration(
            CHILDREN[child], handle, reference=reference, ended_on=TODAY if ended else None
        )
        answer = self.say(feed, "/v1/registrations", self.world.registering(self.device(feed), [registration]))
        assert answer.status_code == 202
        assert set(answer.json()) == {"receipt", "accepted", "at"}
        involvement = Involvement(child, handle, ended, registration.sealed_case_reference)
        self.owned[key] = involvement
        self.inbox.append(Arrival("register", key, involvement))
        if now:
            self.settle_all()

    @rule(pick=st.integers(0, 5), action=st.sampled_from(["end", "withdraw"]), now=st.booleans())
    @precondition(lambda self: self.owned)
    def change(self, pick: int, action: Literal["end", "withdraw"], now: bool) -> None:
        """A council's work ends, or it takes an involvement back."""
        key = sorted(self.owned)[pick % len(self.owned)]
        answer = self.say(FEEDS[key[0]], "/v1/involvements/changes", changing(key[1], action))
        assert answer.status_code == 202, answer.text
        if action == "withdraw":
            del self.owned[key]
        else:
            before = self.owned[key]
            self.owned[key] = Involvement(before.child, before.handle, ended=True, sealed=before.sealed)
        self.inbox.append(Arrival(action, key))
        if now:
            self.settle_all()

    @rule(
        pick=st.integers(0, 30),
        how=st.sampled_from(["share", "share", "share", "share", "hand-over", "end", "decline"]),
        elsewhere=st.integers(0, 5).map(lambda at: at == 5),
        twice=st.booleans(),
    )
    @precondition(lambda self: self.seen)
    def reply(self, pick: int, how: str, elsewhere: bool, twice: bool) -> None:
        """Somebody answers a notice: one of their own, one that is gone, another council's, or one a second time."""
        waiting = [name for name, each in self.notices.items() if each.state in WAITING]
        choices = [*waiting, *waiting, self.seen[pick % len(self.seen)]]
        reference = choices[pick % len(choices)]
        council = self.councils[reference]
        if elsewhere:
            [council] = set(COUNCILS) - {council}
        for _ in range(2 if twice else 1):
            self.reply_once(council, reference, how)

    def reply_once(self, council: str, reference: str, how: str) -> None:
        """One answer."""
        notice = self.resting().get(reference)
        other = next(
            name
            for name, of in self.handles.items()
            if of["organisation"] == council and (notice is None or name != notice.handle)
        )
        request = ReplyRequest.model_validate(
            {
                "notice": reference,
                "reply": how,
                "hand_over_to": other if how == "hand-over" else None,
                "reason": "no-consent" if how == "decline" else None,
            }
        )
        answer = self.say(WORKERS[council], "/v1/inbox/replies", request)
        if (
            notice is None
            or notice.organisation != council
            or notice.state is NoticeState.HELD
            or self.now() >= notice.waits_until
        ):
            assert self.refusal(answer) == (404, "notice-unknown")
        elif notice.state in ANSWERED:
            assert self.refusal(answer) == (409, "notice-answered")
        else:
            assert (answer.status_code, answer.json()) == (200, {})
            self.act, self.replied = "reply", reference
            if how == "share":
                self.shared[self.receipt_of(notice)][self.key_of(notice)] = notice.handle

    @rule(pick=st.integers(0, 11), other=st.sampled_from(ASKERS), reached=st.booleans())
    @precondition(lambda self: self.lookups)
    def follow_up(self, pick: int, other: Account, reached: bool) -> None:
        """Somebody looks up again, says what came of a call-back and reads it: by a receipt of their own alone."""
        receipt = list(self.lookups)[pick % len(self.lookups)]
        looked = self.lookups[receipt]
        again = self.say(other, "/v1/lookups/again", LookupAgainRequest(receipt=receipt))
        if other == looked.account and (self.now() < looked.kept_until or self.waits(receipt)):
            assert again.json()["answer"] == self.word(looked)
        else:
            assert self.refusal(again) == (404, "lookup-unknown")
        for path, message in (
            ("/v1/contact/outcomes", OutcomeRequest(receipt=receipt, reached=reached, new=reached)),
            ("/v1/contact/status", ContactStatusRequest(receipt=receipt)),
        ):
            answer = self.say(other, path, message)
            if other == looked.account and self.waits(receipt):
                assert answer.status_code == 200
            else:
                assert self.refusal(answer) == (404, "call-back-unknown")

    @rule(council=st.sampled_from(COUNCILS))
    @precondition(lambda self: len(self.handed_over) < len(COUNCILS))
    def hand_over_desk(self, council: str) -> None:
        """A council's day desk closes for good: its night desk answers for it."""
        night, day = (name for name, of in self.handles.items() if of["organisation"] == council)
        document = {"organisation": council, "handle": day, "to": night}
        assert self.index.operate("/handles/hand-over", document).status_code == 200
        self.handed_over[day] = night

    @rule(pick=st.integers(0, 5))
    @precondition(lambda self: any(each.state is NoticeState.HELD for each in self.notices.values()))
    def release(self, pick: int) -> None:
        """The operator lets a notice go that was held."""
        held = self.index.operate("/contact/held").json()["held"]
        expected = [
            name
            for name, each in self.resting().items()
            if each.state is NoticeState.HELD and self.now() < each.waits_until
        ]
        assert sorted(each["notice"] for each in held) == sorted(expected)
        if held:
            chosen = held[pick % len(held)]
            document = {"organisation": chosen["organisation"], "notice": chosen["notice"]}
            assert self.index.operate("/contact/release", document).status_code == 200
            assert self.refusal(self.index.operate("/contact/release", document)) == (404, "notice-unknown")
            self.act = "release"

    # -- what the index does by itself

    @rule(batch=st.sampled_from([1, 2, settle.BATCH]))
    @precondition(lambda self: self.inbox)
    def settle(self, batch: int) -> None:
        """One batch settles."""
        with mock.patch.object(settle, "BATCH", batch):
            settled = self.index.run(self.index.index.settling.tick())
        self.batch, self.inbox = self.inbox[:batch], self.inbox[batch:]
        assert settled == len(self.batch)
        self.act = "settle"
        net: dict[Key, str] = {}
        for arrival in self.batch:
            key = arrival.of
            match arrival.what:
                case "ask":
                    self.lookups[key[1]].settled = True
                case "look":
                    pass  # it tells nobody anything: no child here is shielded
                case "register":
                    assert arrival.involvement is not None
                    self.visible[key], net[key] = arrival.involvement, "register"
                case "withdraw":
                    self.visible.pop(key, None)
                    net[key] = "withdraw"
                case "end":
                    if key in self.visible:
                        before = self.visible[key]
                        self.visible[key] = Involvement(before.child, before.handle, ended=True, sealed=before.sealed)
        for key, last in net.items():
            for receipt, looked in self.lookups.items():
                if last == "withdraw" or tier(looked.child, self.visible[key].child) is None:
                    self.shared[receipt].pop(key, None)
                    self.excused.discard((receipt, key))
        self.compare()

    def settle_all(self) -> None:
        """All that waits."""
        while self.inbox:
            self.settle(settle.BATCH)

    def escalate(self) -> None:
        """Each notice that is due goes one step on, with one leaf for all of them, which names nobody; and no other."""
        before, written = self.resting(), len(leaves(self.index))
        stepped = self.index.run(self.index.index.escalating.tick())
        due = {
            name
            for name, each in before.items()
            if each.due_at is not None and each.due_at <= self.now() < each.waits_until
        }
        after = self.resting()
        assert {name for name in before if before[name] != after[name]} == due
        gained = leaves(self.index)[written:]
        assert [(leaf["action"], leaf["organisation"]) for leaf in gained] == [("escalated", None)] * bool(due)
        assert stepped == len(due)
        for name in due:
            desk = self.standing(before[name].handle)
            fallback = self.handles[desk]["out_of_hours"]
            if before[name].state is NoticeState.OPEN and fallback is not None:
                assert (after[name].state, after[name].handle) == (NoticeState.ESCALATED, fallback)
                assert after[name].due_at == self.due(fallback, after[name].urgency)
            else:
                assert (after[name].state, after[name].due_at) == (NoticeState.UNANSWERED, None)
        self.act = "escalate"
        self.compare()

    @rule(
        seconds=st.sampled_from([60, QUARTER - 1, QUARTER, HOUR, 4 * HOUR, DAY, 9 * DAY, 28 * DAY + HOUR]),
        then=st.sampled_from(["nothing", "escalate", "escalate", "sweep"]),
    )
    @precondition(lambda self: self.now() < LAST)
    def time_goes_by(self, seconds: int, then: str) -> None:
        """And the index may look what is due, or what has run out."""
        self.world.clock.advance(seconds)
        if then == "escalate":
            self.escalate()
        elif then == "sweep":
            self.sweep()

    def sweep(self) -> None:
        """What has run out is gone, and nothing else is."""
        self.index.sweep()
        waiting = [receipt for receipt in self.lookups if self.waits(receipt)]
        tables = self.index.tables()
        assert len(tables["call_backs"]) == len(waiting)
        assert len(tables["call_back_tags"]) == 12 * len(waiting)
        assert all(self.now() < each.waits_until for each in self.resting().values())
        self.act = "sweep"
        self.compare()

    @rule()
    @precondition(lambda self: self.inbox)
    def crash(self) -> None:
        """The index stops with work to do, and starts again."""
        self.index.close()
        self.index = self.opened(self.index)

    # -- what must be so

    def compare(self) -> None:
        """What is new among the notices, and what has changed, is what the last act may have done."""
        resting = self.resting()
        for name, notice in resting.items():
            before = self.notices.get(name)
            if before is None:
                self.is_new(notice, resting.values())
            elif before != notice:
                self.has_changed(before, notice)
        for name, notice in self.notices.items():
            if name not in resting:
                run_out = self.act == "sweep" and self.now() >= notice.waits_until
                assert self.act == "settle" or run_out, "a notice has gone astray"
        if self.act == "settle":
            self.within_limits([each for name, each in resting.items() if name not in self.notices])
        self.notices = resting
        self.act, self.replied, self.batch = "", None, []
        self.excused |= {
            (receipt, key)
            for receipt, looked in self.lookups.items()
            if looked.settled and self.waits(receipt)
            for key in self.hits(looked, strongest=True)
            if self.in_touch(receipt, key)
            and not any(self.receipt_of(each) == receipt and self.key_of(each) == key for each in resting.values())
        }

    def is_new(self, notice: KeptNotice, resting: Iterable[KeptNotice]) -> None:
        """A desk is told: the right one, once, of somebody who waits."""
        assert self.act == "settle"
        receipt, key = self.receipt_of(notice), self.key_of(notice)
        looked = self.lookups[receipt]
        assert looked.settled or Arrival("ask", ("", receipt)) in self.inbox
        assert self.waits(receipt)
        assert key in self.hits(looked, strongest=True)
        assert notice.state in (NoticeState.OPEN, NoticeState.HELD)
        desk = self.standing(self.owned[key].handle)
        assert (notice.handle, notice.urgency, notice.told_at) == (desk, looked.urgency, self.now())
        assert notice.due_at == (None if notice.state is NoticeState.HELD else self.due(desk, notice.urgency))
        assert notice.desk == desk
        self.councils[notice.reference] = notice.organisation
        self.seen.append(notice.reference)
        for other in resting:
            if other.reference == notice.reference or other.call_back != notice.call_back:
                continue
            if other.organisation == notice.organisation:
                others = {self.standing(other.handle), self.standing(other.desk)}
                assert desk not in others, "one desk is told twice"
                assert other.involvement != notice.involvement, "told twice of one involvement"
        if looked.urgency is not Urgency.NOW:
            assert not self.in_touch(receipt, key, desk), "they are in touch"

    def has_changed(self, before: KeptNotice, notice: KeptNotice) -> None:
        """A notice goes only where the act may take it."""
        change = (before.state, notice.state)
        match self.act:
            case "escalate":
                pass  # compared there
            case "release":
                assert change == (NoticeState.HELD, NoticeState.OPEN)
                assert notice.due_at == self.due(notice.handle, notice.urgency)
            case "reply":
                assert notice.reference == self.replied
                assert before.state in WAITING
                assert notice.state in (*ANSWERED, NoticeState.OPEN)
                assert (notice.state in ANSWERED) == (notice.due_at is None)
            case "settle":
                assert SOONEST_FIRST.index(notice.urgency) < SOONEST_FIRST.index(before.urgency)
                assert notice.handle == before.handle
                if before.state is NoticeState.HELD:
                    assert (notice.state, notice.due_at) == (NoticeState.HELD, None)
                else:
                    assert before.state in WAITING
                    assert notice.state is NoticeState.OPEN
                    assert notice.due_at == self.due(notice.handle, notice.urgency)
            case other:
                raise AssertionError(f"{other!r} changes no notice")

    def in_touch(self, receipt: str, key: Key, desk: str | None = None) -> bool:
        """Whether the asker has that desk, about that involvement, by an earlier call-back that stands."""
        account = self.lookups[receipt].account
        return not self.visible[key].ended and any(
            self.lookups[earlier].account == account
            and earlier != receipt
            and self.waits(earlier)
            and key in shared
            and desk in (None, self.standing(shared[key]))
            for earlier, shared in self.shared.items()
        )

    def within_limits(self, new: Iterable[KeptNotice]) -> None:
        """What a council's own writes find in a day goes out so often and no oftener; and nothing is held before."""
        asked = {arrival.of[1] for arrival in self.batch if arrival.what == "ask"}
        writers = {arrival.of[0] for arrival in self.batch if arrival.what in ("register", "withdraw")}
        today = self.now() // DAY
        for notice in new:
            self.all_told[notice.organisation, today] += 1
            if notice.state is NoticeState.HELD:
                assert notice.organisation in writers
            elif notice.organisation in writers and self.receipt_of(notice) not in asked:
                self.found[notice.organisation, today] += 1
        for notice in new:
            if notice.state is NoticeState.HELD:
                assert self.all_told[notice.organisation, today] > FOUND_A_DAY
            assert self.found[notice.organisation, today] <= FOUND_A_DAY

    @invariant()
    def askers_see_what_was_shared_with_them_and_no_more(self) -> None:
        """Whoever matches, whether anybody does, and whoever declines: else only the time has gone by."""
        for receipt, looked in self.lookups.items():
            if looked.urgency is None:
                continue
            answer = self.say(looked.account, "/v1/contact/status", ContactStatusRequest(receipt=receipt))
            if self.waits(receipt):
                assert answer.json() == self.expected(receipt)
            else:
                assert self.refusal(answer) == (404, "call-back-unknown")

    @invariant()
    def desks_see_their_own_notices_with_their_own_references(self) -> None:
        """All that wait and have not been answered, run out or been withdrawn."""
        self.compare()
        for council in COUNCILS:
            shown = self.say(WORKERS[council], "/v1/inbox", Nothing()).json()["notices"]
            waiting = {
                name: each
                for name, each in self.notices.items()
                if each.organisation == council
                and each.state in WAITING
                and self.now() < each.waits_until
                and self.key_of(each) in self.owned
            }
            assert sorted(each["notice"] for each in shown) == sorted(waiting)
            for each in shown:
                notice = waiting[each["notice"]]
                asker = self.lookups[self.receipt_of(notice)].account
                assert (each["role"], each["kind"]) == (asker.role, asker.kind)
                assert each["state"] == notice.state
                assert each["sealed_case_reference"] == to_base64url(self.owned[self.key_of(notice)].sealed)

    @invariant()
    def when_all_has_settled_nobody_is_lost_and_nothing_is_left_over(self) -> None:
        """Each desk that matches has its notice, or is in touch; each notice has its reason."""
        self.compare()
        if self.inbox:
            return
        for notice in self.notices.values():
            looked = self.lookups[self.receipt_of(notice)]
            assert self.key_of(notice) in self.hits(looked, strongest=False), "about nobody who matches"
            # Asked again after its time, a call-back is not there to be asked sooner.
            if notice.state in (*WAITING, NoticeState.HELD) and self.now() < notice.waits_until:
                assert notice.urgency == looked.urgency
        for receipt in filter(self.waits, self.lookups):
            for council, desk, keys in self.desks(receipt):
                told = any(
                    notice.organisation == council
                    and self.receipt_of(notice) == receipt
                    and (
                        self.key_of(notice) in keys
                        or self.standing(notice.handle) == desk
                        or self.standing(notice.desk) == desk
                    )
                    for notice in self.notices.values()
                )
                assert told or any((receipt, key) in self.excused for key in keys), "a call-back is lost"
        numbers = {
            self.index.vault.involvement(OrganisationId(council), reference_of(reference))
            for council, reference in self.visible
        }
        tables = self.index.tables()
        for table, column in (("involvement_tags", 2), ("tag_bodies", 1), ("owned_involvements", 1)):
            sentinel = {row[column] for row in tables[table] if row[0] == b"\xff" * 16}
            assert {row[column] for row in tables[table]} - sentinel == numbers, table

    def desks(self, receipt: str) -> Iterator[tuple[str, str, set[Key]]]:
        """Who should know of a call-back: whose desk, which, and by which of its involvements."""
        hits = self.hits(self.lookups[receipt], strongest=True)
        desks = sorted((key[0], self.standing(each.handle), key) for key, each in hits.items())
        for (council, desk), group in itertools.groupby(desks, key=lambda each: each[:2]):
            yield council, desk, {key for _, _, key in group}


TestBrokeredContact = BrokeredContact.TestCase
TestBrokeredContact.settings = settings(
    max_examples=25, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
assert dt.datetime.fromtimestamp(NOON, tz=dt.UTC).date() == TODAY
