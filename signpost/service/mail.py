"""One mail to one desk, by SMTP.

- Beyond loopback it goes by STARTTLS to a server whose certificate is right, or not at all; a password always does.
- Whatever the network does is one of three words. No address is in a log, nor in an error.
- `again` is safe to act on, but a mail may then arrive twice: the answer can be lost after the server took it.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import re
import ssl
import unicodedata
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as MAIL_FORM
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Literal

from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused

from signpost.protocol.secret import Secret
from signpost.service.clock import Clock, Randomness, SystemClock, system_randomness
from signpost.service.refusals import RefusalCode, StartRefused

__all__ = ["MailOutcome", "MailSettings", "send"]

MailOutcome = Literal["sent", "again", "never"]
"""The server took it; it could not be sent now; the server will not take any for this address."""

_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=^_`{|}~-]{1,64}@(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)")
"""One address as everybody writes it: no name beside it, no quotes, ASCII."""
_LONGEST_ADDRESS: Final = 254
_NOT_IN_A_LINE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: control characters, halves of characters, and what separates lines."""
_CLOCK: Final = SystemClock()
_GOODBYE_SECONDS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """Where mail is handed in, and as whom. `ca_file`: the authority to trust instead of the system's.

    Raises:
        StartRefused: MAIL_UNPROTECTED; SETTINGS_MALFORMED with the field; FILE_UNREADABLE for `ca_file`.
    """

    host: str
    port: int
    sender: str
    starttls: bool = True
    username: str | None = None
    password: Secret | None = None
    ca_file: Path | None = None
    timeout: float = 20
    """Seconds for the whole of a mail."""

    def __post_init__(self) -> None:
        wrong = [
            f"{field}: {reason}"
            for field, reason, holds in (
                ("host", "must be a name or an IP address", re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", self.host)),
                ("port", "must be 1 to 65535", 1 <= self.port <= 65535),
                ("sender", "must be one mail address", _is_address(self.sender)),
                ("password", "goes together with username", (self.username is None) == (self.password is None)),
                ("timeout", "is too small", self.timeout > 0),
            )
            if not holds
        ]
        if wrong:
            raise StartRefused(RefusalCode.SETTINGS_MALFORMED, details=tuple(wrong))
        if not self.starttls and (self.password is not None or not _is_loopback(self.host)):
            raise StartRefused(RefusalCode.MAIL_UNPROTECTED)
        try:
            _trusted(self.ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise StartRefused(RefusalCode.FILE_UNREADABLE, path=self.ca_file) from error


async def send(
    settings: MailSettings,
    to: str,
    subject: str,
    body: str,
    *,
    clock: Clock = _CLOCK,
    randomness: Randomness = system_randomness,
) -> MailOutcome:
    """Send one mail in plain text. It logs nothing, and raises nothing for what the network or the server does.

    `never` is for a recipient refused for good, or whose address is none. Any other refusal may be mended, by us or by
    the server's keeper, and is `again`.

    Raises:
        ValueError: there is a line break or another control character in `to` or `subject`.
    """
    if any(unicodedata.category(character) in _NOT_IN_A_LINE for character in to + subject):
        raise ValueError("a header of a mail is one line")
    if not _is_address(to):
        return "never"
    mail = _mail(settings.sender, to, subject, body, now=clock.now(), randomness=randomness)
    smtp: SMTP | None = None
    taken = False
    try:
        async with asyncio.timeout(settings.timeout):
            smtp = await _client(settings)
            await smtp.connect()
            await smtp.sendmail(settings.sender, [to], mail)
    except SMTPRecipientsRefused as refused:
        return "never" if all(500 <= each.code <= 599 for each in refused.recipients) else "again"
    except (SMTPException, OSError, UnicodeError):  # ssl.SSLError and TimeoutError are OSErrors
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError from None  # the library took it for a lost connection
        return "again"
    else:
        taken = True
        return "sent"
    finally:
        if smtp is not None:
            await _hang_up(smtp, goodbye=taken)


async def _client(settings: MailSettings) -> SMTP:
    """What speaks to the server once it connects: over TLS if we ask for it, and saying who we are."""
    return SMTP(
        hostname=settings.host,
        port=settings.port,
        username=settings.username,
        password=None if settings.password is None else settings.password.reveal(),
        # The domain of the sender says nothing about this machine.
        local_hostname=_domain(settings.sender),
        timeout=settings.timeout,
        start_tls=settings.starttls,
        tls_context=await asyncio.to_thread(_trusted, settings.ca_file) if settings.starttls else None,
    )


async def _hang_up(smtp: SMTP, *, goodbye: bool) -> None:
    """Nothing of the connection outlives the mail. Closed and not aborted, one over TLS would wait for the server's
    farewell, and keep its socket for as long.
    """
    transport = smtp.transport  # which the client lets go of when it says goodbye
    try:
        if goodbye:
            with contextlib.suppress(SMTPException, OSError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await smtp.quit()
    finally:
        smtp.close()
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
            await asyncio.sleep(0)  # a loop closes an aborted transport's socket in its next turn


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _mail(sender: str, to: str, subject: str, body: str, *, now: int, randomness: Randomness) -> bytes:
    mail = EmailMessage(policy=MAIL_FORM)
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(dt.datetime.fromtimestamp(now, tz=dt.UTC))
    mail["Message-ID"] = f"<{randomness(16).hex()}@{_domain(sender)}>"
    # RFC 3834: nobody's holiday notice answers it.
    mail["Auto-Submitted"] = "auto-generated"
    # Seven-bit, so that any server may carry it.
    mail.set_content(body, charset="utf-8", cte="quoted-printable")
    return mail.as_bytes()


def _is_address(text: str) -> bool:
    return len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
