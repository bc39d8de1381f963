"""`signpost audit …`: the record of who did what, for auditors (protocol.md C7)."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost.edge.client import Client
from signpost.edge.desk import Desk, default_folder
from signpost.edge.failures import Refused, VerificationFailed
from signpost.protocol.encoding import to_base64url
from signpost.protocol.messages import MAX_LEAVES, RecordedLeaf, RecordPage
from signpost.protocol.named_users import NOBODY
from signpost.protocol.problems import ProblemCode
from signpost.protocol.record import CHAIN_START, chain
from signpost_cli.exit_codes import ExitCode
from signpost_cli.options import Home
from signpost_cli.output import JsonFlag, answer, answer_json, say
from signpost_cli.shifts import open_desk
from signpost_cli.stops import Stop

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

DeskFlag = Annotated[
    bool, typer.Option("--desk", help="The independent shielding desk's own record instead, for its auditor.")
]

_WHO_READS: Final = (
    "The shielding desk's own auditor reads its record, with --desk; an auditor of an oversight body everybody else's,"
    " without it."
)
_SHOWN: Final = 50
_NOBODY: Final = to_base64url(NOBODY)
_MORE: Final = ("user", "subject", "purpose", "deep", "exception", "ground", "refused")


@app.callback()
def _audit() -> None:
    """Read, check and export the record of who did what.

    It holds who (organisation and account; of a machine that looks up, its user by a pseudonym), what, why and when; no
    tag, no answer and nothing of a child. What the independent shielding desk did, and what was brought before it,
    stands on a record of its own (--desk).

    Example:
      signpost audit verify
    """


@app.command("list")
def list_leaves(
    organisation: Annotated[str | None, typer.Option(metavar="NAME", help="Of this organisation alone.")] = None,
    action: Annotated[str | None, typer.Option(metavar="ACTION", help="Of this kind alone: looked-up, …")] = None,
    most: Annotated[int, typer.Option(metavar="N", min=1, help="The last so many.")] = _SHOWN,
    desk: DeskFlag = False,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """The last acts on the record, the latest at the end. It is checked on the way, as by `signpost audit verify`.

    Example:
      signpost audit list --organisation aldate-hospital --action looked-up
    """
    found: deque[dict[str, object]] = deque(maxlen=most)

    def take(leaf: RecordedLeaf) -> None:
        read = _fields(leaf)
        if organisation in (None, read["organisation"]) and action in (None, read["action"]):
            found.append(read)

    _follow(home or default_folder(), take, desk=desk)
    if as_json:
        answer_json("signpost.record/1", {"leaves": list(found)})
        return
    for read in found:
        answer(_line(read))
    if not found:
        say("There is no such act on the record.")


@app.command("verify")
def verify(
    last: Annotated[
        str | None, typer.Option(metavar="LINK", help="The last link you noted before: the record must still hold it.")
    ] = None,
    desk: DeskFlag = False,
    home: Home = None,
    as_json: JsonFlag = False,
) -> None:
    """Follow the chain from the first leaf to the last: a leaf that was changed, left out or moved breaks it.

    Note the last link that it prints. Given to a later run, it shows that nothing before it has been changed since.

    Example:
      signpost audit verify --last 9cVq…
    """
    count, link, held = 0, CHAIN_START, last is None

    def take(leaf: RecordedLeaf) -> None:
        nonlocal count, link, held
        count, link = leaf.number, leaf.link
        held = held or to_base64url(link) == last

    _follow(home or default_folder(), take, desk=desk)
    if not held:
        raise VerificationFailed(
            "The record no longer holds the link that was noted.",
            hint="It was changed. Tell the operator, and keep it.",
        )
    if as_json:
        answer_json("signpost.record-verified/1", {"leaves": count, "last": to_base64url(link)})
        return
    answer(f"{count:,} leaves, each following from the one before. The last link is {to_base64url(link)}")


@app.command("export")
def export(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write it: one leaf a line, as JSON.")],
    desk: DeskFlag = False,
    home: Home = None,
) -> None:
    """Write the whole record to a file, checked, for examination elsewhere.

    Example:
      signpost audit export --out record.jsonl
    """
    folder = home or default_folder()
    if out.exists():
        raise Stop(ExitCode.USAGE, "That file is there already.", hint="Name another: --out FILE")
    partial = out.with_name(out.name + ".partial")
    count = 0
    try:
        with partial.open("x", encoding="utf-8") as file:

            def take(leaf: RecordedLeaf) -> None:
                nonlocal count
                document = {"number": leaf.number, "leaf": leaf.leaf, "link": to_base64url(leaf.link)}
                file.write(json.dumps(document) + "\n")
                count = leaf.number

            _follow(folder, take, desk=desk)
        partial.replace(out)
    except OSError:
        raise Stop(ExitCode.FAILED, "The file cannot be written.", hint="Check the path.") from None
    finally:
        partial.unlink(missing_ok=True)
    say(f"{count:,} leaves.")


def _follow(folder: Path, take: Callable[[RecordedLeaf], None], *, desk: bool) -> None:
    """Take every leaf, in order, each checked to follow from the one before; never all at once, since it only grows.
    `desk`: of the independent desk's chain.

    Raises:
        Refused: this account reads another chain, or none. Failure: as the index answers.
    """
    try:
        asyncio.run(_read(open_desk(folder), take, desks_own=desk))
    except Refused as refused:
        if refused.code is not ProblemCode.ROLE_REFUSED:
            raise
        raise Refused("This account does not read that record.", hint=_WHO_READS, code=refused.code) from None


async def _read(desk: Desk, take: Callable[[RecordedLeaf], None], *, desks_own: bool) -> None:
    async with Client(desk) as client:
        async for leaf in _checked(client.index.desk_record_after if desks_own else client.index.record_after):
            take(leaf)


def _fields(leaf: RecordedLeaf) -> dict[str, object]:
    """What a leaf says. The index is not believed: what is shown is text that a terminal prints, and a time.

    Raises:
        VerificationFailed: it is no such leaf.
    """
    try:
        # Leaves of before there were exceptions, rights or named users do not have those fields.
        read = {"exception": None, "ground": None, "user": _NOBODY} | json.loads(leaf.leaf)
        read["user"] = None if read["user"] == _NOBODY else read["user"]
        texts = [read[name] for name in ("action", "organisation", "account", *_MORE) if read[name] is not None]
        dt.datetime.fromtimestamp(read["at"], tz=dt.UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        raise _unreadable(leaf.number) from None
    if not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise _unreadable(leaf.number)
    return dict(read)


def _unreadable(number: int) -> VerificationFailed:
    return VerificationFailed(
        f"What the index gave as leaf {number} is not a leaf of the record.",
        hint="Keep it, and tell the operator and the custodians: signpost audit export --out FILE",
    )


async def _checked(page_after: Callable[[int, int], Awaitable[RecordPage]]) -> AsyncIterator[RecordedLeaf]:
    after, link = 0, CHAIN_START
    while True:
        page = await page_after(after, MAX_LEAVES)
        if page.before != link:
            raise _broken(after)
        for leaf in page.leaves:
            if leaf.number <= after or chain(link, leaf.leaf.encode()) != leaf.link:
                raise _broken(leaf.number)
            after, link = leaf.number, leaf.link
            yield leaf
        # Each page that is read adds a leaf of its own: the end is where a page was not full.
        if len(page.leaves) < MAX_LEAVES:
            return


def _broken(number: int) -> VerificationFailed:
    return VerificationFailed(
        f"The record does not follow at leaf {number}: something was changed, left out or moved.",
        hint="Keep what you have, and tell the operator and the custodians.",
    )


def _line(read: dict[str, object]) -> str:
    at = dt.datetime.fromtimestamp(int(str(read["at"])), tz=dt.UTC)
    who = "/".join(str(part) for part in (read["organisation"], read["account"]) if part) or "the index"
    more = [str(read[name]) for name in _MORE if read[name]]
    return "  ".join([f"{at:%Y-%m-%d %H:%M:%S}Z", who, str(read["action"]), *more])
