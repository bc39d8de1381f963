"""Kill -9 of the escalation worker, again and again: each step is taken once, with all of it, and none is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from signpost.index.contact_states import NoticeState
from signpost.index.keyfile import IndexKeys, make_keys, write_keys
from signpost.index.storage.call_back_rows import CallBackRows
from signpost.index.storage.vault import Vault
from signpost.protocol.messages import ContactRequest
from signpost.protocol.purposes import Kind, Role, Urgency
from signpost.service.database import open_reader
from tests.support.running_index import RunningIndex
from tests.support.world import Child, FixedClock, World, chance, device_purpose

_NOTICES = 150
_HOUR = 3_600


@dataclass
class Worker:
    """A worker in a process of its own, beside no index, over a folder that outlives it."""

    folder: Path
    keys: IndexKeys

    @classmethod
    def prepare(cls, folder: Path) -> Worker:
        """So many call-backs for now, an hour ago, each told to one desk with a night desk behind it."""
        keys = make_keys(os.urandom)
        world = World(
            credential_key=keys.credential_key(), clock=FixedClock(int(time.time()) - _HOUR), _chance=chance(5)
        )
        with RunningIndex(folder / "data", keys=keys, world=world) as index:
            index.admit("northtown")
            index.admit("st-elsewhere", Kind.HOSPITAL)
            feed = index.enrol("northtown", Role.FEED)
            nurse = index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL)
            night = index.operate(
                "/handles", {"organisation": "northtown", "title": "Night", "email": "night@northtown.example"}
            ).json()["handle"]
            day = index.operate(
                "/handles",
                {"organisation": "northtown", "title": "MASH", "telephone": "01632 960002", "out_of_hours": night},
            ).json()["handle"]
            for number in range(_NOTICES):
                child = Child(identity=f"child {number}")
                index.register(feed, child, day, reference=f"{number}")
                receipt = index.ask(nurse, "/v1/lookups", world.lookup(nurse, child)).json()["receipt"]
                asked = ContactRequest(receipt=receipt, purpose=device_purpose(nurse), urgency=Urgency.NOW)
                assert index.ask(nurse, "/v1/contact/asks", asked).status_code == 200
            index.settle()
            write_keys(index.settings.key_file, keys)
        (folder / "manifest.json").write_bytes(world.holders.signed.encoding())
        (folder / "settings.toml").write_text(
            'port = 1\npublic_url = "http://127.0.0.1:1"\ndata_dir = "data"\nmanifest = "manifest.json"\n'
            f'manifest_fingerprint = "{world.manifest.fingerprint()}"\nworker = "apart"\nworker_tick_ms = 300\n'
            # Nobody listens there: every mail stays, to be counted.
            'mail_host = "127.0.0.1"\nmail_port = 9\nmail_starttls = false\n'
        )
        return cls(folder, keys)

    def set_ahead(self, minutes: int) -> None:
        """Put its clock so far ahead from its next start on."""
        settings = self.folder / "settings.toml"
        kept = [line for line in settings.read_text().splitlines() if not line.startswith("worker_ahead")]
        settings.write_text("\n".join([*kept, f"worker_ahead_minutes = {minutes}", ""]))

    def run_until(self, steps: int, *, kill: bool) -> None:
        """Run it until so many steps were taken, then end it."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "signpost.index",
                    "work",
                    "--settings",
                    str(self.folder / "settings.toml"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            deadline = time.monotonic() + 120
            while self.steps() < steps:
                assert process.poll() is None, (self.folder / "log").read_text()[-2000:]
                assert time.monotonic() < deadline, "the worker does not get on"
            process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            assert process.wait(30) == (-signal.SIGKILL if kill else 0)
        finally:
            process.kill()
            process.wait()

    def steps(self) -> int:
        """How many steps were taken, by what the notices are."""
        states = self.states()
        return states[NoticeState.ESCALATED] + 2 * states[NoticeState.UNANSWERED]

    def mails(self) -> int:
        """How many mails wait for the night desk: one for each first step."""
        with closing(open_reader(self.folder / "data" / "index.sqlite")) as reader:
            (count,) = reader.execute("SELECT count(*) FROM mails").fetchone()
        return int(count)

    def states(self) -> Counter[NoticeState]:
        """How many notices are what."""
        with closing(open_reader(self.folder / "data" / "index.sqlite")) as reader:
            return Counter(notice.state for notice in CallBackRows(Vault(self.keys)).all_notices(reader))


def test_each_step_is_taken_once_whenever_the_worker_dies(tmp_path: Path) -> None:
    """Whoever left the day desk has one mail at the night desk, and never two; at the end all of them have."""
    worker = Worker.prepare(tmp_path)
    assert worker.states() == {NoticeState.OPEN: _NOTICES}

    cut_short = 0
    for ahead, upon in ((0, (1, 60)), (60, (_NOTICES + 1, _NOTICES + 60))):
        worker.set_ahead(ahead)
        most = 2 * _NOTICES if ahead else _NOTICES
        for after in upon:
            worker.run_until(after, kill=True)
            states = worker.states()
            assert sum(states.values()) == _NOTICES
            assert worker.mails() == _NOTICES - states[NoticeState.OPEN]
            cut_short += worker.steps() < most
        worker.run_until(most, kill=False)

    assert cut_short, "the kills fell among the steps, not after them"
    assert worker.states() == {NoticeState.UNANSWERED: _NOTICES}
    assert worker.mails() == _NOTICES
