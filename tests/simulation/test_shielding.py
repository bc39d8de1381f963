"""Shielding against a small model (protocol.md C4): in whatever order people register, feed again, shield, ask, answer
and end, and wherever the index stops and starts, nobody outside sees anything that depends on a hidden involvement, and
its owner sees it as if nothing hid it.

The model (`shield_model`) answers outsiders from what is visible alone. Each step is compared with what everybody can
read, and with which table each involvement's tags rest in.

Objections have no place here yet: they hide by the same rule what rests on consent alone. That takes a registration's
ground, a shield of another kind whose `verdict` asks for it, and rules to object and to take an objection back.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from unittest import mock

import httpx2
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import BaseModel

from signpost.index import settle
from signpost.index.contact_states import WAITING, NoticeState
from signpost.index.records import KeptNotice
from signpost.index.storage.call_back_rows import CallBackRows
from signpost.index.storage.desk_items import DeskItems, KeptItem
from signpost.index.working_time import Patience, due_at
from signpost.protocol.classes import MatchClass
from signpost.protocol.credentials import AccountId, OrganisationId
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import digest
from signpost.protocol.labels import Label
from signpost.protocol.messages import (
    ContactRequest,
    ContactStatusRequest,
    GlassRequest,
    InvolvementListRequest,
    LookupAgainRequest,
    Nothing,
    ReplyRequest,
)
from signpost.protocol.purposes import Kind, Purpose, Role, Urgency
from signpost.protocol.shielding import (
    DeskCallBackRequest,
    DeskDecision,
    DeskResolveRequest,
    DeskWork,
    ShieldEndReason,
    ShieldEndRequest,
    ShieldRequest,
    ShieldStatusRequest,
)
from tests.simulation.shield_model import (
    COUNCILS,
    REFERENCES,
    Arrival,
    Involvement,
    Key,
    Looked,
    Model,
    Owed,
    Shield,
    details,
)
from tests.support.running_index import RunningIndex
from tests.support.shielding import DESK, identity_request, shield_request
from tests.support.world import NOON, TODAY, Child, Device, chance, changing, device_purpose, reference_of, whole_child

HOUR: Final = 60 * 60
DAY: Final = 24 * HOUR
LAST: Final = NOON + 100 * DAY
"""No end of work leaves the look-back window, and no shield is due for its review, before it."""
MOST_SHIELDS: Final = 3
MOST_LOOKUPS: Final = 6

_ADA, _BEN = whole_child("ada"), whole_child("ben")
_RENAMED: Final = replace(whole_child("ada renamed"), identity=_ADA.identity)
CHILDREN: Final = {
    "ada": _ADA,
    "ada, renamed": _RENAMED,
    "ada, without her number": replace(_ADA, identity=None),
    "ada, with another number": replace(_ADA, identity="another number"),
    "ada, renamed, without her number": replace(_RENAMED, identity=None),
    "ada, renamed, with another number": replace(_RENAMED, identity="another number"),
    "ada, by her name": Child(name=_ADA.name),
    "ada, by her number": Child(identity=_ADA.identity),
    "ada's twin": replace(_ADA, identity="twin number"),
    "ben": _BEN,
    "ben with ada's number": replace(_BEN, identity=_ADA.identity),
    "ada with ben's number": replace(_ADA, identity=_BEN.identity),
}
some_child: Final = st.sampled_from(sorted(CHILDREN))
like_her: Final = st.sampled_from(
    ["ada", "ada", "ada, renamed", "ada, by her number", "ada, by her name", "ada's twin"]
)
rarely: Final = st.integers(0, 5).map(lambda at: at == 5)
mostly: Final = st.integers(0, 5).map(lambda at: at != 5)


class Account(NamedTuple):
    """Somebody who signs in again whenever their shift is over."""

    organisation: str
    name: str
    role: Role
    kind: Kind


TELEPHONES: Final = {"northtown": "01632 960001", "southtown": "01632 960002"}
HOSPITAL: Final = "st-elsewhere"
NURSE: Final = Account(HOSPITAL, "nightingale", Role.URGENT, Kind.HOSPITAL)
WORKERS: Final = {name: Account(name, f"worker-of-{name}", Role.PRACTITIONER, Kind.COUNCIL) for name in COUNCILS}
FEEDS: Final = {name: Account(name, f"feed-of-{name}", Role.FEED, Kind.COUNCIL) for name in COUNCILS}
OFFICERS: Final = {name: Account(name, f"officer-of-{name}", Role.SHIELDING_OFFICER, Kind.COUNCIL) for name in COUNCILS}
THE_DESK: Final = Account(DESK, "pankhurst", Role.SHIELDING_OFFICER, Kind.SHIELDING_DESK)
OUTSIDERS: Final = (NURSE, NURSE, *WORKERS.values())
BY_NAME: Final = {each.name: each for each in OUTSIDERS}
ORGANISATIONS: Final = (*COUNCILS, HOSPITAL, DESK)


def other(council: str) -> str:
    """The other one."""
    [name] = set(COUNCILS) - {council}
    return name


def number_of(of: Iterable[tuple[MatchClass, str]]) -> str | None:
    """An NHS number among a child's details."""
    return next((text for match_class, text in of if match_class is MatchClass.IDENTITY), None)


class Shielding(RuleBasedStateMachine):
    """Two councils, a hospital and the independent desk."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="signpost-")
        self.index = self.opened(None)
        self.world = self.index.world
        self.now = self.world.clock.now
        self.model = Model()
        self.devices: dict[Account, tuple[int, Device]] = {}
        self.handles: dict[str, str] = {}
        self.notices: dict[str, KeptNotice] = {}
        self.glasses: dict[str, tuple[Key, int]] = {}
        self.decided: set[Owed] = set()
        self.rows = itertools.count()

    def opened(self, before: RunningIndex | None) -> RunningIndex:
        """The index over its folder, for the first time or again."""
        return RunningIndex(
            Path(self.folder.name) / "data",
            keys=None if before is None else before.keys,
            world=None if before is None else before.world,
            found_a_day=10_000,
            practitioner_lookups=2_000,
            urgent_lookups=2_000,
            repeats_of_an_account=10_000,
            repeats_of_an_organisation=10_000,
        )

    @initialize(
        order=st.permutations(["registered", "asked", "answered", "shielded"]),
        known=st.lists(like_her, min_size=1, max_size=2),
        asked=like_her,
        hidden=st.lists(like_her, min_size=1, max_size=2),
    )
    def set_scene(self, order: list[str], known: list[str], asked: str, hidden: list[str]) -> None:
        """One council or both know a child, somebody asks about one and is answered, and one or two are shielded: in
        any order.
        """
        for council in COUNCILS:
            self.index.admit(council)
            document = {"organisation": council, "title": "Duty desk", "telephone": TELEPHONES[council]}
            self.handles[council] = str(self.index.operate("/handles", document).json()["handle"])
        self.index.admit(HOSPITAL, Kind.HOSPITAL)
        self.index.admit(DESK, Kind.SHIELDING_DESK)
        for each in order:
            match each:
                case "registered":
                    for council, child in zip(COUNCILS, known, strict=False):
                        self.register(council, [("one", child)], "a", ended=False, now=True)
                case "asked":
                    self.look_up(NURSE, asked, asks=True)
                case "answered" if self.notices:
                    self.reply(0, "share")
                case "shielded":
                    for council, child in zip(COUNCILS, hidden, strict=False):
                        self.shield(council, child)

    def teardown(self) -> None:
        """Stop."""
        self.index.close()
        self.folder.cleanup()

    # -- speaking to it

    def say(self, account: Account, path: str, message: BaseModel) -> httpx2.Response:
        """What an account is answered. But for the desk, nobody is told another organisation's name."""
        answer = self.index.ask(self.device(account), path, message)
        if account != THE_DESK:
            for organisation in ORGANISATIONS:
                assert organisation == account.organisation or organisation.encode() not in answer.content
        return answer

    def device(self, account: Account) -> Device:
        """Signed in."""
        since, device = self.devices.get(account, (-DAY, None))
        if device is None or self.now() - since >= 11 * HOUR:
            device = self.index.enrol(account.organisation, account.role, account.kind, account=account.name)
            self.devices[account] = (self.now(), device)
        return device

    def done(self, account: Account, path: str, message: BaseModel, *, status: int = 200) -> Any:
        """What an account is answered that is not refused."""
        answer = self.say(account, path, message)
        assert answer.status_code == status, answer.text
        return answer.json()

    @staticmethod
    def refusal(answer: httpx2.Response) -> tuple[int, str]:
        """Its status and code."""
        return answer.status_code, answer.json()["code"]

    # -- what councils register

    @rule(
        council=st.sampled_from(COUNCILS),
        rows=st.lists(
            st.tuples(st.sampled_from(REFERENCES), some_child), min_size=1, max_size=2, unique_by=lambda row: row[0]
        ),
        child_reference=st.sampled_from(["a", "a", "b"]),
        ended=rarely,
        now=mostly,
    )
    def register(self, council: str, rows: list[tuple[str, str]], child_reference: str, ended: bool, now: bool) -> None:
        """A council registers involvements, or feeds them again: under another name or number, of another child, or as
        another child of its own.
        """
        feed, batch = FEEDS[council], []
        for reference, child in rows:
            registration = self.world.registration(
                CHILDREN[child],
                self.handles[council],
                reference=reference,
                ended_on=TODAY if ended else None,
                row=f"row {next(self.rows)}",
            ).model_copy(update={"child_reference": reference_of(f"child {child_reference}")})
            batch.append(registration)
            involvement = Involvement(
                CHILDREN[child], child_reference, ended, registration.row_digest, registration.sealed_case_reference
            )
            self.model.owned[council, reference] = involvement
            self.model.inbox.append(Arrival("register", (council, reference), involvement))
        answer = self.done(feed, "/v1/registrations", self.world.registering(self.device(feed), batch), status=202)
        assert set(answer) == {"receipt", "accepted", "at"}
        if now:
            self.settle_all()

    @rule(pick=st.integers(0, 5), action=st.sampled_from(["end", "withdraw"]), now=mostly)
    @precondition(lambda self: self.model.owned)
    def change(self, pick: int, action: Literal["end", "withdraw"], now: bool) -> None:
        """A council's work ends, or it takes an involvement back."""
        key = sorted(self.model.owned)[pick % len(self.model.owned)]
        self.done(FEEDS[key[0]], "/v1/involvements/changes", changing(key[1], action), status=202)
        before = self.model.owned.pop(key)
        if action == "end":
            self.model.owned[key] = replace(before, ended=True, row_digest=digest(Label.ROW_DIGEST, "ended")[:16])
        self.model.inbox.append(Arrival(action, key))
        if now:
            self.settle_all()

    # -- what others ask

    @rule(account=st.sampled_from(OUTSIDERS), child=some_child, asks=st.booleans())
    @precondition(lambda self: len(self.model.lookups) < MOST_LOOKUPS)
    def look_up(self, account: Account, child: str, asks: bool) -> None:
        """Somebody looks a child up, and may ask to be rung."""
        device = self.device(account)
        request = self.world.lookup(device, CHILDREN[child], purpose=device_purpose(device))
        answer = self.done(account, "/v1/lookups", request)
        kept_until = self.now() + DAY + -(self.now() + DAY) % HOUR
        self.model.lookups[answer["receipt"]] = Looked(account.organisation, account.name, CHILDREN[child], kept_until)
        assert answer["answer"] == self.model.word(answer["receipt"])
        self.model.inbox.append(Arrival("look", ("", answer["receipt"])))
        if asks:
            self.ask(len(self.model.lookups) - 1, now=True)

    @rule(pick=st.integers(0, MOST_LOOKUPS), now=mostly)
    @precondition(lambda self: self.model.lookups)
    def ask(self, pick: int, now: bool) -> None:
        """Somebody asks to be rung, for the first time or again."""
        receipt, looked = self.picked(pick)
        request = ContactRequest(
            receipt=receipt, purpose=device_purpose(self.device(BY_NAME[looked.account])), urgency=Urgency.NOW
        )
        answer = self.say(BY_NAME[looked.account], "/v1/contact/asks", request)
        if not looked.is_kept(self.now()):
            assert self.refusal(answer) == (404, "lookup-unknown")
            return
        assert answer.status_code == 200
        if not looked.waits(self.now()):
            looked.asked_at = self.now()
            looked.waits_until = self.now() + 28 * DAY + -(self.now() + 28 * DAY) % HOUR
        self.model.inbox.append(Arrival("ask", ("", receipt)))
        if now:
            self.settle_all()

    @rule(pick=st.integers(0, MOST_LOOKUPS))
    @precondition(lambda self: self.model.lookups)
    def break_glass(self, pick: int) -> None:
        """In an emergency somebody is shown a line at once: of one who matches, and of nobody who is hidden."""
        receipt, looked = self.picked(pick)
        request = GlassRequest(receipt=receipt, purpose=Purpose.VITAL_INTERESTS)
        answer = self.say(NURSE, "/v1/contact/break-glass", request)
        if looked.account != NURSE.name or not looked.is_kept(self.now()):
            assert self.refusal(answer) == (404, "lookup-unknown")
            return
        lines = {key for key in self.model.strongest(receipt) if key in self.model.owned}
        if self.model.word(receipt) not in ("current", "previous") or not lines:
            assert self.refusal(answer) == (403, "glass-refused")
            return
        assert answer.status_code == 200
        best = {key for key in lines if not self.model.settled[key].ended} or lines
        reference = answer.json()["reference"]
        owners = {
            (council, glass["sealed_case_reference"]): council
            for council in COUNCILS
            for glass in self.done(WORKERS[council], "/v1/inbox", Nothing())["glasses"]
            if glass["reference"] == reference
        }
        [key] = [key for key in best if (key[0], to_base64url(self.model.owned[key].sealed)) in owners]
        assert [each["telephone"] for each in answer.json()["handles"]] == [TELEPHONES[key[0]]]
        self.glasses.setdefault(reference, (key, self.now()))

    @rule(pick=st.integers(0, 10), how=st.sampled_from(["share", "share", "decline"]))
    @precondition(lambda self: any(each.state in WAITING for each in self.notices.values()))
    def reply(self, pick: int, how: str) -> None:
        """Somebody answers a notice, of an involvement that may have been hidden since."""
        waiting = [each for each in self.notices.values() if each.state in WAITING]
        notice = waiting[pick % len(waiting)]
        request = ReplyRequest.model_validate(
            {
                "notice": notice.reference,
                "reply": how,
                "hand_over_to": None,
                "reason": "no-consent" if how == "decline" else None,
            }
        )
        answer = self.say(WORKERS[notice.organisation], "/v1/inbox/replies", request)
        if self.now() >= notice.waits_until:
            assert self.refusal(answer) == (404, "notice-unknown")
            return
        assert answer.status_code == 200
        self.compare()
        assert self.notices[notice.reference].state == ("shared" if how == "share" else "declined")

    # -- shields

    @rule(council=st.sampled_from(COUNCILS), child=some_child)
    @precondition(lambda self: len(self.model.shields) < MOST_SHIELDS)
    def shield(self, council: str, child: str) -> None:
        """A council's officer has a child hidden, at once."""
        request = shield_request(self.world, self.device(OFFICERS[council]), CHILDREN[child])
        answer = self.done(OFFICERS[council], "/v1/shields", request, status=201)
        assert answer["state"] == "waiting"
        self.model.shields[answer["shield"]] = Shield(council, details(CHILDREN[child]), answer["approve_by"])
        self.model.cover(answer["shield"], now=self.now())
        self.compare()

    @rule(pick=st.integers(0, MOST_SHIELDS), child=some_child)
    @precondition(lambda self: self.model.shields)
    def add_name(self, pick: int, child: str) -> None:
        """The child of a shield has another name or number too. Nothing is added once an identity has ended."""
        name, shield = self.picked_shield(pick)
        device = self.device(OFFICERS[shield.council])
        request = shield_request(self.world, device, CHILDREN[child], shield=name)
        answer = self.say(OFFICERS[shield.council], "/v1/shields", request)
        if shield.of_old_identity:
            assert self.refusal(answer) == (409, "shield-decided")
            return
        assert (answer.status_code, answer.json()["shield"]) == (201, name)
        shield.join(details(CHILDREN[child]))
        if shield.state == "approved":
            shield.state, shield.approve_by = "waiting", answer.json()["approve_by"]
        self.model.cover(name, now=self.now())
        self.compare()

    @rule(pick=st.integers(0, MOST_SHIELDS), mistaken=rarely)
    @precondition(lambda self: self.model.shields)
    def approve(self, pick: int, mistaken: bool) -> None:
        """An officer of the other council approves a shield, or its end; only then it is over."""
        name, shield = self.picked_shield(pick)
        ends = (shield.state == "ending") != mistaken
        answer = self.say(OFFICERS[other(shield.council)], "/v1/shields/approve", ShieldRequest(shield=name, ends=ends))
        if shield.state != ("ending" if ends else "waiting"):
            assert self.refusal(answer) == (409, "shield-decided")
            return
        assert answer.status_code == 200
        if ends:
            self.model.end(name)
        else:
            self.approved(name)
        self.compare()

    def approved(self, name: str) -> None:
        """Somebody elsewhere has looked at a shield, and at a number that joined it."""
        shield = self.model.shields[name]
        shield.state = "approved"
        if shield.number_waits:
            shield.number_waits = False
            self.model.cover(name, now=self.now())

    @rule(pick=st.integers(0, MOST_SHIELDS), approved=st.booleans())
    @precondition(lambda self: self.model.shields)
    def end(self, pick: int, approved: bool) -> None:
        """Its own officer asks for the end of a shield: it hides until somebody has approved that."""
        name, shield = self.picked_shield(pick)
        request = ShieldEndRequest(shield=name, why=ShieldEndReason.MISTAKEN)
        answer = self.say(OFFICERS[shield.council], "/v1/shields/end", request)
        if shield.state == "ending":
            assert self.refusal(answer) == (409, "shield-decided")
        else:
            assert answer.status_code == 200
            shield.state, shield.approve_by = "ending", answer.json()["approve_by"]
        if approved:
            self.approve(pick, mistaken=False)

    @rule(pick=st.integers(0, MOST_SHIELDS), old=st.sampled_from(["ada", "ada, by her number", "ada, by her name"]))
    @precondition(lambda self: self.model.shields)
    def end_identity(self, pick: int, old: str) -> None:
        """The child has a new identity: the council's own of the old one is gone, and nothing leads to it."""
        name, shield = self.picked_shield(pick)
        request = identity_request(self.world, self.device(OFFICERS[shield.council]), name, CHILDREN[old])
        answer = self.say(OFFICERS[shield.council], "/v1/shields/identity-ended", request)
        kept = details(CHILDREN[old]) & shield.details
        if not (kept if number_of(shield.details) is None else number_of(kept)):
            assert self.refusal(answer) == (422, "tags-profile")
            return
        assert answer.status_code == 200
        self.forget(self.model.end_identity(name, CHILDREN[old], now=self.now()))
        self.compare()

    def forget(self, keys: set[Key], *, of: str | None = None) -> None:
        """Nothing that the desk saw, and no broken glass, says any more that these involvements were of a shield's old
        identity; null: of any.
        """
        self.decided = {each for each in self.decided if not (each[2] in keys and of in (None, each[1]))}
        self.glasses = {glass: about for glass, about in self.glasses.items() if about[0] not in keys}

    @rule()
    @precondition(lambda self: len(self.model.shields) > 1)
    def end_everything(self) -> None:
        """When nothing is shielded any more, everybody sees exactly what its owners hold."""
        self.settle_all()
        while self.model.shields:
            self.end(0, approved=True)
        assert self.places("involvement_tags") == set(self.model.owned)
        tables = self.index.tables()
        assert not self.places("sealed_tags")
        assert not any(tables[name] for name in ("seals", "seal_tags", "seal_children", "sealed_involvements"))

    # -- the independent desk

    @rule(
        pick=st.integers(0, 20),
        decision=st.sampled_from([DeskDecision.HIDE, DeskDecision.LEAVE]),
        with_number=st.booleans(),
    )
    @precondition(lambda self: self.model.shields)
    def desk_decides(self, pick: int, decision: DeskDecision, with_number: bool) -> None:
        """The desk sees all that it must, and decides one thing: first what a machine was unsure of."""
        shown = {each["item"]: each for each in self.done(THE_DESK, "/v1/desk/queue", Nothing())["items"]}
        kept = {self.subject(each): each for each in self.open_items()}
        assert not self.model.owed - kept.keys() - self.decided, "the desk is not shown it"
        for notice in self.notices.values():
            receipt, key = self.about(notice)
            over = [name for name, shield in self.model.shields.items() if key in shield.hidden]
            if over and self.now() < notice.waits_until:
                answered = {(DeskWork.CALL_BACK, name, receipt) for name in over}
                assert answered & (kept.keys() | self.decided), "its answers go to nobody"
        unsure = {of: each for of, each in kept.items() if of[0] is DeskWork.UNSURE}
        choices = sorted((unsure or kept).items(), key=lambda each: repr(each[0]))
        if not choices:
            return
        about, item = choices[pick % len(choices)]
        if item.reference not in shown:
            return  # a call-back that has run out meanwhile
        work, name, subject = about
        if work is DeskWork.CALL_BACK:
            self.done(THE_DESK, "/v1/desk/call-backs", DeskCallBackRequest(item=item.reference, rang=with_number))
        else:
            if work is DeskWork.LOOKED_UP or (work is DeskWork.REGISTERED and decision is DeskDecision.LEAVE):
                decision = DeskDecision.SEEN
            hide = decision is DeskDecision.HIDE
            request = DeskResolveRequest(item=item.reference, decision=decision, with_number=hide and with_number)
            self.done(THE_DESK, "/v1/desk/resolve", request)
            if hide:
                assert isinstance(subject, tuple)
                self.hidden_by_desk(name, subject, with_number=with_number)
        self.decided.add(about)
        self.compare()

    def hidden_by_desk(self, name: str, key: Key, *, with_number: bool) -> None:
        """As the desk decided."""
        self.model.hide(name, key)
        if with_number and key in self.model.settled and (number := self.model.settled[key].child.identity) is not None:
            self.model.shields[name].details |= details(Child(identity=number))
        if with_number:
            self.model.cover(name, now=self.now())

    @rule(pick=st.integers(0, MOST_SHIELDS), stands=st.booleans())
    @precondition(lambda self: self.due_shields())
    def desk_takes_over(self, pick: int, stands: bool) -> None:
        """What no other council approved in time the desk decides."""
        due = self.due_shields()
        name = due[pick % len(due)]
        shield = self.model.shields[name]
        ends = DeskDecision.STAND if stands else DeskDecision.END
        begins = DeskDecision.APPROVE if stands else DeskDecision.REFUSE
        decision = ends if shield.state == "ending" else begins
        self.done(THE_DESK, "/v1/desk/resolve", DeskResolveRequest(item=name, decision=decision, with_number=False))
        if stands and shield.state == "ending" and shield.number_waits:
            shield.state = "waiting"
        elif stands:
            self.approved(name)
        else:
            self.model.end(name)
        self.compare()

    def due_shields(self) -> list[str]:
        """Those that wait for the desk."""
        return [
            name
            for name, shield in self.model.shields.items()
            if shield.state != "approved" and shield.approve_by <= self.now()
        ]

    def open_items(self) -> list[KeptItem]:
        """What waits for the desk, with what it is about."""
        return DeskItems(self.index.vault, randomness=chance(1).randbytes).open(self.index.reader)

    def subject(self, item: KeptItem) -> Owed:
        """What an item is about, as the model says it."""
        [name] = [name for name in self.model.shields if self.index.vault.seal_name(name) == item.shield]
        about = item.about
        match item.work:
            case DeskWork.CALL_BACK:
                return item.work, name, self.receipts()[bytes.fromhex(about["call_back"])]
            case DeskWork.LOOKED_UP:
                [receipt] = [
                    receipt
                    for receipt, looked in self.model.lookups.items()
                    if self.index.vault.lookup(*_whose(looked), receipt)[:8].hex() == about["lookup"]
                ]
                return item.work, name, receipt
            case _:
                return item.work, name, self.key_of(int(about["organisation"]), int(about["involvement"]))

    # -- what the index does by itself, and what happens to it

    @rule(batch=st.sampled_from([1, 2, settle.BATCH]))
    @precondition(lambda self: self.model.inbox)
    def settle(self, batch: int) -> None:
        """One batch settles."""
        with mock.patch.object(settle, "BATCH", batch):
            settled = self.index.run(self.index.index.settling.tick())
        arrivals, self.model.inbox = self.model.inbox[:batch], self.model.inbox[batch:]
        assert settled == len(arrivals)
        for name, key in self.model.settle(arrivals, now=self.now()):
            self.forget({key}, of=name)
        self.compare()

    def settle_all(self) -> None:
        """All that waits."""
        while self.model.inbox:
            self.settle(settle.BATCH)

    @rule(
        seconds=st.sampled_from([60, HOUR, HOUR, DAY, 4 * DAY, 28 * DAY + HOUR]),
        then=st.sampled_from(["escalate", "sweep"]),
    )
    @precondition(lambda self: self.now() < LAST)
    def time_goes_by(self, seconds: int, then: str) -> None:
        """And the index looks what is due, hidden or not, or what has run out."""
        self.world.clock.advance(seconds)
        if then == "sweep":
            self.index.sweep()
        else:
            self.index.run(self.index.index.escalating.tick())
            for each in self.resting().values():
                due = each.due_at is not None and each.due_at <= self.now() < each.waits_until
                assert each.state is not NoticeState.OPEN or not due
        self.compare()

    @rule()
    @precondition(lambda self: self.model.inbox)
    def crash(self) -> None:
        """The index stops with work to do, and starts again."""
        self.index.close()
        self.index = self.opened(self.index)

    # -- finding one's way

    def picked(self, pick: int) -> tuple[str, Looked]:
        """One of the lookups."""
        return list(self.model.lookups.items())[pick % len(self.model.lookups)]

    def picked_shield(self, pick: int) -> tuple[str, Shield]:
        """One of the shields."""
        return list(self.model.shields.items())[pick % len(self.model.shields)]

    def receipts(self) -> dict[bytes, str]:
        """Receipts by the names of the call-backs that were left by them."""
        return {
            self.index.vault.call_back(*_whose(looked), receipt): receipt
            for receipt, looked in self.model.lookups.items()
        }

    def key_of(self, organisation: int, involvement: int) -> Key:
        """An involvement by its numbers."""
        return self.numbers()[organisation, involvement]

    def numbers(self) -> dict[tuple[int, int], Key]:
        """Every involvement there can be, by its numbers."""
        vault = self.index.vault
        return {
            (
                vault.organisation(OrganisationId(council)),
                vault.involvement(OrganisationId(council), reference_of(reference)),
            ): (council, reference)
            for council in COUNCILS
            for reference in REFERENCES
        }

    def places(self, table: str) -> set[Key]:
        """The involvements that have rows in a table."""
        numbers = self.numbers()
        rows = self.index.reader.execute(f"SELECT DISTINCT organisation, involvement FROM {table}")  # noqa: S608 - ours
        return {numbers[of] for of in rows.fetchall() if of in numbers}

    def resting(self) -> dict[str, KeptNotice]:
        """Every notice, by its reference."""
        return {each.reference: each for each in CallBackRows(self.index.vault).all_notices(self.index.reader)}

    def about(self, notice: KeptNotice) -> tuple[str, Key]:
        """Which call-back a notice is of, and which involvement."""
        organisation = self.index.vault.organisation(notice.organisation)
        return self.receipts()[notice.call_back], self.key_of(organisation, notice.involvement)

    # -- what must be so

    def compare(self) -> None:
        """Who is told is who matches and is not hidden; what was told before stays with whom it was told."""
        resting = self.resting()
        for name, notice in resting.items():
            receipt, key = self.about(notice)
            if name not in self.notices:
                assert self.model.lookups[receipt].waits(self.now())
                assert key in self.model.strongest(receipt), "told of one that does not match, or is hidden"
            assert self.model.concerns(receipt, key) or self.now() >= notice.waits_until
        for name, notice in self.notices.items():
            if name not in resting:
                receipt, key = self.about(notice)
                assert not self.model.concerns(receipt, key) or self.now() >= notice.waits_until, "gone from its owner"
        self.notices = resting

    @invariant()
    def what_is_hidden_is_where_nobody_looks(self) -> None:
        """And all else is where everybody does."""
        assert self.places("involvement_tags") == set(self.model.visible())
        assert self.places("sealed_tags") == self.model.hidden()
        assert self.places("owned_involvements") == set(self.model.owned)

    @invariant()
    def outsiders_are_told_as_if_it_had_never_been_registered(self) -> None:
        """The word, what became of a call-back, and whose number they may ring."""
        for receipt, looked in self.model.lookups.items():
            account = BY_NAME[looked.account]
            again = self.say(account, "/v1/lookups/again", LookupAgainRequest(receipt=receipt))
            if looked.is_kept(self.now()):
                assert again.json()["answer"] == self.model.word(receipt)
            else:
                assert self.refusal(again) == (404, "lookup-unknown")
            if looked.asked_at is None:
                continue
            status = self.say(account, "/v1/contact/status", ContactStatusRequest(receipt=receipt))
            if looked.waits(self.now()):
                assert status.json() == self.expected(receipt, looked.asked_at)
            else:
                assert self.refusal(status) == (404, "call-back-unknown")

    def expected(self, receipt: str, asked_at: int) -> dict[str, Any]:
        """What became of a call-back: who is not hidden and shared, and else only the time."""
        matching = self.model.matching(receipt)
        shared = {
            notice.organisation
            for notice in self.notices.values()
            if notice.state is NoticeState.SHARED
            and self.about(notice)[0] == receipt
            and self.about(notice)[1] in matching
        }
        answer_by = due_at(asked_at, Urgency.NOW, None, Patience())
        over = self.now() >= due_at(answer_by, Urgency.NOW, None, Patience())
        return {
            "receipt": receipt,
            "state": "answered" if shared else "no-reply" if over else "pending",
            "urgency": "now",
            "asked_at": asked_at,
            "answer_by": answer_by,
            "waits_until": self.model.lookups[receipt].waits_until,
            "handles": [
                {"title": "Duty desk", "telephone": TELEPHONES[council], "email": None, "hours": None}
                for council in sorted(shared, key=self.handles.__getitem__)
            ],
        }

    @invariant()
    def owners_see_their_own_as_if_nothing_hid_it(self) -> None:
        """Their list, the notices that they were told of, and the glasses that were broken."""
        for council in COUNCILS:
            page = self.done(FEEDS[council], "/v1/involvements/list", InvolvementListRequest(after=None, limit=100))
            assert sorted((each["reference"], each["row_digest"]) for each in page["involvements"]) == sorted(
                (to_base64url(reference_of(reference)), to_base64url(of.row_digest))
                for (whose, reference), of in self.model.owned.items()
                if whose == council
            )
            shown = self.done(WORKERS[council], "/v1/inbox", Nothing())
            waiting = {
                name: self.model.owned[key]
                for name, notice in self.notices.items()
                if notice.organisation == council
                and notice.state in WAITING
                and self.now() < notice.waits_until
                and (key := self.about(notice)[1]) in self.model.owned
            }
            assert {each["notice"]: each["sealed_case_reference"] for each in shown["notices"]} == {
                name: to_base64url(of.sealed) for name, of in waiting.items()
            }
            assert {each["reference"]: each["sealed_case_reference"] for each in shown["glasses"]} == {
                glass: to_base64url(self.model.owned[key].sealed)
                for glass, (key, at) in self.glasses.items()
                if key[0] == council and key in self.model.owned and self.now() < at + 7 * DAY
            }

    @rule()
    @precondition(lambda self: self.model.shields)
    def officers_see_their_own_requests_and_no_more(self) -> None:
        """Not whether there was anybody to hide."""
        for council in COUNCILS:
            listed = self.done(OFFICERS[council], "/v1/shields/status", ShieldStatusRequest(shield=None))["shields"]
            assert {each["shield"]: each["state"] for each in listed} == {
                name: shield.state for name, shield in self.model.shields.items() if shield.council == council
            }

    @invariant()
    def when_all_has_settled_nobody_who_waits_is_lost(self) -> None:
        """Each council that matches and is not hidden knows of each call-back."""
        if self.model.inbox:
            return
        told = {(notice.organisation, self.about(notice)[0]) for notice in self.notices.values()}
        for receipt, looked in self.model.lookups.items():
            if looked.waits(self.now()):
                for council, _ in self.model.strongest(receipt):
                    assert (council, receipt) in told, "a call-back is lost"


def _whose(looked: Looked) -> tuple[OrganisationId, AccountId]:
    return OrganisationId(looked.organisation), AccountId(looked.account)


TestShielding = Shielding.TestCase
TestShielding.settings = settings(max_examples=20, stateful_step_count=25, suppress_health_check=list(HealthCheck))
