"""An extract as somebody names it: its files, what they are written in, and what a return does not say by itself.

The same for a command that reads files where they lie and for a gateway to which they are uploaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum
from pathlib import Path
from typing import assert_never

from signpost.edge.feeds.cin_feed import CINFeed
from signpost.edge.feeds.csv_feed import CSVFeed
from signpost.edge.feeds.errors import FeedError, FileCode
from signpost.edge.feeds.folder import Folder
from signpost.edge.feeds.handles import Handles
from signpost.edge.feeds.model import Feed
from signpost.edge.feeds.s903_feed import S903Feed, is_of_s903
from signpost.edge.feeds.ssd_feed import is_of_ssd, open_ssd
from signpost.protocol.purposes import Basis
from signpost.protocol.secret import Secret

__all__ = ["Extract", "FeedFormat", "HandleUnfit", "Missing", "Unfit", "is_read", "open_extract"]


class FeedFormat(StrEnum):
    """What a file is written in."""

    SSD = "ssd"
    CSV = "csv"
    CIN = "cin"
    S903 = "s903"

    @property
    def is_return(self) -> bool:
        """Whether it is a statutory return: it names no team, no name and no NHS number."""
        return self in (FeedFormat.CIN, FeedFormat.S903)

    @property
    def may_be_folder(self) -> bool:
        """Whether it may be several files."""
        return self in (FeedFormat.SSD, FeedFormat.S903)

    @property
    def may_be_one_file(self) -> bool:
        """Whether it may be one file by itself."""
        return self is not FeedFormat.S903


class Missing(StrEnum):
    """What becomes of an involvement that is no longer in the file."""

    WITHDRAW = "withdraw"
    END = "end"


class Unfit(Enum):
    """Why a handle will not do for a whole return."""

    NOT_YOURS = ("not-yours", "it is not one of your handles, nor a team of the handles file")
    SENSITIVE = ("sensitive", "it is a sensitive service's desk, and a return is statutory")

    def __init__(self, code: str, meaning: str) -> None:
        self.code = code
        self.meaning = meaning


class HandleUnfit(Exception):
    """The handle that is named for a whole return will not do."""

    def __init__(self, why: Unfit) -> None:
        super().__init__(why.meaning)
        self.why = why


@dataclass(frozen=True, slots=True)
class Extract:
    """The council's files, and what is said of them. `handle` is of a return alone, and so is `identity`."""

    source: Path | Folder = field(repr=False)
    written_in: FeedFormat
    handles: Path | None = None
    handle: str | None = None
    identity: Path | None = None


def is_read(written_in: FeedFormat, called: str) -> bool:
    """Whether a file of that name is read, where the extract is a folder."""
    return is_of_ssd(called) if written_in is FeedFormat.SSD else is_of_s903(called)


def open_extract(extract: Extract, *, today: date, handles: Handles, join_key: Secret) -> Feed:
    """A `Feed` over the extract. `join_key`: 32 random bytes for this pass, kept nowhere.

    Raises:
        FeedError: a file is missing or not of the format.
        HandleUnfit: the handle of a return is not one of the organisation's, or a sensitive service's.
    """
    source = extract.source
    match extract.written_in:
        case FeedFormat.SSD:
            return open_ssd(source, today=today, handles=handles, join_key=join_key)
        case FeedFormat.CSV:
            return CSVFeed(_one_file(source, "csv"), today=today, handles=handles, join_key=join_key)
        case FeedFormat.CIN:
            handle = _own_handle(extract.handle, handles)
            return CINFeed(
                _one_file(source, "cin"), today=today, handle=handle, identity=extract.identity, join_key=join_key
            )
        case FeedFormat.S903:
            handle = _own_handle(extract.handle, handles)
            return S903Feed(source, today=today, handle=handle, identity=extract.identity, join_key=join_key)
        case _:
            assert_never(extract.written_in)


def _one_file(source: Path | Folder, name: str) -> Path:
    if isinstance(source, Folder):
        raise FeedError(FileCode.FILE_TWICE if source.files else FileCode.FILE_MISSING, name)
    return source


def _own_handle(named: str | None, handles: Handles) -> str:
    handle = handles.of_handle(named or "")
    if handle is None:
        raise HandleUnfit(Unfit.NOT_YOURS)
    if handles.refuses(handle, Basis.STATUTORY):
        raise HandleUnfit(Unfit.SENSITIVE)
    return handle
