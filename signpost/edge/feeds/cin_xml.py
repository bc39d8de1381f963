"""The XML of a CIN census, child by child, in flat memory: no tree is built, and only the elements named here are kept.

* A document type, an entity or anything external is refused before it is looked at (defusedxml).
* Elements may stand in any order, with stray text between them: only the text right inside an element counts.
* A child is found again by its place: the byte at which its element starts. Its bytes are then parsed by themselves.
* Namespaces do not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import quoteattr

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]

from signpost.edge.feeds.errors import FeedError, FileCode
from signpost.edge.feeds.stamp import Stamp
from signpost.edge.silence import Silent

__all__ = ["CensusChild", "CensusFile", "CensusWork"]

_CHILD: Final = "Child"
_CHILDREN: Final = "Children"
_WORK: Final = "CINdetails"
_OF_CHILD: Final = frozenset({"LAchildID", "UPN", "FormerUPN", "PersonBirthDate", "ExpectedPersonBirthDate"})
_OF_WORK: Final = frozenset({"CINreferralDate", "CINclosureDate", "ReferralNFA", "AssessmentActualStartDate"})
"""Nothing else is kept: no need, category, plan, reason, source or date of a conference."""

_CHUNK: Final = 1 << 14
_LONGEST_TEXT: Final = 500
"""Characters. No element that is kept comes near it; a longer one is cut, and is then not of its form."""
_LONGEST_TAG: Final = 1 << 20
"""Bytes. A tag of more, with all its attributes, is none of a census. Expat reads an unfinished one from its start
again with every chunk, so that twenty megabytes of attribute would take a quarter of a minute.
"""

_MARKS: Final = ((b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be"), (b"<\0", "utf-16le"), (b"\0<", "utf-16be"))

Texts = dict[str, list[str]]


@dataclass(slots=True, repr=False)
class CensusWork(Silent):
    """One CINdetails element: its place and its texts by element name."""

    place: int
    texts: Texts = field(default_factory=dict)


@dataclass(slots=True, repr=False)
class CensusChild(Silent):
    """One Child element: its place and its texts by element name."""

    place: int
    texts: Texts = field(default_factory=dict)
    work: list[CensusWork] = field(default_factory=list)


class CensusFile:
    """One census file."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            FeedError: it is not there, or empty.
        """
        self._path = path
        try:
            self._again = path.open("rb")
        except OSError:
            raise FeedError(FileCode.FILE_MISSING, "cin") from None
        try:
            if not path.is_file():  # a pipe or a device: it cannot be read twice
                raise FeedError(FileCode.FILE_MISSING, "cin")
            self._stamp = Stamp.of(self._again)
            if not self.size:
                raise FeedError(FileCode.FILE_EMPTY, "cin")
            mark = self._again.read(2)
        except BaseException:
            self._again.close()
            raise
        self._encoding = next((encoding for start, encoding in _MARKS if mark == start), "")
        self._prefixes: dict[str, str] = {}

    @property
    def size(self) -> int:
        """Bytes."""
        return self._stamp.size

    def children(self) -> Iterator[CensusChild]:
        """Every child, in the file's order.

        Raises:
            FeedError: FILE_XML, FILE_XML_UNSAFE, or the file was changed meanwhile.
        """
        reader = _Reader()
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield from reader.read(chunk)
                self._prefixes |= reader.prefixes
                self._encoding = self._encoding or reader.encoding
        yield from reader.finish()
        self._stamp.must_be_of(self._again, "cin")

    def child_at(self, place: int) -> CensusChild:
        """The child whose element starts at a place, after a pass.

        Raises:
            FeedError: the file was changed since it was opened.
        """
        self._stamp.must_be_of(self._again, "cin")
        reader = _Reader(self._encoding or "utf-8")
        # A root for the child to stand in, which knows every prefix that the census uses.
        names = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in sorted(self._prefixes.items()))
        root = f"<a{names}>".encode(self._encoding or "utf-8")
        reader.read(root)
        reader.shift = place - len(root)
        self._again.seek(place)
        while chunk := self._again.read(_CHUNK):
            for child in reader.read(chunk, enough=1):
                return child
        raise FeedError(FileCode.FILE_CHANGED, "cin")

    def close(self) -> None:
        """Let go of the file."""
        self._again.close()


class _Enough(Exception):
    """As many children were read as were asked for."""


class _Reader:
    """Takes the parser's events. Only one child is held at a time."""

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = ""
        self.prefixes: dict[str, str] = {}
        self.shift = 0
        self._parser = DefusedXMLParser(target=self, encoding=encoding, forbid_dtd=True)
        self._expat = self._parser.parser  # the parser lets go of it when it is closed
        self._expat.XmlDeclHandler = self._declared
        self._of_census = False
        self._child: CensusChild | None = None
        self._work: CensusWork | None = None
        self._into = ""
        self._text: list[str] = []
        self._kept = 0
        self._read: list[CensusChild] = []
        self._enough = 0
        self._unfinished = 0

    def read(self, chunk: bytes, *, enough: int = 0) -> list[CensusChild]:
        """The children whose elements end in this stretch of the file; what follows the last one that is asked for is
        not looked at.
        """
        self._read, self._enough = [], enough
        at = self._expat.CurrentByteIndex
        try:
            self._parser.feed(chunk)
        except _Enough:
            pass
        except DefusedXmlException:
            raise FeedError(FileCode.FILE_XML_UNSAFE, "cin") from None
        except (ParseError, LookupError, ValueError):  # the latter two: an encoding that there is not
            raise self._broken() from None
        self._unfinished = self._unfinished + len(chunk) if self._expat.CurrentByteIndex == at else 0
        if self._unfinished > _LONGEST_TAG:
            raise self._broken()
        return self._read

    def finish(self) -> list[CensusChild]:
        """The file ends here."""
        self._read = []
        try:
            self._parser.close()
        except (ParseError, ValueError):
            raise self._broken() from None
        if not self._of_census:
            raise self._broken()
        return self._read

    # What the parser calls.

    def start(self, tag: str, _: object) -> None:
        name = _local(tag)
        self._into = ""
        if name == _CHILDREN:
            self._of_census = True
        elif name == _CHILD:
            if self._child is not None:
                raise self._broken()
            self._child = CensusChild(self._place())
        elif self._child is None:
            return
        elif name == _WORK:
            self._work = CensusWork(self._place())
            self._child.work.append(self._work)
        elif name in _OF_CHILD or (name in _OF_WORK and self._work is not None):
            self._into, self._text, self._kept = name, [], 0

    def data(self, text: str) -> None:
        if self._into and self._kept < _LONGEST_TEXT:
            self._text.append(text[:_LONGEST_TEXT])
            self._kept += len(text)

    def end(self, tag: str) -> None:
        name = _local(tag)
        if self._child is None:
            return
        if name == self._into:
            self._keep(self._child, name, "".join(self._text).strip())
        elif name == _WORK:
            self._work = None
        elif name == _CHILD:
            self._read.append(self._child)
            self._child = None
            if len(self._read) == self._enough:
                raise _Enough
        self._into = ""

    def start_ns(self, prefix: str, uri: str) -> None:
        if prefix and prefix != "xml":
            self.prefixes[prefix] = uri

    def close(self) -> None:
        """Nothing is built."""

    def _keep(self, child: CensusChild, name: str, text: str) -> None:
        texts = self._work.texts if name in _OF_WORK and self._work is not None else child.texts
        if text and text not in texts.setdefault(name, []):
            texts[name].append(text)

    def _place(self) -> int:
        return int(self._expat.CurrentByteIndex) + self.shift

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = encoding or ""

    def _broken(self) -> FeedError:
        return FeedError(FileCode.FILE_XML, f"cin, line {self._expat.CurrentLineNumber}")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
