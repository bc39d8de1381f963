"""Kill -9 of a real gateway in the middle of an upload, before a real index and real key holders: while it takes the
extract in, while it compares, while it sends. What was acknowledged is there, nothing is half there, the same files
again do what is left, and nothing of the extract is in any file.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import httpx2
import pytest

from signpost.protocol.credentials import AccountId
from signpost.protocol.purposes import Role
from tests.bench.gateway_process import GatewayFolder, GatewayProcess, made_gateway
from tests.bench.house import house
from tests.support.registered import Registered, read_registered, settled
from tests.support.uploads import File, csv_of, multipart, numbers

_CHILDREN = 252
"""With whom there is work: twelve batches."""
_LONG_AGO = 3_000
"""With whom work ended years ago. They are read and not sent: so that reading takes a while."""
_OFFICERS = tuple(AccountId(f"data-{number}") for number in range(1, 5))
_SECONDS = 60


@dataclass
class Town:
    """A council's gateway, its extract, and what the index holds of it after a run that nobody disturbed."""

    root: Path
    """Everybody's files, those of the services and temporary ones included."""
    folder: GatewayFolder
    database: Path
    index_process: int
    extract: bytes
    shorter: bytes
    """Of the extract's first child alone."""
    officers: Iterator[AccountId] = field(default_factory=lambda: iter(_OFFICERS))
    undisturbed: Registered | None = None
    _running: ExitStack = field(default_factory=ExitStack)
    at: GatewayProcess | None = None
    token: str = ""

    def start(self) -> None:
        """The gateway runs, and an officer who was not there before is signed in."""
        self.at = self._running.enter_context(self.folder.serving())
        if self.undisturbed is None:
            self.folder.enrol(dict.fromkeys(_OFFICERS, Role.DATA_OFFICER), at=self.at)
        self.token = self.at.signed_in(next(self.officers))

    def kill(self) -> None:
        """Kill -9."""
        os.kill(self.process, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """It does not run any more."""
        self._running.close()

    @property
    def process(self) -> int:
        """The gateway's."""
        assert self.at is not None
        return self.at.process

    def get(self, path: str) -> dict[str, object]:
        """What the web API says."""
        assert self.at is not None
        answer = httpx2.get(f"{self.at.url}{path}", headers=self._headers(), timeout=_SECONDS).raise_for_status()
        told: dict[str, object] = answer.json()
        return told

    def history(self) -> list[dict[str, object]]:
        """The runs, the newest first."""
        feeds = self.get("/api/v1/feeds")["feeds"]
        assert isinstance(feeds, list)
        return feeds

    def begin(self, content: bytes, **fields: str) -> str:
        """An upload that is taken; the name of its run."""
        assert self.at is not None
        media_type, body = _form(content, **fields)
        answer = httpx2.post(
            f"{self.at.url}/api/v1/feeds", content=body, headers={"content-type": media_type, **self._headers()},
            timeout=_SECONDS,
        )  # fmt: skip
        assert answer.status_code == 202, answer.text
        return str(answer.json()["feed"])

    def until(self, feed: str, reached: Callable[[dict[str, object]], bool]) -> dict[str, object]:
        """A run, as soon as it has come so far."""
        deadline = time.monotonic() + _SECONDS
        while not reached(told := self.get(f"/api/v1/feeds/{feed}")):
            assert told["ended_at"] is None, told
            assert time.monotonic() < deadline, told
            time.sleep(0.005)
        return told

    def run(self, content: bytes, **fields: str) -> dict[str, object]:
        """An upload to the end of its run, and all that it registered visible."""
        told = self.until(self.begin(content, **fields), lambda told: told["ended_at"] is not None)
        settled(self.database)
        return told

    def half_send(self) -> http.client.HTTPConnection:
        """Half of the extract is on its way into the gateway's memory."""
        assert self.at is not None
        media_type, body = _form(self.extract, dry_run="no")
        connection = http.client.HTTPConnection("127.0.0.1", self.at.port, timeout=_SECONDS)
        connection.putrequest("POST", "/api/v1/feeds")
        for name, value in {"content-type": media_type, "content-length": str(len(body)), **self._headers()}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(body[: len(body) // 2])
        return connection

    def held_bytes(self) -> int:
        """Of extracts in the gateway's memory."""
        held = 0
        for file in Path(f"/proc/{self.process}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
                held += file.stat().st_size if "memfd:feed" in str(file.readlink()) else 0
        return held

    def wipe(self) -> None:
        """Nothing is registered but the first child."""
        told = self.run(self.shorter, dry_run="no", accept_ends=str(_CHILDREN - 1))
        assert told["state"] == "registered"

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


def _form(content: bytes, **fields: str) -> tuple[str, bytes]:
    return multipart({"format": "csv", **fields}, [File("extract", "northtowns-caseload.csv", content)])


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Its gateway runs, with a place of its own for temporary files; nothing is registered but one child."""
    root = tmp_path_factory.mktemp("town")
    with pytest.MonkeyPatch.context() as patched, house(root / "house") as services, ExitStack() as opened:
        (root / "temporary").mkdir()
        folder = made_gateway(services, "northtown", frozenset({Role.DATA_OFFICER}))
        folder.add_feed_desk()
        handle = services.index.tell("/handles", organisation="northtown", title="Duty", telephone="0113 496 0001")
        children = [
            {"local_id": f"case-{nth}", "nhs_number": each, "date_of_birth": "2018-03-04", "handle": handle["handle"],
             "start": "2025-01-06" if nth < _CHILDREN else "2019-01-06", "end": "" if nth < _CHILDREN else "2019-03-04"}
            for nth, each in enumerate(islice(numbers(), _CHILDREN + _LONG_AGO))
        ]  # fmt: skip
        settings = services.index.settings
        made = Town(root, folder, settings.database, services.index_process, csv_of(children), csv_of(children[:1]))
        opened.callback(made.stop)
        patched.setenv("TMPDIR", str(root / "temporary"))
        made.start()
        assert made.run(made.extract, dry_run="no")["state"] == "registered"
        made.undisturbed = read_registered(made.database)
        assert len(made.undisturbed.owned) == _CHILDREN
        made.wipe()
        yield made


def _killed_while_receiving(town: Town) -> int:
    connection = town.half_send()
    deadline = time.monotonic() + _SECONDS
    while town.held_bytes() < len(town.extract) // 3:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    town.kill()
    connection.close()
    return 1


def _killed_while_comparing(town: Town) -> int:
    feed = town.begin(town.extract, dry_run="no")
    town.until(feed, lambda told: told["state"] == "reading" and told["done"] != 0)
    os.kill(town.index_process, signal.SIGSTOP)  # it answers no more: comparing will not end
    try:
        town.until(feed, lambda told: told["state"] == "comparing")
        town.kill()
    finally:
        os.kill(town.index_process, signal.SIGCONT)
    return 1


def _killed_while_sending(town: Town) -> int:
    feed = town.begin(town.extract, dry_run="no")
    told = town.until(feed, lambda told: told["state"] == "registering" and told["done"] != 0)
    town.kill()
    assert isinstance(told["done"], int)
    return 1 + told["done"]


@pytest.mark.parametrize(
    ("killed", "runs_told_of"),
    [(_killed_while_receiving, 0), (_killed_while_comparing, 1), (_killed_while_sending, 1)],
)
def test_a_gateway_that_is_killed_in_an_upload_has_lost_nothing_left_nothing_and_is_taken_up_again(
    town: Town, killed: Callable[[Town], int], runs_told_of: int
) -> None:
    """An upload that was still coming in was no run yet: nobody was told that it was taken."""
    before = {str(run["feed"]) for run in town.history()}

    acknowledged = killed(town)

    settled(town.database)
    there = read_registered(town.database)  # each of them whole
    assert town.undisturbed is not None
    assert there.owned <= town.undisturbed.owned
    assert there.found_by <= town.undisturbed.found_by
    assert acknowledged <= len(there.owned) < _CHILDREN
    assert _files_with_anybody(town.root, town.extract) == []

    town.start()
    broken_off = [run for run in town.history() if run["feed"] not in before]
    assert len(broken_off) == runs_told_of
    for run in broken_off:
        assert run["sent"] is (acknowledged > 1)
        assert (run["state"], run["why"]) == ("interrupted", "The gateway ended meanwhile.")
        assert run["hint"] == "Upload the same files again: that does what is left."

    again = town.run(town.extract, dry_run="no")
    assert again["state"] == "registered"
    assert read_registered(town.database) == town.undisturbed
    town.wipe()


def _files_with_anybody(folder: Path, extract: bytes) -> list[str]:
    """The files of everybody in which a child's number, a case's own id or the extract's name stands."""
    their_numbers, found = set(re.findall(rb"999[0-9]{7}", extract)), []
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if (
            b"northtowns-caseload" in content
            or b"case-1" in content
            or their_numbers.intersection(re.findall(rb"(?=(999[0-9]{7}))", content))
        ):
            found.append(path.name)
    return found
