"""Uploads as a browser sends them, and a data officer who has a council's extract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import httpx2

from tests.support.whole_gateway import User, WholeGateway

__all__ = ["COLUMNS", "File", "Officer", "check_digit", "csv_of", "multipart", "number", "numbers"]

BOUNDARY = "signpost-boundary"
COLUMNS = ("local_id", "nhs_number", "date_of_birth", "start", "end", "handle", "postcode")


@dataclass(frozen=True)
class File:
    """One file of a form: the field, what it is called, and what is in it."""

    into: str
    called: str
    content: bytes = field(repr=False)


def check_digit(nine: str) -> str:
    """The tenth digit of an NHS number; an X where there is none."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    return "0" if rest == 11 else "X" if rest == 10 else str(rest)


def numbers() -> Iterator[str]:
    """The NHS numbers of the range that is nobody's, passing over those that there are not."""
    found = (f"999{place:06d}" for place in range(1, 1_000_000))
    return (nine + check_digit(nine) for nine in found if check_digit(nine) != "X")


def number(nth: int) -> str:
    """The nth of them."""
    return next(islice(numbers(), nth, None))


def csv_of(rows: Iterable[Mapping[str, str]]) -> bytes:
    """A file of our own format."""
    lines = [",".join(COLUMNS), *(",".join(row.get(column, "") for column in COLUMNS) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def multipart(fields: Mapping[str, str], files: Sequence[File]) -> tuple[str, bytes]:
    """A body as browsers write it, fields first; and its media type."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for each in files:
        named = f'Content-Disposition: form-data; name="{each.into}"; filename="{each.called}"'
        parts.append(f"--{BOUNDARY}\r\n{named}\r\nContent-Type: text/csv\r\n\r\n".encode() + each.content + b"\r\n")
    return f"multipart/form-data; boundary={BOUNDARY}", b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


@dataclass
class Officer:
    """A data officer, signed in at a gateway by the web API."""

    gateway: WholeGateway
    user: User
    token: str = ""
    handle: str = ""

    def __post_init__(self) -> None:
        self.token = self.gateway.token(self.user)
        self.handle = self.gateway.index.handle(self.gateway.organisation)

    def row(self, nth: int = 0, **changed: str) -> dict[str, str]:
        """An involvement of a made-up child's, the nth."""
        return {
            "local_id": f"case-{nth}", "nhs_number": number(nth), "date_of_birth": "2018-03-04",
            "start": "2025-01-06", "handle": self.handle, **changed,
        }  # fmt: skip

    def upload(self, content: bytes | Sequence[File], **fields: str) -> httpx2.Response:
        """An upload; a file of our own format, unless files are given."""
        files = [File("extract", "caseload.csv", content)] if isinstance(content, bytes) else content
        return self.send(*multipart({"format": "csv", **fields}, files))

    def send(self, media_type: str, body: bytes) -> httpx2.Response:
        """A body as it is."""
        return self.gateway.index.run(self.sending(media_type, body))

    async def sending(self, media_type: str, body: bytes) -> httpx2.Response:
        """The same, to be awaited beside others."""

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 1000):
                yield body[start : start + 1000]

        road = httpx2.ASGITransport(app=self.gateway.app)
        headers = {"authorization": f"Bearer {self.token}", "content-type": media_type}
        async with httpx2.AsyncClient(transport=road, base_url="http://gateway") as client:
            return await client.post("/api/v1/feeds", content=pieces(), headers=headers)

    def run(self, content: bytes | Sequence[File], **fields: str) -> dict[str, object]:
        """An upload that is taken, at its end."""
        answer = self.upload(content, **fields)
        assert answer.status_code == 202, answer.text
        self.finish()
        return self.told(str(answer.json()["feed"]))

    def finish(self) -> None:
        """What is under way comes to its end, and settles."""
        assert self.gateway.feeds is not None
        self.gateway.index.run(self.gateway.feeds.finished())
        self.gateway.index.settle()

    def told(self, feed: str) -> dict[str, object]:
        """A run as the web API tells it."""
        answer = self.get(f"/api/v1/feeds/{feed}")
        assert answer.status_code == 200, answer.text
        told: dict[str, object] = answer.json()
        return told

    def get(self, path: str) -> httpx2.Response:
        """Another request of the officer's."""
        return self.gateway.request("GET", path, token=self.token)

    def delete(self, path: str) -> httpx2.Response:
        """A request to cancel."""
        return self.gateway.request("DELETE", path, token=self.token)
