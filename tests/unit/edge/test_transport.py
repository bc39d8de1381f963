"""HTTP as an edge speaks it: verified, never redirected, never by way of a proxy, never without an end."""

from __future__ import annotations

import asyncio
import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from signpost.edge.transport import NoReply, NoReplyReason, Reply, Transport, allowed_url
from tests.support.certificates import make_certificate


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://index.example", True),
        ("https://index.example:8443", True),
        ("https://10.0.0.7", True),
        ("http://127.0.0.1:8000", True),
        ("http://127.8.9.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://localhost:8000", True),
        ("http://index.example", False),
        ("http://10.0.0.7", False),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
        ("http://user@127.0.0.1", False),
        ("https://index.example/path", False),
        ("https://index.example?query", False),
        ("ftp://127.0.0.1", False),
        ("", False),
    ],
)
def test_plain_http_is_for_loopback_only(url: str, allowed: bool) -> None:
    assert allowed_url(url) is allowed


def test_nothing_is_sent_to_an_address_that_is_not_allowed() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError("it was sent")

    assert silence_of(Transport(transport=httpx2.MockTransport(handle)), "http://index.example") == "NOT_ALLOWED"


def test_a_service_is_trusted_by_the_authority_the_desk_names(tmp_path: Path) -> None:
    with tls_service(tmp_path) as url:
        reply = fetch(Transport(ca_file=tmp_path / "certificate.pem"), url)

    assert (reply.status, reply.body) == (200, b"{}")
    assert reply.date is not None


def test_a_service_that_nobody_vouches_for_is_not_spoken_to(tmp_path: Path) -> None:
    """The system's authorities do not know its certificate."""
    with tls_service(tmp_path) as url:
        assert silence_of(Transport(), url) == "NOT_TRUSTED"


def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    """The certificate is for 127.0.0.1, whoever vouches for it."""
    with tls_service(tmp_path) as url:
        transport = Transport(ca_file=tmp_path / "certificate.pem")
        assert silence_of(transport, url.replace("127.0.0.1", "localhost")) == "NOT_TRUSTED"


def test_a_proxy_of_the_environment_is_passed_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)

    with tls_service(tmp_path) as url:
        assert fetch(Transport(ca_file=tmp_path / "certificate.pem"), url).status == 200


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    asked: list[str] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(307, headers={"location": "https://elsewhere.example"}, stream=httpx2.ByteStream(b""))

    assert fetch(Transport(transport=httpx2.MockTransport(handle)), "https://index.example").status == 307
    assert asked == ["https://index.example/health"]


def test_no_cookie_is_kept() -> None:
    asked: list[httpx2.Headers] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.headers)
        return httpx2.Response(200, headers={"set-cookie": "who=you"}, stream=httpx2.ByteStream(b""))

    async def twice() -> None:
        async with Transport(transport=httpx2.MockTransport(handle)) as transport:
            for _ in range(2):
                await transport.get("https://index.example", "/health", seconds=1)

    asyncio.run(twice())
    assert len(asked) == 2
    assert not any("cookie" in headers for headers in asked)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx2.ConnectError("index.example refused"), "NOT_REACHED"),
        (httpx2.ReadError("9990000042"), "BROKEN_OFF"),
        (httpx2.RemoteProtocolError("9990000042"), "BROKEN_OFF"),
    ],
)
def test_what_went_wrong_is_told_by_a_reason_and_nothing_else(error: Exception, reason: str) -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(NoReply) as raised:
        fetch(Transport(transport=httpx2.MockTransport(handle)), "https://index.example")

    assert raised.value.reason is NoReplyReason[reason]
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert "9990000042" not in str(raised.value)


def test_an_answer_without_an_end_is_cut_off() -> None:
    async def endless() -> object:
        while True:
            yield b" " * (1 << 16)

    def handle(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=endless())  # type: ignore[arg-type]

    assert silence_of(Transport(transport=httpx2.MockTransport(handle)), "https://index.example") == "TOO_LONG"


def test_the_whole_exchange_has_one_deadline() -> None:
    """A service that dribbles a byte now and then does not hold the asker up."""

    async def dribble() -> object:
        while True:
            await asyncio.sleep(0.01)
            yield b" "

    def handle(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=dribble())  # type: ignore[arg-type]

    transport = Transport(transport=httpx2.MockTransport(handle))
    assert silence_of(transport, "https://index.example", seconds=0.1) == "TOO_SLOW"


def fetch(transport: Transport, url: str, *, seconds: float = 5) -> Reply:
    async def ask() -> Reply:
        async with transport:
            return await transport.get(url, "/health", seconds=seconds)

    return asyncio.run(ask())


def silence_of(transport: Transport, url: str, *, seconds: float = 5) -> str:
    with pytest.raises(NoReply) as raised:
        fetch(transport, url, seconds=seconds)
    return raised.value.reason.name


@contextmanager
def tls_service(folder: Path) -> Iterator[str]:
    """A service on loopback with a certificate for 127.0.0.1 that only its own file vouches for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has in the library
            pass

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    pair = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
