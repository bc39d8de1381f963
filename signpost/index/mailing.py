"""Mails to desks: that something waits, by its reference, and nothing of what it is. Sent by the worker, after the
transaction that brought it; tried again for a day. Each is claimed before it is sent: two workers send it once.
"""

from __future__ import annotations

from typing import Final, final

from signpost.index.events import IndexEvent
from signpost.index.ports import Mails, WaitingMail
from signpost.service.clock import Clock
from signpost.service.log import Log
from signpost.service.mail import MailOutcome, MailSettings, send

__all__ = ["Mailing"]

_BATCH: Final = 20
_AGAIN_SECONDS: Final = 5 * 60
_SUBJECT: Final = "Signpost: a notice waits"
_BODY: Final = """A notice waits for your desk.

Reference: {reference}

Sign in and read it with: signpost inbox, or as a rights officer: signpost review list
This mail says nothing else, and no answer to it is read.
"""


@final
class Mailing:
    """One round of the worker."""

    def __init__(self, *, mails: Mails, settings: MailSettings, clock: Clock, log: Log) -> None:
        self._mails = mails
        self._settings = settings
        self._clock = clock
        self._log = log

    async def tick(self) -> int:
        """Send what is due; how many mails were taken."""
        taken = 0
        for mail in self._mails.due(_BATCH, now=self._clock.now()):
            now = self._clock.now()
            if not await self._mails.claim(mail.number, now=now, due_at=now + _AGAIN_SECONDS):
                continue
            outcome = await self._sent(mail)
            if outcome == "again":
                continue
            if outcome == "never":
                self._log.emit(IndexEvent.MAIL_REFUSED)
            await self._mails.done(mail.number)
            taken += outcome == "sent"
        return taken

    async def _sent(self, mail: WaitingMail) -> MailOutcome:
        try:
            return await send(self._settings, mail.to, _SUBJECT, _BODY.format(reference=mail.reference))
        except ValueError:
            return "never"  # a mailbox that is none must not keep the mails behind it
