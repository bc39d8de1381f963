"""Answers of a day on SQLite: counted with each lookup, judged and deleted together when the day is over."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Final

from signpost.index.storage.vault import Vault
from signpost.index.unusual import Answered, UnusualShare
from signpost.protocol.credentials import Asker
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.protocol.messages import AnswerWord
from signpost.service.database import Connection

__all__ = ["count_answer", "judged"]

_DAY: Final = 24 * 60 * 60
_SIZE: Final = 256
"""Bytes: the longest names there are and counts of nine digits, in JSON."""


def count_answer(connection: Connection, vault: Vault, asker: Asker, answer: AnswerWord, *, now: int) -> None:
    """Count one answer, in the transaction of its lookup. The counts are sealed, in one size and by the same steps
    whatever the word: two copies of the database, or its log, do not tell which it was.
    """
    until = now - now % _DAY + _DAY
    name = vault.answers(asker.organisation, asker.account, until)
    found = connection.execute("SELECT sealed FROM answers WHERE name = ?", (name,)).fetchone()
    before = Answered(asker.organisation, asker.account, 0, 0, 0) if found is None else _opened(vault, name, found[0])
    now_so = replace(
        before,
        lookups=before.lookups + 1,
        none=before.none + (answer == "none"),
        possible=before.possible + (answer == "possible"),
    )
    connection.execute(
        "INSERT INTO answers VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET sealed = ?2",
        (name, _sealed(vault, name, now_so), until),
    )


def judged(
    connection: Connection, vault: Vault, judge: Callable[[Sequence[Answered]], list[UnusualShare]], *, now: int
) -> tuple[int, list[UnusualShare]]:
    """Judge the days that are over, each by itself, and delete their counts: how many rows, and what was unusual."""
    days: defaultdict[int, list[Answered]] = defaultdict(list)
    rows = connection.execute("SELECT name, sealed, forget_at FROM answers WHERE forget_at <= ?", (now,)).fetchall()
    for name, sealed, until in rows:
        days[until].append(_opened(vault, name, sealed))
    connection.executemany("DELETE FROM answers WHERE name = ?", [(row[0],) for row in rows])
    return len(rows), [share for _, day in sorted(days.items()) for share in judge(day)]


def _sealed(vault: Vault, name: bytes, answered: Answered) -> bytes:
    return vault.seal(canonical_json(asdict(answered)).ljust(_SIZE), Label.ANSWERS_ROW, name)


def _opened(vault: Vault, name: bytes, sealed: bytes) -> Answered:
    return Answered(**json.loads(vault.open(sealed, Label.ANSWERS_ROW, name)))
