"""HTTP as an edge speaks it: to the index and the key holders, and to nobody else.

* https, and the certificate is verified, against the system's authorities or the one file the desk names. Plain http is
  for loopback only, where there is no line to listen on.
* No redirect is followed: it would carry a signed request to an address nobody chose. No proxy, netrc or certificate
  setting is taken from the environment. No cookie is kept.
* An answer is read up to a limit, uncompressed, within one deadline for the whole exchange.
* What goes wrong is told by a reason. No address, header, body or library message is in any exception from here.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self, final
from urllib.parse import urlsplit

import httpx2

from signpost.protocol.manifest import valid_url

__all__ = ["NoReply", "NoReplyReason", "Reply", "Transport", "allowed_url"]

_LONGEST_REPLY: Final = 4 << 20
"""Bytes. The longest we ask for, a page of 5,000 of an organisation's own list, is about 480 KiB."""

_HEADERS: Final = {"accept": "application/json, application/problem+json", "accept-encoding": "identity"}


class NoReplyReason(StrEnum):
    """Why there is no answer, in words for a person."""

    NOT_ALLOWED = "its address is not https"
    NOT_REACHED = "it could not be reached"
    NOT_TRUSTED = "its certificate does not verify"
    TOO_SLOW = "it did not answer in time"
    BROKEN_OFF = "the connection broke off"
    TOO_LONG = "its answer was too long"


class NoReply(Exception):
    """There is no answer."""

    def __init__(self, reason: NoReplyReason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    @property
    def never_arrived(self) -> bool:
        """Whether the request certainly did not reach the other side."""
        return self.reason in (NoReplyReason.NOT_ALLOWED, NoReplyReason.NOT_REACHED, NoReplyReason.NOT_TRUSTED)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever its status. `date` is the other side's clock in epoch seconds, where it said so."""

    status: int
    body: bytes = field(repr=False)
    date: int | None = None


def allowed_url(url: str) -> bool:
    """Whether a service's address may be spoken to: https, or http on loopback."""
    if not valid_url(url):
        return False
    parts = urlsplit(url)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@final
class Transport:
    """One pool of connections for everything a desk asks. `ca_file`: the authority to trust instead of the system's."""

    def __init__(self, *, ca_file: Path | None = None, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        """`transport` stands in for the network in a test.

        Raises:
            OSError: `ca_file` is missing or holds no certificate (as ssl.SSLError).
        """
        self._client = httpx2.AsyncClient(
            verify=ssl.create_default_context(cafile=None if ca_file is None else str(ca_file)),
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            timeout=None,
            # An idle connection is let go before the service does it (after 10 s): what is sent then never arrives.
            limits=httpx2.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=8),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.aclose()

    async def get(self, url: str, path: str, *, seconds: float) -> Reply:
        """Fetch something public.

        Raises:
            NoReply: there was none.
        """
        return await self._exchange(httpx2.Request("GET", url + path, headers=_HEADERS), url, seconds)

    async def post(self, url: str, path: str, *, headers: dict[str, str], body: bytes, seconds: float) -> Reply:
        """Send a body.

        Raises:
            NoReply: there was no answer.
        """
        request = httpx2.Request("POST", url + path, headers={**_HEADERS, **headers}, content=body)
        return await self._exchange(request, url, seconds)

    async def _exchange(self, request: httpx2.Request, url: str, seconds: float) -> Reply:
        if not allowed_url(url):
            raise NoReply(NoReplyReason.NOT_ALLOWED)
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.send(request, stream=True)
                try:
                    body = await _limited(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise NoReply(NoReplyReason.TOO_SLOW) from None
        except httpx2.ConnectError as error:
            raise NoReply(_connect_reason(error)) from None
        except httpx2.HTTPError:
            raise NoReply(NoReplyReason.BROKEN_OFF) from None
        return Reply(response.status_code, body, _date(response.headers.get("date")))


async def _limited(response: httpx2.Response) -> bytes:
    chunks: list[bytes] = []
    length = 0
    async for chunk in response.aiter_raw():
        length += len(chunk)
        if length > _LONGEST_REPLY:
            raise NoReply(NoReplyReason.TOO_LONG)
        chunks.append(chunk)
    return b"".join(chunks)


def _connect_reason(error: BaseException) -> NoReplyReason:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NoReplyReason.NOT_TRUSTED
        cause = cause.__cause__ or cause.__context__
    return NoReplyReason.NOT_REACHED


def _date(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError):
        return None
