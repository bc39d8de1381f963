"""An extract that was uploaded is full of children, and none of it is left when its run has ended: no live object of
the gateway's process, no open file, nothing on a disk, no line of the log. It was never on a disk.

What is looked for is written turned round, as in `test_a_gateway_keeps_nothing_of_a_child`.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import pytest

from signpost.edge.failures import CouldNotCheck
from signpost.edge.feeds.extract import open_extract
from signpost.edge.feeds.reconcile import Reconciliation
from signpost.edge.gateway.feeds import run as runs
from signpost.edge.index_client import Index
from signpost.edge.registering import FeedRun
from signpost.protocol.purposes import Role
from tests.privacy.test_a_gateway_keeps_nothing_of_a_child import TURNED, held
from tests.support.uploads import File, Officer, multipart
from tests.support.whole_gateway import WholeGateway, open_whole_gateway

_COLUMNS = ("nhs_number", "forename", "surname", "date_of_birth", "postcode")


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WholeGateway]:
    """Northtown's, on a machine that has no place for temporary files."""
    with open_whole_gateway(tmp_path) as whole:
        whole.with_program()

        def nowhere(*_: object, **__: object) -> str:
            raise AssertionError("a temporary file")

        for name in ("mkdtemp", "mkstemp", "TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile"):
            monkeypatch.setattr(tempfile, name, nowhere)
        yield whole


def row(handle: str, local_id: str, **spoilt: str) -> str:
    """The child's row; nothing of it is left here."""
    child = {field: text[::-1] for field, text in TURNED.items()} | spoilt
    return f"{local_id},2025-01-06,,{handle}," + ",".join(child[column] for column in _COLUMNS)


def extract(handle: str, **spoilt: str) -> bytes:
    """A file of our own format with the child in it, twice over: once as it is, and once spoilt."""
    header = "local_id,start,end,handle," + ",".join(_COLUMNS)
    return "\n".join([header, row(handle, "case 17"), row(handle, "case 18", **spoilt), ""]).encode()


def upload(officer: Officer, *, dry_run: str = "no", tail: bytes = b"", **spoilt: str) -> str:
    """One upload, to the end of its run; what came of it."""
    handle = officer.gateway.index.handle("northtown")
    files = [File("extract", f"{TURNED['surname'][::-1]}.csv", extract(handle, **spoilt) + tail)]
    answer = officer.upload(files, dry_run=dry_run)
    if answer.status_code != 202:
        return str(answer.json()["code"])
    officer.finish()
    return str(officer.told(str(answer.json()["feed"]))["state"])


def open_extracts() -> int:
    """How many uploaded files this process has open."""
    links = (each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink())
    return sum("memfd:feed" in str(link) for link in links)


def fails(*_: object, **__: object) -> None:
    raise LookupError


async def does_not_answer(*_: object) -> None:
    raise CouldNotCheck


def ended_after(gateway: WholeGateway, work: Callable[..., object]) -> Callable[..., object]:
    """The work as it is; but by the time it is done its run has been cancelled, as when the gateway is stopped."""

    def does(*args: object, **named: object) -> object:
        done = work(*args, **named)
        assert gateway.feeds is not None
        task = gateway.feeds._task
        assert task is not None
        if not task.cancelling():
            task.get_loop().call_soon_threadsafe(task.cancel)
            for _ in range(5):  # whoever does not wait for this thread goes on without it
                turn = threading.Event()
                task.get_loop().call_soon_threadsafe(turn.set)
                assert turn.wait(10)
        return done

    return does


def never_begun(work: Coroutine[object, object, None]) -> asyncio.Task[None]:
    """A task that is cancelled before its first line."""
    task = asyncio.get_running_loop().create_task(work)
    task.cancel()
    return task


_ENDS = (
    "looked at", "registered", "with bad rows", "unreadable", "not foreseen", "not answered", "too large", "not whole",
    "stopped while it opens", "stopped while it reads", "stopped at once",
)  # fmt: skip


@pytest.mark.parametrize("how", _ENDS)
def test_nothing_of_an_extract_is_left(gateway: WholeGateway, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """However it ended; and none of it waits for the garbage collector."""
    officer = Officer(gateway, gateway.enrol("data-1", Role.DATA_OFFICER))
    gc.collect()
    gc.disable()
    try:
        match how:
            case "looked at":
                assert upload(officer, dry_run="yes") == "looked-at"
            case "registered":
                assert upload(officer, postcode="") == "registered"
            case "with bad rows":
                assert upload(officer, date_of_birth="no-day-at-all") == "stopped"
            case "unreadable":
                assert upload(officer, tail=b'"') == "unreadable"
            case "not foreseen":
                monkeypatch.setattr(FeedRun, "_send_batch", fails)
                assert upload(officer) == "failed"
            case "not answered":
                monkeypatch.setattr(Index, "register", does_not_answer)
                assert upload(officer) == "failed"
            case "too large":
                assert upload(officer, tail=b"x" * (1 << 20)) == "body-too-large"
            case "stopped while it opens":
                monkeypatch.setattr(runs, "open_extract", ended_after(gateway, open_extract))
                assert upload(officer) == "interrupted"
            case "stopped while it reads":
                monkeypatch.setattr(Reconciliation, "take", ended_after(gateway, Reconciliation.take))
                assert upload(officer) == "interrupted"
            case "stopped at once":
                monkeypatch.setattr(asyncio, "create_task", never_begun)
                assert upload(officer) == "reading"
            case _:
                media_type, body = multipart({"format": "csv"}, [File("extract", "x.csv", extract("7RTA-M2XF"))])
                assert officer.send(media_type, body[:-30]).json()["code"] == "malformed"
                del body

        gateway.index.run(_turn())
        assert held(collected=False) == set()
        assert open_extracts() == 0
    finally:
        gc.enable()


async def _turn() -> None:
    """The event loop does what waits to be done."""


def test_neither_a_file_nor_the_log_holds_anything_of_an_extract(gateway: WholeGateway, tmp_path: Path) -> None:
    """The history has rows by number, fields and codes; and who brought it, since a caseload changes by it."""
    officer = Officer(gateway, gateway.enrol("data-1", Role.DATA_OFFICER))
    assert upload(officer, date_of_birth="no-day-at-all", dry_run="yes") == "looked-at"
    assert upload(officer, tail=b'"') == "unreadable"

    lines = gateway.log_lines.getvalue() + gateway.index.log_lines.getvalue()
    lines += "".join(holder.log_text.getvalue() for holder in gateway.holders)
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for text in (*(each[::-1] for each in TURNED.values() if each), "case 17", "no-day-at-all"):
        assert text not in lines
        assert text.encode() not in files
    assert "data-1" not in gateway.log_lines.getvalue()
    assert "feed-ended" in gateway.log_lines.getvalue()
    history = b"".join(path.read_bytes() for path in (gateway.files.folder / "feeds").iterdir())
    assert b"DATE_FORMAT" in history
