"""A mail is taken, may be tried again, or never will be; and nobody reads it on the way who should not."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import email
import email.policy
import logging
import socket
import ssl
import time
from collections.abc import Callable, Coroutine, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import uvloop
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from aiosmtplib import SMTPException
from hypothesis import given
from hypothesis import strategies as st

from signpost.protocol.secret import Secret
from signpost.service.listening import tls_context
from signpost.service.mail import MailOutcome, MailSettings, _mail, send
from signpost.service.refusals import RefusalCode, StartRefused
from tests.support.certificates import make_certificate
from tests.support.listening import serving

DESK = "duty-desk@northtown.example"
SENDER = "signpost@index.example"
SOON = 0.5
"""Seconds: the patience of those who wait in vain."""

Run = Callable[[Coroutine[Any, Any, MailOutcome]], MailOutcome]


class StoppedClock:
    """It is 28 November 2026, noon."""

    def now(self) -> int:
        return 1_795_867_200


class Postbox:
    """What a mail server was told and given, and what it answers instead of yes."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[Envelope] = []
        self.over_tls: list[bool] = []
        self.heard: list[str] = []
        self.passwords: list[tuple[bool, bytes, bytes]] = []

    async def handle_EHLO(  # noqa: N802 - aiosmtpd names it
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.heard.append(f"EHLO {hostname}")
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.heard.append("MAIL")
        envelope.mail_from = address
        return self.answers.get("mail", "250 yes")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.heard.append("RCPT")
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 yes")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.heard.append("DATA")
        if "data" not in self.answers:
            self.taken.append(envelope)
            self.over_tls.append(session.ssl is not None)
        return self.answers.get("data", "250 taken")

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.heard.append("QUIT")
        return self.answers.get("quit", "221 bye")

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Takes one password."""
        self.passwords.append((session.ssl is not None, data.login, data.password))
        return AuthResult(success=data.password == "open sesame ñ".encode(), handled=False)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Sends in each of the event loops a service may have."""

    def play(sending: Coroutine[Any, Any, MailOutcome]) -> MailOutcome:
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(sending)

    return play


@contextlib.contextmanager
def mail_server(postbox: Postbox, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[int]:
    with serving(lambda loop: SMTP(postbox, hostname="post.example", loop=loop, tls_context=tls, **options)) as port:
        yield port


class Chatter(asyncio.Protocol):
    """Says something when it is called, and nothing afterwards."""

    def __init__(self, greeting: bytes, heard: list[bytes]) -> None:
        self._greeting = greeting
        self._heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._greeting)

    def data_received(self, data: bytes) -> None:
        self._heard.append(data)


def plain(port: int, **others: Any) -> MailSettings:
    given: dict[str, Any] = {"host": "127.0.0.1", "port": port, "sender": SENDER, "starttls": False}
    return MailSettings(**given | others)


def by_tls(port: int, ca_file: Path | None, **others: Any) -> MailSettings:
    return plain(port, starttls=True, ca_file=ca_file, **others)


def a_mail(settings: MailSettings, to: str = DESK) -> Coroutine[Any, Any, MailOutcome]:
    return send(settings, to, "A call-back waits", "Somebody asks to be rung.\n", clock=StoppedClock())


def test_what_is_sent_arrives_whole(run: Run) -> None:
    """A line that begins with a dot, other scripts and a long line among it."""
    postbox = Postbox()
    body = "Grüße\n.\n..dots\nFrom here = there\n" + "long " * 400 + "\n"

    with mail_server(postbox) as port:
        outcome = run(send(plain(port), DESK, "Ein Rückruf – wartet", body, clock=StoppedClock()))

    (envelope,) = postbox.taken
    content = envelope.content
    assert isinstance(content, bytes)
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    assert outcome == "sent"
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [DESK])
    assert mail.get_content().replace("\r\n", "\n") == body
    assert {name: str(value) for name, value in mail.items() if name != "Message-ID"} == {
        "From": SENDER,
        "To": DESK,
        "Subject": "Ein Rückruf – wartet",
        "Date": "Sat, 28 Nov 2026 12:00:00 +0000",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
    }
    assert content.isascii()
    assert max(map(len, content.splitlines())) <= 78
    assert postbox.heard == ["EHLO index.example", "MAIL", "RCPT", "DATA", "QUIT"]


def test_two_mails_have_two_names(run: Run) -> None:
    """Random ones, of the sender's domain, that say nothing of this machine."""
    postbox = Postbox()

    with mail_server(postbox) as port:
        outcomes = [run(a_mail(plain(port))) for _ in range(2)]

    contents = [each.content for each in postbox.taken if isinstance(each.content, bytes)]
    names = [email.message_from_bytes(content)["Message-ID"] for content in contents]
    assert outcomes == ["sent", "sent"]
    assert len({*names}) == 2
    for name in names:
        random, _, domain = name.strip("<>").partition("@")
        assert (len(bytes.fromhex(random)), domain) == (16, "index.example")
        assert socket.gethostname() not in name


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"rcpt": "550 no such mailbox"}, "never"),
        ({"rcpt": "553 not allowed"}, "never"),
        ({"rcpt": "451 greylisted"}, "again"),
        ({"rcpt": "452 full"}, "again"),
        ({"mail": "451 busy"}, "again"),
        ({"data": "451 local error"}, "again"),
        ({"data": "421 shutting down"}, "again"),
        # What is refused of us, and not of the recipient, somebody mends.
        ({"mail": "550 not from here"}, "again"),
        ({"data": "554 looks like spam"}, "again"),
        # The mail is the server's by then.
        ({"quit": "451 stay a while"}, "sent"),
    ],
)
def test_a_refusal_is_for_now_or_for_good(run: Run, answers: dict[str, str], outcome: MailOutcome) -> None:
    postbox = Postbox(**answers)

    with mail_server(postbox) as port:
        assert run(a_mail(plain(port))) == outcome

    assert len(postbox.taken) == (outcome == "sent")


def test_nobody_listens(run: Run) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))

        assert run(a_mail(plain(nobody.getsockname()[1]))) == "again"


@pytest.mark.parametrize(
    "greeting",
    [
        b"",
        b"220 post.example\r\n",
        b"220-post.example\r\n",
        b"554 go away\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\xff" * 9999,
    ],
    ids=["silence", "a-greeting", "half-a-greeting", "a-refusal", "another-protocol", "rubbish"],
)
def test_who_is_no_mail_server_is_not_waited_for(run: Run, greeting: bytes) -> None:
    began = time.monotonic()

    with serving(lambda loop: Chatter(greeting, [])) as port:
        outcome = run(a_mail(plain(port, timeout=SOON)))

    assert outcome == "again"
    assert time.monotonic() - began < SOON * 6


def test_a_server_that_dawdles_is_not_waited_for(run: Run) -> None:
    """The patience is for the whole mail, not for each answer."""

    class Dawdler(Postbox):
        async def handle_RCPT(self, *given: Any) -> str:  # noqa: N802
            await asyncio.sleep(SOON * 0.8)
            return await super().handle_RCPT(*given)

        async def handle_MAIL(self, *given: Any) -> str:  # noqa: N802
            await asyncio.sleep(SOON * 0.8)
            return await super().handle_MAIL(*given)

    postbox = Dawdler()

    with mail_server(postbox) as port:
        assert run(a_mail(plain(port, timeout=SOON))) == "again"

    assert postbox.taken == []


def test_sending_can_be_broken_off() -> None:
    """A service that stops does not wait for a mail server."""

    async def story() -> float:
        with serving(lambda loop: Chatter(b"", [])) as port:
            sending = asyncio.create_task(a_mail(plain(port, timeout=30)))
            await asyncio.sleep(0.1)
            began = time.monotonic()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            return time.monotonic() - began

    assert asyncio.run(story()) < 1


def test_a_mail_goes_over_tls(run: Run, tmp_path: Path) -> None:
    pair = make_certificate(tmp_path)
    postbox = Postbox()

    with mail_server(postbox, tls_context(pair), require_starttls=True) as port:
        assert run(a_mail(by_tls(port, pair.certificate))) == "sent"

    assert postbox.over_tls == [True]
    assert postbox.heard == ["EHLO index.example", "EHLO index.example", "MAIL", "RCPT", "DATA", "QUIT"]


def test_a_mail_leaves_no_connection(tmp_path: Path) -> None:
    """Over TLS neither, where the server would be waited for to say goodbye: or it is collected, unclosed, once its
    loop has gone.
    """
    pair = make_certificate(tmp_path)

    async def story() -> tuple[MailOutcome, int, int]:
        watched: Any = asyncio.get_running_loop()
        before = len(watched._selector.get_map())
        outcome = await a_mail(by_tls(port, pair.certificate))
        return outcome, before, len(watched._selector.get_map())

    with mail_server(Postbox(), tls_context(pair), require_starttls=True) as port:
        outcome, before, after = asyncio.run(story())

    assert (outcome, after) == ("sent", before)


def test_without_tls_nothing_is_said(run: Run, tmp_path: Path) -> None:
    """Neither an address nor a word of a mail nor a password to a server that offers none."""
    pair = make_certificate(tmp_path)
    postbox = Postbox()

    with mail_server(postbox, authenticator=postbox.authenticate, auth_require_tls=False) as port:
        settings = by_tls(port, pair.certificate, username="signpost", password=Secret(b"open sesame"))
        assert run(a_mail(settings)) == "again"

    assert (postbox.taken, postbox.passwords) == ([], [])
    assert set(postbox.heard) <= {"EHLO index.example", "QUIT"}


def test_a_server_that_nobody_vouches_for_is_told_nothing(run: Run, tmp_path: Path) -> None:
    """Its certificate is another's, or is for another name."""
    pair, other = (make_certificate(folder) for folder in folders(tmp_path, "one", "two"))
    postbox = Postbox()

    with mail_server(postbox, tls_context(pair)) as port:
        outcomes = [
            run(a_mail(by_tls(port, other.certificate))),
            run(a_mail(by_tls(port, None))),
            run(a_mail(by_tls(port, pair.certificate, host="localhost"))),
        ]

    assert outcomes == ["again"] * 3
    assert set(postbox.heard) == {"EHLO index.example"}


def test_what_is_slipped_in_before_tls_is_not_listened_to(run: Run, tmp_path: Path) -> None:
    """A server whose TLS never comes hears neither address nor password."""
    pair = make_certificate(tmp_path)
    heard: list[bytes] = []

    class Slipping(Chatter):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            assert isinstance(transport, asyncio.WriteTransport)
            self._transport = transport

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if data.startswith(b"EHLO"):
                self._transport.write(b"250-post.example\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n")
            elif data.startswith(b"STARTTLS"):
                self._transport.write(b"220 go ahead\r\n250 AUTH PLAIN\r\n250 yes\r\n250 yes\r\n")

    with serving(lambda loop: Slipping(b"220 post.example\r\n", heard)) as port:
        settings = by_tls(port, pair.certificate, username="u", password=Secret(b"open sesame"), timeout=SOON)
        assert run(a_mail(settings)) == "again"

    said = b"".join(heard)
    assert said.startswith(b"EHLO index.example\r\nSTARTTLS\r\n")
    for secret in (b"northtown", b"AUTH", b"open sesame", base64.b64encode(b"open sesame"), b"MAIL"):
        assert secret not in said


@pytest.mark.parametrize(("password", "outcome"), [("open sesame ñ", "sent"), ("open barley", "again")])
def test_a_password_is_for_the_other_side_of_tls(run: Run, tmp_path: Path, password: str, outcome: MailOutcome) -> None:
    """A wrong one is for the operator to mend."""
    pair = make_certificate(tmp_path)
    postbox = Postbox()

    with mail_server(postbox, tls_context(pair), authenticator=postbox.authenticate, auth_required=True) as port:
        settings = by_tls(port, pair.certificate, username="signpost", password=Secret(password.encode()))
        assert run(a_mail(settings)) == outcome

    assert (True, b"signpost", password.encode()) in postbox.passwords
    assert all(over_tls for over_tls, _, _ in postbox.passwords)


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\nBcc: all@northtown.example", "\x00", "\x85", "\u2028", "\ud800"])
def test_no_header_is_slipped_in(ending: str) -> None:
    """And what was tried is not repeated."""
    settings = plain(9)

    for to, subject in ((DESK + ending, "A call-back"), (DESK, "A call-back" + ending)):
        with pytest.raises(ValueError, match="one line") as refused:
            asyncio.run(send(settings, to, subject, ""))
        assert "northtown" not in str(refused.value)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "desk",
        "@northtown.example",
        "a@b@c",
        "a@x, b@y",
        "Desk <a@x>",
        "a b@x",
        "ä@x",
        '"a"@x',
        "a@x>",
        "a" * 65 + "@x",
    ],
)
def test_what_is_no_address_is_never_sent_to(to: str) -> None:
    """Nobody is even called."""
    assert asyncio.run(a_mail(plain(9), to)) == "never"


@given(st.from_regex(r"\A[a-zA-Z0-9.!#$%&'*+/=^_`{|}~-]{1,64}@[a-z0-9-]{1,30}(\.[a-z0-9-]{1,30}){0,4}\Z"))
def test_any_address_arrives_as_it_was_written(to: str) -> None:
    mail = email.message_from_bytes(
        _mail(SENDER, to, "Hello", "", now=0, randomness=bytes), policy=email.policy.default
    )

    assert mail["To"] == to


def test_nothing_is_logged(run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither an address nor what a server says of one, at any level. (`mail` is the server's own log.)"""
    caplog.set_level(logging.DEBUG)
    pair = make_certificate(tmp_path)

    with mail_server(Postbox(rcpt="550 no duty-desk@northtown.example"), tls_context(pair)) as port:
        run(a_mail(by_tls(port, pair.certificate)))
        run(a_mail(by_tls(port, None)))

    told = [record.getMessage() for record in caplog.records if not record.name.startswith("mail.")]
    assert [line for line in told if "@" in line or "northtown" in line] == []


def test_beyond_loopback_nothing_starts_without_tls() -> None:
    for host in ("post.example", "192.0.2.1", "0.0.0.0", "2001:db8::1"):  # noqa: S104
        with pytest.raises(StartRefused) as refused:
            plain(25, host=host)
        assert refused.value.code is RefusalCode.MAIL_UNPROTECTED
        assert "loopback" in refused.value.hint
        assert plain(25, host=host, starttls=True).starttls

    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        assert not plain(25, host=host).starttls


def test_a_password_is_never_for_plain_words() -> None:
    """Not on loopback either."""
    with pytest.raises(StartRefused) as refused:
        plain(25, username="signpost", password=Secret(b"open sesame"))

    assert refused.value.code is RefusalCode.MAIL_UNPROTECTED


@pytest.mark.parametrize(
    ("wrong", "details"),
    [
        ({"host": ""}, ("host: must be a name or an IP address",)),
        ({"host": "post\nexample"}, ("host: must be a name or an IP address",)),
        ({"port": 0}, ("port: must be 1 to 65535",)),
        ({"sender": "Signpost <signpost@x>"}, ("sender: must be one mail address",)),
        ({"username": "signpost"}, ("password: goes together with username",)),
        (
            {"password": Secret(b"x"), "port": 65536},
            ("port: must be 1 to 65535", "password: goes together with username"),
        ),
        ({"timeout": 0}, ("timeout: is too small",)),
    ],
)
def test_settings_that_are_wrong_are_refused_by_field(wrong: dict[str, Any], details: tuple[str, ...]) -> None:
    with pytest.raises(StartRefused) as refused:
        plain(**{"port": 25} | wrong)

    assert (refused.value.code, refused.value.details) == (RefusalCode.SETTINGS_MALFORMED, details)


def test_an_authority_that_cannot_be_read_is_refused(tmp_path: Path, run: Run) -> None:
    """At the start; when it is lost later, mails wait."""
    empty = tmp_path / "empty.pem"
    empty.touch()
    for ca_file in (tmp_path / "missing.pem", empty):
        with pytest.raises(StartRefused) as refused:
            by_tls(25, ca_file)
        assert (refused.value.code, refused.value.path) == (RefusalCode.FILE_UNREADABLE, ca_file)

    pair = make_certificate(tmp_path)
    settings = by_tls(25, pair.certificate)
    pair.certificate.unlink()

    assert run(a_mail(settings)) == "again"


def test_a_password_does_not_show() -> None:
    settings = by_tls(25, None, username="signpost", password=Secret(b"open sesame"))

    assert "sesame" not in repr(settings)


def folders(inside: Path, *names: str) -> Iterator[Path]:
    for name in names:
        (inside / name).mkdir()
        yield inside / name


def test_a_sender_that_is_stopped_stops_whatever_the_library_makes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a cancellation for a lost connection; a worker that is asked to end must not send on."""

    async def connect(_: object) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise SMTPException("lost") from None

    monkeypatch.setattr("signpost.service.mail.SMTP.connect", connect)
    settings = MailSettings(host="127.0.0.1", port=25, sender="signpost@example.org", starttls=False)

    async def play() -> None:
        sending = asyncio.create_task(send(settings, "desk@example.org", "s", "b"))
        await asyncio.sleep(0.01)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

    asyncio.run(asyncio.wait_for(play(), 5))
