"""kill -9 while many writes share commits: whoever was told that a write is on the disk finds it there.

This is a crash of the process. What a power cut needs (`synchronous=FULL`, read back at start) is asserted in
`tests/unit/service/test_database.py`.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from signpost.service.database import open_database
from tests.contract.repository import ROOT

WRITER = """
import os, sys, threading
from pathlib import Path
from signpost.service.log import Log, Word
from signpost.service.database import open_database
from signpost.service.writer import Writer
from tests.integration.service.test_killed_while_writing import MIGRATIONS

writer = Writer(open_database(Path(sys.argv[1]), [MIGRATIONS]), Log(Word("test")))

def write(name):
    for number in range(100_000):
        def both(connection):
            connection.execute("INSERT INTO entry VALUES (?, ?)", (name, number))
            connection.execute("INSERT INTO audit VALUES (?, ?)", (name, number))
        writer.run(both)
        # One system call: a line is acknowledged whole or not at all.
        os.write(1, f"{name} {number}\\n".encode())

for name in sys.argv[2:]:
    threading.Thread(target=write, args=(name,)).start()
"""

MIGRATIONS = Migrations("entries")


@MIGRATIONS()
def entries(database: Database) -> None:
    for table in ("entry", "audit"):
        database.execute(f"CREATE TABLE {table} (name TEXT, number INTEGER, PRIMARY KEY (name, number)) STRICT")


@pytest.mark.parametrize("seed", range(8))
def test_every_acknowledged_write_is_there_and_none_is_half_there(tmp_path: Path, seed: int) -> None:
    """Six callers write an entry and its audit line together; the process is killed after a random number of them."""
    path = tmp_path / "entries.sqlite"
    names = [f"{seed}-{number}" for number in range(6)]
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), *names], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None

    enough = random.Random(seed).randint(1, 800)
    acknowledged = {process.stdout.readline() for _ in range(enough)}
    process.kill()
    acknowledged |= set(process.stdout)
    process.wait(30)
    process.stdout.close()

    connection = open_database(path, [MIGRATIONS])
    entry = {f"{name} {number}\n" for name, number in connection.execute("SELECT name, number FROM entry")}
    audit = {f"{name} {number}\n" for name, number in connection.execute("SELECT name, number FROM audit")}
    (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert acknowledged <= entry
    assert entry == audit
    assert integrity == "ok"
    assert all(line.endswith("\n") for line in acknowledged)
