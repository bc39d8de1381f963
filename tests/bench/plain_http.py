"""Requests over a bare connection, ready to be sent: a client library costs more, and varies more, than what is timed.

One connection is kept open; a request is one write, and its answer is read to the end that its length names.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Line", "Reply", "at_once", "request"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, the header block as it came, and a body."""

    status: int
    head: bytes
    body: bytes


def request(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A POST, whole."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    sent = {"content-type": "application/json", **{name.lower(): value for name, value in headers.items()}}
    sent.pop("content-length", None)
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in sent.items()), "", ""]).encode() + body


@dataclass(frozen=True)
class Line:
    """A connection to a service on this machine."""

    connection: socket.socket

    @classmethod
    @contextlib.contextmanager
    def to(cls, port: int) -> Iterator[Line]:
        """Open for as long as the context lasts."""
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield cls(connection)

    def send(self, sent: bytes) -> None:
        """A whole request."""
        self.connection.sendall(sent)

    def receive(self) -> Reply:
        """Its answer, to the end."""
        read = b""
        while (end := read.find(b"\r\n\r\n")) < 0:
            read += self._some()
        head, body = read[:end], read[end + 4 :]
        lines = head.split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line[:15].lower() == b"content-length:")
        while len(body) < length:
            body += self._some()
        return Reply(int(lines[0].split()[1]), head, body)

    def _some(self) -> bytes:
        some = self.connection.recv(65_536)
        if not some:
            raise ConnectionError("the service hung up")
        return some


def at_once(lines: Sequence[Line], requests: Sequence[bytes]) -> tuple[float, list[Reply]]:
    """One request on each line; the seconds until the last answer, and all of them."""
    began = time.perf_counter()
    for line, sent in zip(lines, requests, strict=True):
        line.send(sent)
    replies = [line.receive() for line in lines]
    return time.perf_counter() - began, replies
