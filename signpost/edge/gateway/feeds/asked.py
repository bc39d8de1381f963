"""What an upload asks for: the options of `signpost register`, as fields, with the files as an `Extract`.

    format        ssd, csv, cin or s903
    dry_run       yes (unless something else is said) or no
    missing       withdraw (unless something else is said) or end: what becomes of what is no longer in the extract
    accept_ends   so many ends and withdrawals were looked at, and are right
    send_again    yes or no (unless something else is said): what was ended or handed over here is registered anew
    handle        of cin and s903: the handle whose work it is
    extract       the file; or each file of the folder, by its own name
    handles       the handles file, where the council has one
    identity      of cin and s903: the identity file

The limits on rejected rows and on ends are those of the command where nothing is said; here nobody can raise the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signpost.edge.feeds.extract import Extract, FeedFormat, Missing, is_read
from signpost.edge.feeds.folder import Folder
from signpost.edge.gateway.feeds.receiving import Received
from signpost.protocol.problems import Problem, ProblemCode

__all__ = ["AskedFeed", "asked_of", "check_fields"]

_ENDS: Final = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class AskedFeed:
    """One run of one feed, as it is asked for."""

    extract: Extract
    dry_run: bool
    missing: Missing
    accept_ends: int | None
    send_again: bool


def check_fields(fields: Mapping[str, str]) -> None:
    """Refuse what cannot be asked for, before a file is taken in.

    Raises:
        Problem: MALFORMED, with a pointer to each field that is not of its form.
    """
    written_in, wrong = fields.get("format", ""), list[str]()
    if written_in not in set(FeedFormat):
        wrong.append("/format")
    elif FeedFormat(written_in).is_return != bool(fields.get("handle")):
        wrong.append("/handle")
    if fields.get("dry_run", "yes") not in ("yes", "no"):
        wrong.append("/dry_run")
    if fields.get("send_again", "no") not in ("yes", "no"):
        wrong.append("/send_again")
    if fields.get("missing", Missing.WITHDRAW) not in set(Missing):
        wrong.append("/missing")
    if (ends := fields.get("accept_ends")) and not _ENDS.fullmatch(ends):
        wrong.append("/accept_ends")
    if wrong:
        raise Problem(ProblemCode.MALFORMED, pointers=tuple(wrong))


def asked_of(received: Received) -> AskedFeed:
    """What an upload asks for. Files of a folder that its format does not read are let go of.

    Raises:
        Problem: MALFORMED, with a pointer to each field that is not of its form.
    """
    fields = received.fields
    check_fields(fields)
    written_in = FeedFormat(fields["format"])
    sources = [each for each in received.files if each.into == "extract"]
    handles, identity = _paths(received, "handles"), _paths(received, "identity")
    wrong = [
        pointer
        for pointer, is_wrong in (
            ("/extract", not sources or (len(sources) > 1 and not written_in.may_be_folder)),
            ("/handles", len(handles) > 1),
            ("/identity", len(identity) > (1 if written_in.is_return else 0)),
        )
        if is_wrong
    ]
    if wrong:
        raise Problem(ProblemCode.MALFORMED, pointers=tuple(wrong))
    source: Path | Folder = sources[0].content.path
    if len(sources) > 1 or not written_in.may_be_one_file:
        for each in sources:
            if not is_read(written_in, each.called):
                received.files.remove(each)
                each.content.close()
        read = [each for each in received.files if each.into == "extract"]
        source = Folder(tuple(sorted((each.called, each.content.path) for each in read)))
    return AskedFeed(
        extract=Extract(
            source=source,
            written_in=written_in,
            handles=_one(handles),
            handle=fields.get("handle") or None,
            identity=_one(identity),
        ),
        dry_run=fields.get("dry_run", "yes") == "yes",
        missing=Missing(fields.get("missing", Missing.WITHDRAW)),
        accept_ends=int(fields["accept_ends"]) if fields.get("accept_ends") else None,
        send_again=fields.get("send_again", "no") == "yes",
    )


def _paths(received: Received, field: str) -> list[Path]:
    return [each.content.path for each in received.files if each.into == field]


def _one(paths: Sequence[Path]) -> Path | None:
    return paths[0] if paths else None
