"""Mails to desks, through a real local mail server: a reference, and nothing of what it is about."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from signpost.index.contact_rules import ContactRules
from signpost.index.mailing import Mailing
from signpost.index.records import Handle
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.messages import GlassRequest
from signpost.protocol.purposes import Purpose
from signpost.service.log import Log, Word
from signpost.service.mail import MailSettings
from tests.integration.index.conftest import Scene
from tests.integration.index.test_contact import ask, inbox, receipt_of, registered
from tests.support.listening import serving


class Postbox:
    """A mail server that keeps what it takes; `refuse` is what it says to a recipient instead."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.refuse = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        return "250 OK"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    """One on a loopback port."""
    box = Postbox()
    with serving(lambda loop: SMTP(box, hostname="post.example", loop=loop)) as port:
        yield box, port


def mailing(scene: Scene, port: int) -> tuple[Mailing, io.StringIO]:
    """The worker's round, and its log."""
    lines = io.StringIO()
    settings = MailSettings(host="127.0.0.1", port=port, sender="signpost@example.org", starttls=False, timeout=5)
    log = Log(Word("index"), lines)
    return Mailing(mails=scene.index.index.mails, settings=settings, clock=scene.world.clock, log=log), lines


def asked(scene: Scene) -> str:
    """A call-back that a desk with a mailbox is told of; the notice."""
    scene.index.index.settling._upkeep._delivery._rules = ContactRules(mails=True)  # type: ignore[attr-defined]
    desk = {"organisation": "northtown", "title": "MASH", "email": "mash@northtown.example"}
    registered(scene, handle=scene.index.operate("/handles", desk).json()["handle"])
    ask(scene, scene.nurse, receipt_of(scene, scene.nurse))
    [notice] = inbox(scene, scene.worker)
    return str(notice["notice"])


def test_a_desk_gets_one_mail_with_the_reference_and_no_content(scene: Scene, postbox: tuple[Postbox, int]) -> None:
    """Once; and neither who asks, nor why, nor the desk's own case."""
    box, port = postbox
    reference = asked(scene)
    worker, lines = mailing(scene, port)

    assert [scene.index.run(worker.tick()) for _ in range(2)] == [1, 0]

    [mail] = box.taken
    assert mail.rcpt_tos == ["mash@northtown.example"]
    assert isinstance(mail.content, bytes)
    assert reference.encode() in mail.content
    for secret in (b"urgent", b"hospital", b"st-elsewhere", b"vital", b"MASH", scene.nurse.account.encode()):
        assert secret not in mail.content
    assert scene.index.tables()["mails"] == []
    assert lines.getvalue() == ""


def test_a_server_that_cannot_now_is_tried_again_and_one_that_never_will_is_not(
    scene: Scene, postbox: tuple[Postbox, int]
) -> None:
    """For a day at most. The log says that a mailbox takes no mail, not which."""
    box, port = postbox
    asked(scene)
    worker, lines = mailing(scene, port)
    box.refuse = "451 later"
    assert [scene.index.run(worker.tick()) for _ in range(2)] == [0, 0]
    box.refuse = "550 nobody"
    scene.world.clock.advance(5 * 60)
    assert scene.index.run(worker.tick()) == 0

    assert scene.index.tables()["mails"] == []
    assert "mail-refused" in lines.getvalue()
    assert "mash" not in lines.getvalue()


def test_a_mail_that_could_not_be_sent_for_a_day_is_forgotten(scene: Scene) -> None:
    """The inbox has what it was about."""
    reference = asked(scene)
    worker, _ = mailing(scene, 9)
    assert scene.index.run(worker.tick()) == 0
    assert len(scene.index.tables()["mails"]) == 1

    scene.world.clock.advance(24 * 60 * 60)
    assert scene.index.run(worker.tick()) == 0
    scene.index.sweep()
    assert scene.index.tables()["mails"] == []
    assert reference


def test_two_workers_write_to_a_desk_once(scene: Scene, postbox: tuple[Postbox, int]) -> None:
    """One inside the index and one beside it, at the same moment."""
    box, port = postbox
    asked(scene)
    workers = [mailing(scene, port)[0] for _ in range(2)]

    async def both() -> None:
        await asyncio.gather(*(worker.tick() for worker in workers))

    scene.index.run(both())

    assert len(box.taken) == 1


@pytest.mark.parametrize("mailbox", ["mash\u0085@northtown.example", "mash\u2028@northtown.example"])
def test_a_mailbox_that_is_none_keeps_no_other_mail_back(
    scene: Scene, postbox: tuple[Postbox, int], mailbox: str
) -> None:
    """It is not taken in any more; one from before is passed over, and not tried again."""
    box, port = postbox
    desk = {"organisation": "northtown", "title": "MASH", "email": mailbox}
    assert scene.index.operate("/handles", desk).status_code == 422
    asked(scene)
    [mail] = scene.index.index.mails.due(1, now=scene.world.clock.now())
    delivery = scene.index.index.settling._upkeep._delivery  # type: ignore[attr-defined]
    handle = Handle("0000-0000", OrganisationId("northtown"), "MASH", None, mailbox, None, None)
    scene.index.writer.run(lambda connection: connection.execute("UPDATE mails SET due_at = due_at + 1"))
    scene.index.writer.run(
        lambda connection: delivery.mail(connection, handle, mail.reference, now=scene.world.clock.now())
    )
    scene.world.clock.advance(1)
    worker, lines = mailing(scene, port)

    assert scene.index.run(worker.tick()) == 1

    assert len(box.taken) == 1
    assert scene.index.tables()["mails"] == []
    assert "mail-refused" in lines.getvalue()


def test_the_askers_privacy_office_is_mailed_of_a_broken_glass_as_its_owner_is(
    scene: Scene, postbox: tuple[Postbox, int]
) -> None:
    """Two mailboxes, one reference, and nothing else."""
    box, port = postbox
    scene.index.index.settling._upkeep._delivery._rules = ContactRules(mails=True)  # type: ignore[attr-defined]
    mash = {"organisation": "northtown", "title": "MASH", "email": "mash@northtown.example"}
    rights = {"organisation": "st-elsewhere", "title": "Rights", "email": "rights@st-elsewhere.example"}
    registered(scene, handle=scene.index.operate("/handles", mash).json()["handle"])
    scene.index.operate("/handles", {**rights, "privacy_office": True})
    request = GlassRequest(receipt=receipt_of(scene, scene.nurse), purpose=Purpose.VITAL_INTERESTS)
    broken = scene.index.ask(scene.nurse, "/v1/contact/break-glass", request).json()
    worker, _ = mailing(scene, port)

    assert scene.index.run(worker.tick()) == 2
    assert sorted(mail.rcpt_tos[0] for mail in box.taken) == [mash["email"], rights["email"]]
    for mail in box.taken:
        assert isinstance(mail.content, bytes)
        assert broken["reference"].encode() in mail.content
        assert scene.nurse.account.encode() not in mail.content
