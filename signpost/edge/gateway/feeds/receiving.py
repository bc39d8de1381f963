"""Taking in an upload, multipart/form-data (RFC 7578): fields first, then files, each file straight into memory.

* Nothing is written to a disk, and no file is in one piece in Python's own memory: pieces go into anonymous files
  (`memory_file`) as they come. How much may come is the door's business (`signpost.service.door.Road`).
* Every field stands before the first file, so that what is asked, and whether it may be, is known before anything of a
  child is held.
* What is refused is still read to its end, and thrown away: a browser shows no answer before it has said everything.
* No name and no value that came is in a refusal; a pointer names a field of ours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from signpost.edge.gateway.feeds.memory_file import MemoryFile
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["FIELDS", "FILES", "Received", "ReceivedFile", "pieces_of", "receive"]

FIELDS: Final = frozenset({"format", "dry_run", "missing", "accept_ends", "send_again", "handle"})
FILES: Final = frozenset({"extract", "handles", "identity"})
_LONGEST_FIELD: Final = 200
"""Bytes of a value. No field of ours comes near."""
_MOST_FILES: Final = 64
"""A whole folder of the dataset has half as many."""
_MOST_HEADERS: Final = 8
_LONGEST_HEADER: Final = 2048
"""Bytes, of which a file's name may be most."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """One file: into which field it came, and what it was called."""

    into: str
    called: str = field(repr=False)
    content: MemoryFile = field(repr=False)


@final
@dataclass(slots=True)
class Received:
    """An upload as it came."""

    fields: dict[str, str] = field(default_factory=dict, repr=False)
    files: list[ReceivedFile] = field(default_factory=list)

    def close(self) -> None:
        """Let go of every file."""
        for each in self.files:
            each.content.close()


async def pieces_of(request: Request) -> AsyncIterator[bytes]:
    """A request's body as it comes.

    Raises:
        Problem: REQUEST_TIMEOUT: whoever sent it has gone; or as the door's road.
    """
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        raise Problem(ProblemCode.REQUEST_TIMEOUT) from None


async def receive(
    content_type: str,
    pieces: AsyncIterator[bytes],
    *,
    also: frozenset[str] = frozenset(),
    before_files: Callable[[Mapping[str, str]], None] = lambda _: None,
    wanted: Callable[[], bool] = lambda: True,
) -> Received:
    """Take in an upload to its end. `also`: fields besides ours. `before_files`: sees the fields before any file, and
    may refuse with a Problem. `wanted`: whether it still is.

    Raises:
        Problem: UNSUPPORTED_MEDIA_TYPE; MALFORMED, with a pointer where a field of ours is at fault; FEED_CANCELLED;
            or what `pieces` or `before_files` raise.
    """
    sink = _Sink(FIELDS | also, before_files)
    parser = _parser(content_type, sink)
    try:
        async for piece in pieces:
            if not wanted():
                sink.refuse(Problem(ProblemCode.FEED_CANCELLED))
            if sink.refusal is None:
                try:
                    parser.write(piece)
                except FormParserError:
                    sink.refuse(Problem(ProblemCode.MALFORMED))
        if sink.refusal is None and not sink.whole:
            sink.refuse(Problem(ProblemCode.MALFORMED))
        if (refusal := sink.refusal) is not None:
            # A new one: what is raised has this frame, with the last piece, and must not be held by it.
            raise Problem(refusal.code, pointers=refusal.pointers)
    except BaseException:
        sink.received.close()
        raise
    for each in sink.received.files:
        each.content.seal()
    return sink.received


def _parser(content_type: str, sink: _Sink) -> MultipartParser:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind.lower() != b"multipart/form-data" or not boundary:
        raise Problem(ProblemCode.UNSUPPORTED_MEDIA_TYPE)
    try:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": sink.begin,
                "on_header_field": sink.header_name,
                "on_header_value": sink.header_value,
                "on_header_end": sink.header_end,
                "on_headers_finished": sink.headers_end,
                "on_part_data": sink.data,
                "on_part_end": sink.end,
                "on_end": sink.ended,
            },
            max_header_count=_MOST_HEADERS,
            max_header_size=_LONGEST_HEADER,
        )
    except FormParserError:  # a boundary longer than any there is
        raise Problem(ProblemCode.UNSUPPORTED_MEDIA_TYPE) from None


@final
class _Sink:
    """Takes the parser's events. Once something is refused, what follows is thrown away."""

    def __init__(self, fields: frozenset[str], before_files: Callable[[Mapping[str, str]], None]) -> None:
        self.received = Received()
        self.refusal: Problem | None = None
        self.whole = False
        self._fields = fields
        self._before_files: Callable[[Mapping[str, str]], None] | None = before_files
        self._headers: dict[bytes, bytes] = {}
        self._name = b""
        self._value = b""
        self._into = ""
        self._text = b""
        self._file: ReceivedFile | None = None

    def refuse(self, problem: Problem) -> None:
        self.refusal = self.refusal or problem
        self.received.close()

    def begin(self) -> None:
        self._headers = {}
        self._into, self._text, self._file = "", b"", None
        self._name = self._value = b""

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def headers_end(self) -> None:
        if self.refusal is not None:
            return
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("ascii", "replace")
        called = options.get(b"filename")
        if kind != b"form-data" or name not in (self._fields if called is None else FILES):
            self.refuse(Problem(ProblemCode.MALFORMED))
        elif called is None:
            self._begin_field(name)
        else:
            self._begin_file(name, called.decode("utf-8", "replace"))

    def data(self, data: bytes, start: int, end: int) -> None:
        if self.refusal is not None:
            return
        if self._file is not None:
            self._file.content.write(memoryview(data)[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > _LONGEST_FIELD:
            self.refuse(_malformed(self._into))

    def end(self) -> None:
        if self.refusal is not None:
            return
        if self._file is not None:
            if not self._file.called and not self._file.content.size:
                # So a browser says that no file was chosen.
                self.received.files.remove(self._file)
                self._file.content.close()
            return
        try:
            self.received.fields[self._into] = self._text.decode().strip()
        except UnicodeDecodeError:
            self.refuse(_malformed(self._into))

    def ended(self) -> None:
        self._ask_before_files()
        self.whole = True

    def _begin_field(self, name: str) -> None:
        if self._before_files is None or name in self.received.fields:
            self.refuse(_malformed(name))
        self._into = name

    def _begin_file(self, name: str, called: str) -> None:
        self._ask_before_files()
        if len(self.received.files) >= _MOST_FILES:
            self.refuse(_malformed(name))
        if self.refusal is None:
            self._file = ReceivedFile(name, called.replace("\\", "/").rpartition("/")[2], MemoryFile())
            self.received.files.append(self._file)

    def _ask_before_files(self) -> None:
        ask, self._before_files = self._before_files, None
        if ask is None or self.refusal is not None:
            return
        try:
            ask(self.received.fields)
        except Problem as problem:
            self.refuse(Problem(problem.code, pointers=problem.pointers))


def _malformed(name: str) -> Problem:
    return Problem(ProblemCode.MALFORMED, pointers=(f"/{name}",))
